/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's part for TPMs (tpm-part.h), opened once and for the agent's life: its thread runs in
 * it.
 */
#pragma once

#include <stdbool.h>
#include "tpm-part.h"

/* NULL with DEVID_STORE_MISSING, tpm-part. */
const struct tpm_part *tpm_library(GError **error);
/* The part's words as an error; answers false. */
bool tpm_library_refuse(GError **error, const struct tpm_trouble *trouble);
/* Before the agent ends. */
void tpm_library_end(void);
