/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store "tpm": see tpm.h. It knows nothing of TPMs: what it keeps is of no use without the one
 * that wrapped it, nor, with an authorisation, without what keeps that.
 */
#include <errno.h>
#include <unistd.h>
#include <internal/path.h>
#include <internal/test-hook.h>
#include "base/error.h"
#include "base/keyring.h"
#include "credential.h"
#include "file.h"
#include "keyring.h"
#include "tpm.h"

#define SUFFIX ".tss2"
#define DEVICE "/dev/tpmrm0"

static enum devid_protection tpm_protection(enum scope scope)
{
	return DEVID_PROTECTION_HARDWARE;
}

/* Whether the machine's agent can be asked for it; whether it lends it, it says itself. */
static bool is_lent(enum scope scope)
{
	char socket[PATH_BUFFER];

	return scope == SCOPE_USER && path_socket(SCOPE_SYSTEM, socket) &&
	       access(socket, W_OK) == 0;
}

static enum store_state tpm_state(enum scope scope, char **why)
{
	if (TEST_HOOK("DEVID_TEST_TCTI") || access(DEVICE, R_OK | W_OK) == 0 ||
	    (errno == EACCES && is_lent(scope)))
		return STORE_READY;
	if (why)
		*why = g_strdup_printf(access(DEVICE, F_OK) < 0
					       ? "TPM: %s is not there"
					       : "TPM: %s may not be opened by this user",
				       DEVICE);
	return STORE_MISSING;
}

static bool tpm_read(enum scope scope, const char *spki_hash_hex, const struct store_wait *wait,
		     struct secret *half, GError **error)
{
	return store_file_read(scope, spki_hash_hex, SUFFIX, half, error);
}

static bool tpm_write(enum scope scope, const char *spki_hash_hex, const char *label,
		      const struct secret *half, const struct store_wait *wait, bool *sent,
		      GError **error)
{
	*sent = true;
	return store_file_write(scope, spki_hash_hex, SUFFIX, half, error);
}

/* --- the other lock */

/* The item's name: another one than that of a private half, which the keyring may have had. */
static char *auth_name(const char *spki_hash_hex)
{
	return g_strconcat(spki_hash_hex, KEYRING_TPM_AUTH, NULL);
}

static bool tpm_auth(enum scope scope, const char *spki_hash_hex, const char *label,
		     const struct store_wait *wait, bool *sent, struct secret *auth, GError **error)
{
	g_autofree char *name = auth_name(spki_hash_hex);
	g_autoptr(GError) local = NULL;

	/* Root's command made it. */
	if (scope == SCOPE_SYSTEM)
		return label || credential_read(wait, auth, error);
	if (label)
		return store_keyring.write(SCOPE_USER, name, label, auth, wait, sent, error);
	/* What anybody may have put in its place is not handed on. */
	if (store_keyring.read(scope, name, wait, auth, &local)) {
		if (auth->length == STORE_AUTH_LENGTH)
			return true;
		secret_clear(auth);
	} else if (devid_error_result(local) != DEVID_KEY_MISSING) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	return devid_error_set(error, DEVID_KEY_MISSING, "tpm-auth", NULL,
			       "TPM: the keyring does not hold the key's authorisation");
}

/* The file first: an authorisation without a key is nothing. */
static bool tpm_remove(enum scope scope, const char *spki_hash_hex, const struct store_wait *wait,
		       GError **error)
{
	g_autofree char *name = auth_name(spki_hash_hex);
	g_autoptr(GError) local = NULL;

	if (!store_file_remove(scope, spki_hash_hex, SUFFIX, error))
		return false;
	if (scope == SCOPE_SYSTEM || store_keyring.remove(scope, name, wait, &local) ||
	    store_keyring.state(scope, NULL) == STORE_MISSING)
		return true;
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

static bool tpm_relabel(enum scope scope, const char *spki_hash_hex, const char *label,
			const struct store_wait *wait, GError **error)
{
	g_autofree char *name = auth_name(spki_hash_hex);

	return scope == SCOPE_SYSTEM || store_keyring.relabel(scope, name, label, wait, error);
}

const struct store store_tpm = {
	.name = "tpm",
	.title = "the TPM",
	.protection = tpm_protection,
	.state = tpm_state,
	.auth = tpm_auth,
	.read = tpm_read,
	.write = tpm_write,
	.remove = tpm_remove,
	.relabel = tpm_relabel,
};
