/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's credential, which its keys in the TPM need beside them where `--tpm-auth
 * credential` asked for it. systemd keeps it sealed (systemd-creds(1)); root's command makes it.
 *
 * A service of its own hands it out, each time anew (devid-credential.socket). As the agent's own
 * LoadCredentialEncrypted= one that can't be decrypted would keep the agent from starting, and so
 * take every other key of the machine away; and each start of the agent would unseal it, needed or
 * not.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>
#include "store.h"

/* STORE_AUTH_LENGTH bytes. DEVID_STORE_MISSING with the reasons tpm-credential-service (nobody
 * hands it out) and tpm-credential (what came is none); DEVID_STORE_TIMEOUT. What failed is not
 * tried again for a second: each try starts a service.
 */
bool credential_read(const struct store_wait *wait, struct secret *credential, GError **error);
/* The same, at once: for root, who may have just mended it. */
bool credential_read_anew(const struct store_wait *wait, struct secret *credential, GError **error);
