/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which process has used which key: a use is told once. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "agent/identity/subject.h"
#include "peer.h"

/* GBytes: process and key. The caller frees it, and keeps others off. */
GHashTable *uses_new(void);
/* Notes a use; whether this process has not used this key before, as far as is remembered. */
bool uses_add(GHashTable *uses, const struct peer *peer, const struct subject *subject);
