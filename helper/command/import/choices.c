/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stores that --store could have said: see choices.h. */
#include <string.h>
#include <devid/reason.h>
#include "base/error.h"
#include "choices.h"

/* What the agent knows better than that there is none, or `general`. */
static const char *way_to_keyring(const GError *problem, const char *general)
{
	const struct devid_reason *reason = devid_reason_find(devid_error_reason(problem));
	const char *hint = devid_error_hint(problem);

	return hint && reason && g_strcmp0(hint, reason->hint) != 0 ? hint : general;
}

/* What --store could have said, where the store that we chose isn't there. A keyring that is locked
 * or silent is there: that it be opened keeps the key better than a file.
 */
void import_name_choices(const struct import *import, GError **error)
{
	GError *problem = *error;
	enum devid_result result = devid_error_result(problem);
	bool tpm = strcmp(import->store, "tpm") == 0;
	g_autofree char *hint = NULL;

	if (import->scope != SCOPE_USER || (import->options->store && !tpm) ||
	    g_str_has_prefix(devid_error_reason(problem), "tpm-"))
		return;
	if (tpm && (result == DEVID_STORE_MISSING || result == DEVID_STORE_LOCKED))
		hint = g_strconcat("the TPM's key has its second lock in the keyring: ",
				   way_to_keyring(problem, "log in to a desktop with one"),
				   "; or leave that lock out: --store tpm --tpm-auth none", NULL);
	else if (!tpm && result == DEVID_STORE_MISSING)
		hint = g_strconcat(
			way_to_keyring(problem, "log in to a desktop with a keyring"),
			"; or choose a store: --store tpm (with --tpm-auth none), --store "
			"'pkcs11:token=…' (another token), --system (as root); the weakest is "
			"--store file (a file that you and root can copy)",
			NULL);
	else
		return;
	*error = NULL;
	devid_error_set(error, result, devid_error_reason(problem), hint, "%s", problem->message);
	g_error_free(problem);
}
