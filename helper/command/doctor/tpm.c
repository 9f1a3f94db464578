/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The TPM, as the agent that has keys in it sees it. */
#include <string.h>
#include <unistd.h>
#include <devid/reason.h>

#include "base/error.h"
#include "base/json-value.h"
#include "command/import/credential.h"
#include "identity/agent.h"
#include "identity/agent-look.h"
#include "identity/list.h"
#include "support.h"

#define DEVICE "/dev/tpmrm0"

static void tell_trouble(struct doctor *doctor, JsonObject *tpm)
{
	const struct devid_reason *row = devid_reason_find(json_value_text(tpm, "reason"));
	const char *why = json_value_text(tpm, "why");

	doctor_tell(doctor, OUTCOME_FAIL, row ? row->hint : NULL, "%s",
		    why ? why : "it can't be reached");
}

/* Another name than the one that keys of ours lay below. */
static void tell_storage_keys(struct doctor *doctor, JsonObject *tpm)
{
	const char *problem = json_value_text(tpm, "storage_keys_problem");

	if (problem)
		doctor_tell(
			doctor, OUTCOME_FAIL,
			"see who changed it; then take it away: each name is taken anew when its "
			"key is next used",
			"%s", problem);
	for (guint i = 0; i < json_value_count(tpm, "storage_keys"); i++) {
		JsonObject *key = json_value_item(tpm, "storage_keys", i);
		const char *present = json_value_text(key, "present");

		if (json_value_flag(key, "changed"))
			doctor_tell(
				doctor, OUTCOME_FAIL,
				"import what lay below it again: devid import-cert --store tpm "
				"FILE --replace; where that is done, take tpm-storage-keys in the "
				"data folder away",
				"storage key %s changed: the TPM was cleared, or it was replaced "
				"(now %s, before %s)",
				json_value_text(key, "handle"), present ? present : "not there",
				json_value_text(key, "pinned"));
	}
}

static void tell_facts(struct doctor *doctor, JsonObject *tpm)
{
	const char *srk = json_value_text(tpm, "storage_root_key");

	tell_storage_keys(doctor, tpm);
	if (json_value_flag(tpm, "lent")) {
		doctor_tell(doctor, OUTCOME_PASS, NULL,
			    "the machine's agent lends it to this user");
		return;
	}
	if (json_value_flag(tpm, "owner_authorisation") && g_strcmp0(srk, "none") == 0)
		doctor_tell(doctor, OUTCOME_FAIL, devid_reason_find("tpm-owner")->hint,
			    "its owner's authorisation is set, and there is no storage root key");
	/* Keys of ours count no failures, and stay usable. */
	if (json_value_flag(tpm, "locked_out"))
		doctor_tell(doctor, OUTCOME_WARN, devid_reason_find("tpm-locked-out")->hint,
			    "it is locked out for keys of other programs (%" G_GINT64_FORMAT
			    " failures of %" G_GINT64_FORMAT
			    "); one is forgotten in %" G_GINT64_FORMAT " s",
			    json_value_number(tpm, "failed", 0),
			    json_value_number(tpm, "failed_most", 0),
			    json_value_number(tpm, "recovery_seconds", 0));
	doctor_tell(doctor, OUTCOME_PASS, NULL, "%s, firmware %s; storage root key: %s",
		    json_value_text(tpm, "manufacturer"), json_value_text(tpm, "firmware"), srk);
}

static bool needs_credential(struct doctor *doctor)
{
	const struct identity_list *list = doctor_identities(doctor);

	for (size_t i = 0; list && i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);

		if (identity->scope == SCOPE_SYSTEM &&
		    g_strcmp0(identity->record->auth, "credential") == 0)
			return true;
	}
	return false;
}

/* Without it those keys are lost, whatever the TPM says. */
static void look_at_credential(struct doctor *doctor)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *file = NULL;
	const char *reason;

	if (credential_ask(&error)) {
		doctor_tell(doctor, OUTCOME_PASS, NULL,
			    "the machine's credential, which keys of it need, can be had");
		return;
	}
	reason = devid_error_reason(error);
	if (g_strcmp0(reason, "tpm-credential") != 0) {
		doctor_tell(doctor, OUTCOME_FAIL, devid_error_hint(error), "%s", error->message);
		return;
	}
	file = credential_find();
	if (file)
		doctor_tell(doctor, OUTCOME_FAIL,
			    "bring back what it was sealed with (the TPM, /var/lib/systemd); where "
			    "that is gone, remove the file, and import what needs it again: "
			    "devid import-cert --store tpm --tpm-auth credential FILE --replace",
			    "%s: systemd can't decrypt it, or it is not devid's", file);
	else
		doctor_tell(doctor, OUTCOME_FAIL,
			    "bring it back from this machine's backup, or import what needs it "
			    "again: devid import-cert --store tpm --tpm-auth credential FILE "
			    "--replace",
			    "keys of the machine need %s, and it is not there", CREDENTIAL_FILE);
}

/* The agent is asked, for it has the TPM: not this user. */
static void look(struct doctor *doctor, enum scope scope)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(GError) error = NULL;
	JsonObject *tpm = NULL;

	wire_begin(&request, WIRE_STATUS);
	wire_put_u32(&request, TAG_FLAGS, STATUS_TPM);
	if (agent_connect(&client, scope, CLIENT_START, &error) &&
	    agent_ask(&client, &request, &reply, &error))
		tpm = json_value_object(agent_status(&reply, parser), "tpm");
	if (!tpm)
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "the agent can't be asked: %s",
			    error ? error->message : "it is of another version");
	else if (g_strcmp0(json_value_text(tpm, "reason"), "ok") != 0)
		tell_trouble(doctor, tpm);
	else
		tell_facts(doctor, tpm);
}

/* Where no key is in it: whether one could be. */
static void tell_device(struct doctor *doctor)
{
	g_autofree char *device = doctor_path(DEVICE);

	doctor_tell(
		doctor, OUTCOME_SKIP, NULL,
		access(device, F_OK) < 0
			? "there is none here (or it is switched off in the firmware's settings)"
		: access(device, R_OK | W_OK) < 0
			? "there is one, which the machine's agent lends to those whom TPMUsers= names"
			: "there is one, and no key is in it");
}

void doctor_tpm(struct doctor *doctor)
{
	bool user = doctor_has_identity(doctor, SCOPE_USER, "tpm");
	bool system = doctor_has_identity(doctor, SCOPE_SYSTEM, "tpm");

	if (user)
		look(doctor, SCOPE_USER);
	if (system && geteuid() == 0) {
		look(doctor, SCOPE_SYSTEM);
		if (needs_credential(doctor))
			look_at_credential(doctor);
	} else if (system) {
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "the machine's keys in it: root can ask");
	}
	if (!user && !system)
		tell_device(doctor);
}
