/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* STATUS and FORGET, answered by a JSON object (its members: data/doc/protocol.md). */
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "agent/gate/gate.h"
#include "agent/gate/refusal.h"
#include "agent/identity/half-pin.h"
#include "agent/identity/keycache.h"
#include "agent/key/tpm-part.h"
#include "agent/key/tpm.h"
#include "agent/store/credential.h"
#include "agent/store/store.h"
#include "base/error.h"
#include "base/json-build.h"
#include "request.h"

static void put_json(struct wire_frame *reply, JsonBuilder *builder)
{
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	g_autofree char *text = json_to_string(root, false);

	wire_put_text(reply, TAG_STATUS, text);
}

static void add_account(JsonBuilder *builder, const struct gate_facts *facts)
{
	static const char *const states[] = {
		[DEVID_ACCOUNT_NONE] = "none",
		[DEVID_ACCOUNT_READY] = "ready",
		[DEVID_ACCOUNT_UNUSABLE] = "broken",
	};
	static const char *const modes[] = {
		[DEVID_ON_USE_LOG] = "log",
		[DEVID_ON_USE_ENFORCE] = "enforce",
		[DEVID_ON_USE_OFF] = "off",
	};

	json_builder_set_member_name(builder, "account");
	json_builder_begin_object(builder);
	json_text(builder, "state", states[facts->state]);
	json_text(builder, "folder", facts->account_folder);
	json_text(builder, "problem", facts->problem);
	json_text(builder, "on_use", modes[facts->on_use]);
	json_number(builder, "signing", facts->signing);
	json_flag(builder, "gone", facts->gap);
	json_builder_end_object(builder);
}

static void add_stores(JsonBuilder *builder, enum scope scope)
{
	static const char *const states[] = {
		[STORE_READY] = "ready",
		[STORE_LOCKED] = "locked",
		[STORE_MISSING] = "missing",
	};
	gsize count = 0;
	const struct store *stores = store_table(&count);

	json_builder_set_member_name(builder, "stores");
	json_builder_begin_array(builder);
	for (gsize i = 0; i < count; i++) {
		g_autofree char *why = NULL;
		enum store_state state = stores[i].state(scope, &why);

		json_builder_begin_object(builder);
		json_text(builder, "name", stores[i].name);
		json_text(builder, "title", stores[i].title);
		json_text(builder, "state", states[state]);
		json_text(builder, "why", why);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

/* Of the one that is lent, only its keys' use tells what it is called now. */
static const char *present_name(const struct tpm_facts *facts, guint32 handle)
{
	if (handle == TPM_PARENT_SRK || !*facts->owner_name)
		return facts->srk_name;
	return facts->owner_name;
}

static void add_storage_keys(JsonBuilder *builder, enum scope scope, const struct tpm_facts *facts)
{
	struct half_pins pins;
	g_autoptr(GError) error = NULL;

	(void)half_pin_read(scope, &pins, &error);
	json_text(builder, "storage_keys_problem", error ? error->message : NULL);
	json_builder_set_member_name(builder, "storage_keys");
	json_builder_begin_array(builder);
	for (gsize i = 0; i < pins.count; i++) {
		const struct key_parent *pin = &pins.pins[i];
		const char *present = present_name(facts, pin->handle);
		g_autofree char *handle = g_strdup_printf("0x%08x", pin->handle);

		json_builder_begin_object(builder);
		json_text(builder, "handle", handle);
		json_text(builder, "pinned", pin->name);
		json_text(builder, "present", *present ? present : NULL);
		json_flag(builder, "changed", !facts->lent && strcmp(present, pin->name) != 0);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

/* Asked for alone: it opens the part that talks to it. */
static void add_tpm(JsonBuilder *builder, enum scope scope)
{
	struct tpm_facts facts = { .srk = NULL };
	g_autoptr(GError) error = NULL;
	bool there = tpm_look(&facts, &error);

	json_begin_object(builder, "tpm");
	json_text(builder, "reason", there ? "ok" : devid_error_reason(error));
	json_text(builder, "why", there ? NULL : error->message);
	json_flag(builder, "lent", facts.lent);
	if (there && !facts.lent) {
		g_autofree char *firmware = g_strdup_printf(
			"%u.%u.%u.%u", facts.firmware[0] >> 16, facts.firmware[0] & 0xffff,
			facts.firmware[1] >> 16, facts.firmware[1] & 0xffff);

		json_text(builder, "manufacturer", facts.manufacturer);
		json_text(builder, "firmware", firmware);
		json_text(builder, "storage_root_key", facts.srk);
		json_flag(builder, "owner_authorisation", facts.owner_auth);
		json_flag(builder, "locked_out", facts.locked_out);
		json_number(builder, "failed", facts.failed);
		json_number(builder, "failed_most", facts.failed_most);
		json_number(builder, "recovery_seconds", facts.recovery_seconds);
	}
	if (there)
		add_storage_keys(builder, scope, &facts);
	json_builder_end_object(builder);
}

/* Asked for alone: systemd unseals it. */
static void add_credential(JsonBuilder *builder, struct session *session)
{
	AUTO_SECRET struct secret credential = SECRET_INIT;
	g_autoptr(GError) error = NULL;
	bool there;

	session->slow(session, true);
	there = credential_read_anew(&session->wait, &credential, &error);
	session->slow(session, false);
	json_begin_object(builder, "credential");
	json_text(builder, "reason", there ? "ok" : devid_error_reason(error));
	json_text(builder, "why", there ? NULL : error->message);
	json_builder_end_object(builder);
}

static bool put_storage_key(struct wire_frame *reply, GError **error)
{
	g_autoptr(GBytes) pem = tpm_storage_key(error);

	if (pem)
		wire_put(reply, TAG_STORAGE_KEY, g_bytes_get_data(pem, NULL),
			 g_bytes_get_size(pem));
	return pem != NULL;
}

bool handle_status(const struct exchange *exchange, GError **error)
{
	const struct agent *agent = exchange->session->agent;
	struct agent_server *server = agent->server;
	g_autoptr(JsonBuilder) builder = json_builder_new();
	struct gate_facts facts = { 0 };
	char generation[17];
	guint32 flags = 0;

	(void)wire_get_u32(exchange->request, TAG_FLAGS, &flags);
	if ((flags & STATUS_STORAGE_KEY) && !put_storage_key(exchange->reply, error))
		return false;
	gate_facts(agent->gate, &facts);
	g_snprintf(generation, sizeof(generation), "%016" G_GINT64_MODIFIER "x", facts.generation);
	json_builder_begin_object(builder);
	json_text(builder, "version", DEVID_VERSION);
	json_number(builder, "pid", getpid());
	json_text(builder, "scope", agent->scope == SCOPE_SYSTEM ? "system" : "user");
	json_number(builder, "uptime", (g_get_monotonic_time() - agent->started) / G_USEC_PER_SEC);
	json_number(builder, "clients", server ? server->clients(server) : 0);
	json_number(builder, "asking", server ? server->asking(server) : 0);
	json_number(builder, "keys", keycache_count(agent->keys));
	json_number(builder, "identities", facts.identities);
	json_number(builder, "skipped", facts.skipped);
	json_text(builder, "folder", facts.folder);
	json_text(builder, "generation", generation);
	add_account(builder, &facts);
	add_stores(builder, agent->scope);
	if (flags & STATUS_TPM)
		add_tpm(builder, agent->scope);
	if ((flags & STATUS_CREDENTIAL) && agent->scope == SCOPE_SYSTEM)
		add_credential(builder, exchange->session);
	json_builder_end_object(builder);
	wire_put_text(exchange->reply, TAG_VERSION, DEVID_VERSION);
	wire_put_u32(exchange->reply, TAG_PID, (guint32)getpid());
	put_json(exchange->reply, builder);
	g_free(facts.folder);
	g_free(facts.account_folder);
	g_free(facts.problem);
	return true;
}

bool handle_forget(const struct exchange *exchange, GError **error)
{
	const struct agent *agent = exchange->session->agent;
	g_autoptr(JsonBuilder) builder = json_builder_new();
	guint keys, verdicts, refusals;

	keys = keycache_drop_all(agent->keys);
	gate_forget(agent->gate, &verdicts, &refusals);
	refusals_drop_all(agent->told);
	json_builder_begin_object(builder);
	json_number(builder, "keys", keys);
	json_number(builder, "verdicts", verdicts);
	json_number(builder, "refusals", refusals);
	json_builder_end_object(builder);
	put_json(exchange->reply, builder);
	return true;
}
