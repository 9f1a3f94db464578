/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys in a TPM 2.0: what signs is a part of its own (tpm-part.h), opened when the first of them is
 * used.
 */
#pragma once

#include <stdbool.h>
#include "key.h"

extern const struct key_driver key_tpm;

struct tpm_facts;
/* What it says of itself (tpm-part.h), by its part. */
bool tpm_look(struct tpm_facts *facts, GError **error);
/* Before the agent ends. */
void tpm_end(void);
