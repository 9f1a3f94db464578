/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's TPM, lent by the machine's agent to one of a user who may not open it: the same
 * table of functions as the part's own, each a request to that agent (protocol.md, TPM). Keys are
 * the user's: they are brought with each request.
 */
#pragma once

#include <stdbool.h>
#include "tpm-part.h"

/* But for what asks no TPM: that is the part's own. */
extern const struct tpm_part tpm_lent;
/* Once, by the agent of a user. */
void tpm_lent_allow(void);
/* Whether there is a TPM that may not be opened here. */
bool tpm_lent_applies(void);
