/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The identities: what of each is there, whether its parts belong together, whether the key
 * signs. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "identity/agent.h"
#include "identity/choice.h"
#include "identity/list.h"
#include "identity/token.h"
#include "identity/verdict.h"
#include "support.h"

/* --- what is there ------------------------------------------------------------------------ */

/* Whether the record's key is that of its certificate. */
static bool key_matches(const struct identity *identity)
{
	const struct record_bytes *spki = &identity->record->spki;
	g_autofree char *recorded =
		g_compute_checksum_for_data(G_CHECKSUM_SHA256, spki->data, spki->length);
	g_autofree char *certified = choice_key(identity);

	return g_strcmp0(recorded, certified) == 0;
}

/* The file of a private half in the stores "file" and "tpm". NULL, or what is wrong (free it); the
 * machine's are for its agent's eyes alone.
 */
static char *key_file_fault(const struct identity *identity)
{
	char folder[PATH_BUFFER], hex[2 * sizeof(identity->record->spki_hash) + 1];
	g_autofree char *path = NULL;
	struct stat status;
	bool tpm = strcmp(identity->record->store, "tpm") == 0;

	if ((!tpm && strcmp(identity->record->store, "file") != 0) ||
	    !path_data(identity->scope, folder))
		return NULL;
	hex_encode(identity->record->spki_hash, sizeof(identity->record->spki_hash), hex);
	path = g_strdup_printf("%s/%s.%s", folder, hex, tpm ? "tss2" : "key");
	if (lstat(path, &status) < 0)
		return errno == ENOENT ? g_strdup("its private key's file is gone") : NULL;
	if (!S_ISREG(status.st_mode))
		return g_strdup_printf("%s is no file", path);
	if ((status.st_mode & 077) != 0)
		return g_strdup_printf("%s can be read by others (mode %04o)", path,
				       status.st_mode & 07777);
	return NULL;
}

static void look_at_identity(struct doctor *doctor, const struct identity *identity)
{
	enum outcome gravity = doctor_gravity(doctor, identity);
	const char *name = doctor_identity_name(identity);
	g_autofree char *fault = NULL;

	if (identity->record->leaf.length == 0 && identity->record->local)
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "%s: a key that waits for its certificate",
			    name);
	else if (identity->record->leaf.length == 0)
		doctor_tell(doctor, OUTCOME_WARN,
			    "import it whole: devid import-cert FILE.p12 --replace",
			    "%s: half an identity: a key without a certificate", name);
	else if (identity->chain_count == 0)
		doctor_tell(doctor, gravity, "import it again: devid import-cert FILE --replace",
			    "%s: its certificate can't be read", name);
	else if (!record_has_key(identity->record))
		doctor_tell(doctor, gravity, "import it with its key: devid import-cert FILE.p12",
			    "%s: half an identity: a certificate without a key", name);
	else if (!key_matches(identity))
		doctor_tell(doctor, gravity, "import it again: devid import-cert FILE --replace",
			    "%s: its key is not that of its certificate", name);
	else if ((fault = key_file_fault(identity)) != NULL)
		doctor_tell(doctor, gravity, "import it again: devid import-cert FILE --replace",
			    "%s: %s", name, fault);
	else
		doctor_tell(doctor, OUTCOME_PASS, NULL, "%s: key and certificate, in %s%s", name,
			    strcmp(identity->record->store, "keyring") == 0 ? "the keyring"
			    : strcmp(identity->record->store, "tpm") == 0   ? "the TPM"
									    : "a file",
			    doctor_chosen(doctor) == identity ? ", the one that is used" : "");
}

/* TLS 1.3 takes no other signature of an RSA key. */
static void look_at_pss(struct doctor *doctor, const struct identity *identity)
{
	if (identity->record->no_pss)
		doctor_tell(doctor, OUTCOME_WARN,
			    "have a key of another kind certified: devid request --store tpm --key "
			    "p256",
			    "%s: its TPM makes RSA-PSS with a salt of its own length, so it isn't "
			    "offered, and TLS 1.3 can't be done with this key",
			    doctor_identity_name(identity));
}

static void tell_skipped(const char *file, unsigned line, const char *why, void *data)
{
	g_autofree char *at = line == 0 ? g_strdup("") : g_strdup_printf(":%u", line);

	doctor_tell(data, OUTCOME_WARN, "remove the file, and import the identity again",
		    "%s%s: not read as an identity: %s", file, at, why);
}

static void tell_skipped_former(const char *file, unsigned line, const char *why, void *data)
{
	doctor_tell(data, OUTCOME_WARN, "remove the file; then: devid reset-cred --strays",
		    "%s: not read as what an identity was before: %s", file, why);
}

static void look_for_skipped(struct doctor *doctor)
{
	for (int scope = SCOPE_USER; scope <= SCOPE_SYSTEM; scope++) {
		struct record_list records = { NULL };
		char folder[PATH_BUFFER];

		if (!path_data((enum scope)scope, folder))
			continue;
		if (record_load_folder(folder, &records, tell_skipped, doctor) == DEVID_OK)
			record_list_clear(&records);
		if (record_load_former(folder, &records, tell_skipped_former, doctor) == DEVID_OK)
			record_list_clear(&records);
	}
}

void doctor_identity(struct doctor *doctor)
{
	const struct identity_list *list = doctor_identities(doctor);

	if (!list)
		return;
	look_for_skipped(doctor);
	/* Who looks at everybody's need not have one. */
	if (identity_list_count(list) == 0 && doctor_noted(doctor, "all-users"))
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "root and the machine have none");
	else if (identity_list_count(list) == 0)
		doctor_tell(doctor, OUTCOME_FAIL, "import one: devid import-cert FILE.p12",
			    "there is no device identity");
	for (size_t i = 0; i < identity_list_count(list); i++) {
		look_at_identity(doctor, identity_list_get(list, i));
		look_at_pss(doctor, identity_list_get(list, i));
	}
}

/* --- whether it signs --------------------------------------------------------------------- */

/* What would ask somebody, or be refused for a reason that is told elsewhere; NULL: try it. */
static const char *reason_not_to_try(struct doctor *doctor, const struct identity *identity)
{
	const struct devid_account *account = doctor_account(doctor, identity->scope);
	const char *keyring = doctor_noted(doctor, "keyring");

	if (identity->scope == SCOPE_USER && doctor_noted(doctor, "agent") == NULL)
		return "the agent can't be asked";
	if (strcmp(identity->record->store, "keyring") == 0 && g_strcmp0(keyring, "locked") == 0)
		return "the keyring is locked, and a try would ask for its password";
	if (strcmp(identity->record->store, "keyring") == 0 && g_strcmp0(keyring, "ready") != 0)
		return "there is no keyring";
	if (devid_account_state(account) == DEVID_ACCOUNT_UNUSABLE)
		return doctor_no_account(account);
	if (identity->scope == SCOPE_SYSTEM &&
	    !devid_account_may_use_system(account, geteuid(), getegid()))
		return "you may not use the machine's identities";
	if (devid_account_on_use(account) == DEVID_ON_USE_ENFORCE) {
		g_autoptr(devid_verdict) verdict = verdict_assess(identity, account, NULL);

		if (!verdict || verdict->result != DEVID_OK)
			return "the account refuses its certificate";
	}
	return NULL;
}

static void try_key(struct doctor *doctor, const struct identity *identity)
{
	const char *why = reason_not_to_try(doctor, identity);
	const char *name = doctor_identity_name(identity);
	enum outcome gravity = doctor_gravity(doctor, identity);
	g_autoptr(GError) error = NULL, cause = NULL;

	if (why) {
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "%s: not tried: %s", name, why);
	} else if (!token_load_own(&error)) {
		doctor_tell(doctor, gravity, devid_error_hint(error), "%s: %s", name,
			    error->message);
	} else if (token_test_sign(identity->uri, identity->chain[0], !identity->foreign, &error)) {
		doctor_tell(doctor, OUTCOME_PASS, NULL, "%s: it signs, and the certificate agrees",
			    name);
	} else {
		/* PKCS#11 has but a number; the agent can say why. */
		if (devid_error_result(error) != DEVID_MISMATCH &&
		    !agent_try_key(identity, &cause)) {
			g_clear_error(&error);
			g_propagate_error(&error, g_steal_pointer(&cause));
		}
		doctor_tell(doctor, gravity, devid_error_hint(error), "%s: it does not sign: %s",
			    name, error->message);
	}
}

void doctor_key(struct doctor *doctor)
{
	const struct identity_list *list = doctor_identities(doctor);

	for (size_t i = 0; list && i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);

		if (identity->chain_count > 0 && record_has_key(identity->record))
			try_key(doctor, identity);
	}
}
