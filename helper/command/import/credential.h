/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's credential for keys in the TPM (--tpm-auth credential), as root's commands see it:
 * sealed by systemd (systemd-creds(1)), and handed to the machine's agent alone.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>

#define CREDENTIAL_NAME	  "devid-tpm-auth"
#define CREDENTIAL_FOLDER "/etc/credstore.encrypted"
#define CREDENTIAL_FILE	  CREDENTIAL_FOLDER "/" CREDENTIAL_NAME

/* Whether the machine's agent can have it, as that says: DEVID_STORE_MISSING with the reason
 * tpm-credential or tpm-credential-service, or what stands between it and the agent.
 */
bool credential_ask(GError **error);
/* Has one made where there is none, and sees that the agent can have it: then `*made` (may be
 * NULL). One that can't be decrypted is never replaced. Errors as of credential_ask(), DEVID_IO.
 */
bool credential_prepare(bool *made, GError **error);
/* The file from which systemd takes it, newly allocated; NULL: there is none. */
char *credential_find(void);
