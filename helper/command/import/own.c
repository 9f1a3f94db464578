/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our own tokens: one frame, one commit by the agent; then a signature by the way that clients
 * take. */
#include <stdlib.h>
#include <string.h>
#include <devid/here.h>
#include "base/error.h"
#include "identity/agent.h"
#include "identity/list.h"
#include "identity/token.h"
#include "identity/uri.h"
#include "choices.h"
#include "credential.h"
#include "foresee.h"
#include "here.h"
#include "import.h"
#include "own.h"
#include "report.h"

static bool needs_credential(const struct import *import)
{
	return import->scope == SCOPE_SYSTEM && g_strcmp0(import->store, "tpm") == 0 &&
	       g_strcmp0(import->tpm_auth, "credential") == 0;
}

static bool commit(struct import *import, struct client *client, struct wire_frame *reply,
		   GError **error)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;
	const struct candidate *candidate = import->candidate;
	guint32 flags = (import->options->replace ? IMPORT_REPLACE : 0) |
			(import->size_accepted ? IMPORT_ACCEPT_SIZE : 0) |
			(g_strcmp0(import->tpm_auth, "none") == 0 ? IMPORT_NO_AUTH : 0) |
			(needs_credential(import) ? IMPORT_CREDENTIAL : 0);

	wire_begin(&request, WIRE_IMPORT);
	wire_put_u32(&request, TAG_PHASE, PHASE_COMMIT);
	wire_put_text(&request, TAG_LABEL, import->label);
	wire_put_text(&request, TAG_STORE, import->store);
	wire_put_u32(&request, TAG_FLAGS, flags);
	wire_put_text(&request, TAG_NAME, import->moves);
	for (guint i = 0; i < candidate->chain->len; i++) {
		const struct bundle_certificate *certificate = candidate->chain->pdata[i];

		wire_put(&request, TAG_CERTIFICATE, g_bytes_get_data(certificate->der, NULL),
			 g_bytes_get_size(certificate->der));
	}
	if (candidate->pkcs8.length)
		wire_put(&request, TAG_PKCS8, candidate->pkcs8.data, candidate->pkcs8.length);
	if (candidate->wrapped)
		wire_put(&request, TAG_PKCS8, g_bytes_get_data(candidate->wrapped, NULL),
			 g_bytes_get_size(candidate->wrapped));
	if (request.result == DEVID_TOO_LARGE)
		return devid_error_set(
			error, DEVID_TOO_LARGE, NULL,
			"leave out certificates that clients don't need",
			"the identity with its chain of %u certificates is larger than %d bytes",
			candidate->chain->len - 1, WIRE_BODY_MAX);
	import->logged = true;
	if (agent_ask(client, &request, reply, error))
		return true;
	/* Without a reply the agent may not even have heard of it. */
	import->logged = client->fd >= 0;
	import_name_choices(import, error);
	return false;
}

/* What went, and what may still be had of a key that was replaced. */
static void take_warnings(struct import *import, const struct wire_frame *reply)
{
	struct wire_field field;

	for (bool more = wire_get(reply, TAG_WARNING, &field); more;
	     more = wire_next(reply, &field))
		import_warn(import, "%.*s", (int)field.length, (const char *)field.data);
	for (bool more = wire_get(reply, TAG_KEPT, &field); more; more = wire_next(reply, &field))
		import_warn(import, "the key that was replaced: %.*s", (int)field.length,
			    (const char *)field.data);
}

static void read_reply(struct import *import, const struct wire_frame *reply)
{
	struct wire_field field;
	guint32 changed = 0, flags = 0;
	char *label = wire_get_text(reply, TAG_LABEL);

	wire_get_u32(reply, TAG_CHANGED, &changed);
	import->changed = changed;
	import->replaced =
		changed && wire_get_u32(reply, TAG_FLAGS, &flags) && (flags & IMPORTED_REPLACED);
	if (label) {
		g_free(import->label);
		import->label = g_strdup(label);
		free(label);
	}
	if (wire_get(reply, TAG_ID, &field))
		import->id = g_bytes_new(field.data, field.length);
	take_warnings(import, reply);
}

static bool end(struct client *client, enum wire_phase phase, struct import *import, GError **error)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;

	wire_begin(&request, WIRE_IMPORT);
	wire_put_u32(&request, TAG_PHASE, phase);
	if (!agent_ask(client, &request, &reply, error))
		return false;
	take_warnings(import, &reply);
	return true;
}

/* What the gate would refuse a signature with for now; NULL: nothing. Then the key can't be tried:
 * the gate would write an event of a refusal, and remember it.
 */
static char *gate_refusal(const struct import *import)
{
	const struct devid_account *account = import->account;
	struct devid_decision *decision = NULL;
	char *words = NULL;

	if (devid_account_on_use(account) != DEVID_ON_USE_ENFORCE)
		return NULL;
	if (devid_account_state(account) != DEVID_ACCOUNT_READY ||
	    !devid_account_has_policy(account))
		return import->verdict->result == DEVID_OK
			       ? NULL
			       : g_strdup("the account refuses the certificate for now");
	/* As the agent asks, which looks at the network and sends nothing. */
	if (devid_decide_here(account, g_get_user_name(), DEVID_OFFICE_LOOK, import->verdict,
			      &decision) != DEVID_OK)
		words = g_strdup("the account's policy could not be asked");
	else if (decision->result != DEVID_OK)
		words = g_strdup_printf("the account blocks its use for now: %s",
					decision->message);
	devid_decision_free(decision);
	return words;
}

static bool try_key(struct import *import, struct client *client, GError **error)
{
	g_autofree char *refusal = gate_refusal(import);
	g_autoptr(GError) undone = NULL;
	GError *problem = NULL;

	if (refusal) {
		import_warn(import, "no signature was tried: %s", refusal);
		return true;
	}
	if (token_load_own(&problem) &&
	    token_test_sign(import->uri, import->chain[0], true, &problem))
		return true;
	if (!end(client, PHASE_UNDO, import, &undone))
		g_prefix_error(&problem, "it could not be taken out again (%s): ", undone->message);
	else
		g_prefix_error(&problem, "imported and taken out again: ");
	g_propagate_error(error, problem);
	return false;
}

/* It was here under another label than the one that was asked for. */
static bool rename_here(struct import *import, struct client *client, GError **error)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	g_autoptr(identity_list) list = NULL;
	const struct identity *here;

	if (!import->asked_label || strcmp(import->asked_label, import->label) == 0)
		return true;
	/* What takes another's place has its label, whatever new ones are called. */
	if (import->replaced && !import->options->label)
		return true;
	list = import_list_here(import, error);
	here = list ? import_find_leaf(list, import) : NULL;
	if (list && !here)
		devid_error_set(error, DEVID_EXISTS, NULL, "try again",
				"another program changed it in the meantime");
	if (!here || !import_may_rename(import, list, here->record->label, error))
		return false;
	wire_begin(&request, WIRE_RENAME);
	wire_put_text(&request, TAG_NAME, here->record->name);
	wire_put_text(&request, TAG_LABEL, import->asked_label);
	if (!agent_ask(client, &request, &reply, error))
		return false;
	import->renamed_from = import->label;
	import->label = g_strdup(import->asked_label);
	return true;
}

/* A certificate that came alone went to where its key is. */
static void tell_store(struct import *import)
{
	g_autoptr(identity_list) list =
		candidate_has_key(import->candidate) ? NULL : import_list_here(import, NULL);
	const struct identity *here = list ? import_find_leaf(list, import) : NULL;

	if (here)
		import->store = g_intern_string(here->record->store);
}

/* What takes the place of another stays in its store, and has the same other lock, unless another
 * was asked for. */
static bool keep_place(struct import *import, GError **error)
{
	g_autoptr(identity_list) list = NULL;
	const struct identity *here;

	if (!import->options->replace)
		return true;
	list = import_list_here(import, error);
	if (!list)
		return false;
	here = import_find_leaf(list, import);
	if (!here)
		here = identity_list_called(list, import->label);
	if (!here || !record_has_key(here->record))
		return true;
	if (!import->options->store && !import->candidate->wrapped &&
	    strcmp(here->record->store, "tpm") == 0)
		import->store = "tpm";
	else if (!import->options->store && !import->candidate->wrapped &&
		 strcmp(here->record->store, "file") == 0)
		import->store = "file";
	if (!import->tpm_auth && g_strcmp0(here->record->auth, "credential") == 0)
		import->tpm_auth = "credential";
	return true;
}

/* Those that the new one does not help. */
static void warn_of_credential(struct import *import)
{
	g_autoptr(identity_list) list = import_list_here(import, NULL);

	for (size_t i = 0; list && i < identity_list_count(list); i++) {
		const struct record *record = identity_list_get(list, i)->record;

		if (g_strcmp0(record->auth, "credential") == 0 &&
		    strcmp(record->label, import->label) != 0 && !import_same_leaf(record, import))
			import_warn(import,
				    "%s: its key needed the credential that was here before: "
				    "import it again, too, with --replace",
				    record->label);
	}
}

/* What was here already is as it was. */
static void warn_of_lock(struct import *import)
{
	g_autoptr(identity_list) list =
		needs_credential(import) ? import_list_here(import, NULL) : NULL;
	const struct identity *here = list ? import_find_leaf(list, import) : NULL;

	if (here && g_strcmp0(here->record->auth, "credential") != 0)
		import_warn(import,
			    "%s: its key was here before, and does not need the credential: to "
			    "have it so, take it away first: devid remove",
			    import->label);
}

static bool prepare_credential(struct import *import, GError **error)
{
	bool made = false;

	if (!needs_credential(import))
		return true;
	if (!credential_prepare(&made, error))
		return false;
	if (made)
		warn_of_credential(import);
	return true;
}

bool import_to_own(struct import *import, GError **error)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;

	if (!keep_place(import, error))
		return false;
	if (import->options->dry_run)
		return import_foresee(import, error);
	if (!prepare_credential(import, error) ||
	    !agent_connect(&client, import->scope, CLIENT_START, error) ||
	    !commit(import, &client, &reply, error))
		return false;
	read_reply(import, &reply);
	import->uri = identity_uri_now(import->scope, import->label);
	import->logged = import->changed;
	tell_store(import);
	warn_of_lock(import);
	if (import->changed &&
	    (!try_key(import, &client, error) || !end(&client, PHASE_KEEP, import, error)))
		return false;
	if (!rename_here(import, &client, error))
		return false;
	if (import->renamed_from) {
		g_free(import->uri);
		import->uri = identity_uri_now(import->scope, import->label);
		import->changed = true;
	}
	return true;
}
