/* Our own tokens: one frame, one commit by the agent; then a signature by the way that clients take. */
#include <stdlib.h>
#include <string.h>
#include <devid/here.h>
#include "import.h"

/* What --store could have said, where the store that we chose isn't there. */
static void name_choices(const struct import *import, GError **error)
{
	GError *problem = *error;
	enum devid_result result = devid_error_result(problem);

	if (import->options->store || import->half != HALF_USER ||
	    (result != DEVID_STORE_MISSING && result != DEVID_STORE_LOCKED &&
	     result != DEVID_STORE_TIMEOUT))
		return;
	*error = NULL;
	devid_error_set(
		error, result, devid_error_reason(problem),
		"log in to a desktop with a keyring; or choose a store: --store file (a file that you "
		"and root can copy), --store 'pkcs11:token=…' (another token), --system (as root)",
		"%s", problem->message);
	g_error_free(problem);
}

static gboolean commit(struct import *import, struct client *client, struct wire_frame *reply,
		       GError **error)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;
	const struct candidate *candidate = import->candidate;
	guint32 flags = (import->options->replace ? IMPORT_REPLACE : 0) |
			(import->size_accepted ? IMPORT_ACCEPT_SIZE : 0);

	wire_begin(&request, WIRE_IMPORT);
	wire_put_u32(&request, TAG_PHASE, PHASE_COMMIT);
	wire_put_text(&request, TAG_LABEL, import->label);
	wire_put_text(&request, TAG_STORE, import->store);
	wire_put_u32(&request, TAG_FLAGS, flags);
	for (guint i = 0; i < candidate->chain->len; i++) {
		const struct bundle_certificate *certificate = candidate->chain->pdata[i];

		wire_put(&request, TAG_CERTIFICATE, g_bytes_get_data(certificate->der, NULL),
			 g_bytes_get_size(certificate->der));
	}
	if (candidate->pkcs8.length)
		wire_put(&request, TAG_PKCS8, candidate->pkcs8.data, candidate->pkcs8.length);
	if (request.result == DEVID_TOO_LARGE) {
		devid_error_set(
			error, DEVID_TOO_LARGE, NULL,
			"leave out certificates that clients don't need",
			"the identity with its chain of %u certificates is larger than %d bytes",
			candidate->chain->len - 1, WIRE_BODY_MAX);
		return FALSE;
	}
	import->logged = true;
	if (agent_call(client, &request, reply, error))
		return TRUE;
	/* Without a reply the agent may not even have heard of it. */
	import->logged = client->fd >= 0;
	name_choices(import, error);
	return FALSE;
}

static void read_reply(struct import *import, const struct wire_frame *reply)
{
	struct wire_field field;
	guint32 changed = 0;
	char *label = wire_get_text(reply, TAG_LABEL);

	wire_get_u32(reply, TAG_CHANGED, &changed);
	import->changed = changed;
	if (label) {
		g_free(import->label);
		import->label = g_strdup(label);
		free(label);
	}
	if (wire_get(reply, TAG_ID, &field))
		import->id = g_bytes_new(field.data, field.length);
	for (bool more = wire_get(reply, TAG_WARNING, &field); more;
	     more = wire_next(reply, &field))
		import_warn(import, "%.*s", (int)field.length, (const char *)field.data);
}

static gboolean end(struct client *client, enum wire_phase phase, struct import *import,
		    GError **error)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;
	struct wire_field field;

	wire_begin(&request, WIRE_IMPORT);
	wire_put_u32(&request, TAG_PHASE, phase);
	if (!agent_call(client, &request, &reply, error))
		return FALSE;
	for (bool more = wire_get(&reply, TAG_WARNING, &field); more;
	     more = wire_next(&reply, &field))
		import_warn(import, "%.*s", (int)field.length, (const char *)field.data);
	return TRUE;
}

/* What the gate would refuse a signature with for now; NULL: nothing. Then the key can't be tried: the
 * gate would write an event of a refusal, and remember it.
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

static gboolean try_key(struct import *import, struct client *client, GError **error)
{
	g_autofree char *refusal = gate_refusal(import);
	g_autoptr(GError) undone = NULL;
	GError *problem = NULL;

	if (refusal) {
		import_warn(import, "no signature was tried: %s", refusal);
		return TRUE;
	}
	if (token_load_own(&problem) && token_test_sign(import->uri, import->chain[0], &problem))
		return TRUE;
	if (!end(client, PHASE_UNDO, import, &undone))
		g_prefix_error(&problem, "it could not be taken out again (%s): ", undone->message);
	else
		g_prefix_error(&problem, "imported and taken out again: ");
	g_propagate_error(error, problem);
	return FALSE;
}

static bool same_leaf(const struct record *record, const struct import *import)
{
	gsize length;
	const void *der = g_bytes_get_data(import->candidate->leaf->der, &length);

	return record->leaf.length == length && memcmp(record->leaf.data, der, length) == 0;
}

/* Whether the store can be used, as the agent sees it now. */
static gboolean foresee_store(const struct import *import, GError **error)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;
	g_autoptr(JsonParser) parser = json_parser_new();
	char *status;
	JsonArray *stores;

	if (!agent_connect(&client, import->half, CLIENT_START, error))
		return FALSE;
	wire_begin(&request, WIRE_STATUS);
	if (!agent_call(&client, &request, &reply, error))
		return FALSE;
	status = wire_get_text(&reply, TAG_STATUS);
	if (status && json_parser_load_from_data(parser, status, -1, NULL) &&
	    JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
		stores = json_object_get_array_member(
			json_node_get_object(json_parser_get_root(parser)), "stores");
	else
		stores = NULL;
	free(status);
	for (guint i = 0; stores && i < json_array_get_length(stores); i++) {
		JsonObject *store = json_array_get_object_element(stores, i);

		if (g_strcmp0(json_object_get_string_member_with_default(store, "name", ""),
			      import->store) != 0 ||
		    g_strcmp0(json_object_get_string_member_with_default(store, "state", ""),
			      "missing") != 0)
			continue;
		devid_error_set(
			error, DEVID_STORE_MISSING, NULL, NULL, "%s: %s",
			json_object_get_string_member_with_default(store, "title", import->store),
			json_object_get_string_member_with_default(store, "why",
								   "it can't be reached"));
		name_choices(import, error);
		return FALSE;
	}
	return TRUE;
}

/* --dry-run: what the agent would find, from the records. */
static gboolean foresee(struct import *import, GError **error)
{
	bool system = import->half == HALF_SYSTEM;
	g_autoptr(identity_list) list = identity_list_load(!system, system, error);

	if (!list)
		return FALSE;
	import->changed = true;
	for (size_t i = 0; i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);

		if (same_leaf(identity->record, import) && record_has_key(identity->record)) {
			import->changed = false;
			g_free(import->label);
			import->label = g_strdup(identity->record->label);
		} else if (strcmp(identity->record->label, import->label) == 0 &&
			   !import->options->replace) {
			devid_error_set(error, DEVID_EXISTS, "exists",
					"choose another --label, or --replace what is there",
					"%s: another identity has this label", import->label);
			return FALSE;
		}
	}
	import->uri = identity_uri(import->half, import->label);
	return !import->changed || foresee_store(import, error);
}

gboolean import_to_own(struct import *import, GError **error)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;

	if (import->options->dry_run)
		return foresee(import, error);
	if (!agent_connect(&client, import->half, CLIENT_START, error) ||
	    !commit(import, &client, &reply, error))
		return FALSE;
	read_reply(import, &reply);
	import->uri = identity_uri(import->half, import->label);
	import->logged = import->changed;
	if (!import->changed)
		return TRUE;
	return try_key(import, &client, error) && end(&client, PHASE_KEEP, import, error);
}
