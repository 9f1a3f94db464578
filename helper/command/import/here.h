/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is on the token already, of the certificate that is imported or beside it. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "identity/list.h"
#include "import.h"

/* With all that has a label there. */
identity_list *import_list_here(const struct import *import, GError **error);
bool import_same_leaf(const struct record *record, const struct import *import);
/* NULL: it is not here. */
const struct identity *import_find_leaf(const identity_list *list, const struct import *import);
/* Whether what is here under the label `from` can get the one that was asked for. */
bool import_may_rename(const struct import *import, const identity_list *list, const char *from,
		       GError **error);
