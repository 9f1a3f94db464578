/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Response codes of the TSS, which the part alone knows. */
#pragma once

#include <stdbool.h>
#include "tpm-trouble.h"

/* What a response code means for a person; answers false. `trouble` may be NULL. */
bool tpm_trouble_rc(struct tpm_trouble *trouble, guint32 rc, const char *what);
/* Whether it is this response code of the TPM, whatever parameter, session or handle it speaks of.
 */
bool tpm_rc_is(guint32 rc, guint32 wanted);
