/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store "tpm": what a TPM has wrapped of a private half as `<spki>.tss2` in the data folder,
 * and a user's authorisation for it as an item of the keyring, the machine's as systemd's
 * credential.
 */
#pragma once

#include "store.h"

extern const struct store store_tpm;
