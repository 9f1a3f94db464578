/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* REFUSED: a program of the user's was refused the use of the machine's key. The machine's agent
 * has it in its own log, which is closed to most; here it goes into the user's. What is told is the
 * user's own word: only what the records and the table of reasons know is written of it, and a
 * program that says it again and again is heard once in 30 s, as it is where it was refused.
 */
#include <stdlib.h>
#include <string.h>
#include <devid/reason.h>
#include <internal/cleanup.h>
#include "agent/gate/peer.h"
#include "agent/gate/refusal.h"
#include "agent/gate/report.h"
#include "agent/identity/subject.h"
#include "base/error.h"
#include "request.h"

#define TOKEN "system"

/* What a gate answers, and a store or a broken frame does not. */
static bool is_refusal(enum devid_result result)
{
	switch (result) {
	case DEVID_CHECK_FAILED:
	case DEVID_BLOCKED:
	case DEVID_NO_ACCOUNT:
	case DEVID_ACCOUNT_BROKEN:
	case DEVID_DENIED:
		return true;
	default:
		return false;
	}
}

static const struct devid_reason *read_reason(const struct wire_frame *request)
{
	AUTO_FREE char *word = wire_get_text(request, TAG_REASON);
	const struct devid_reason *row = word ? devid_reason_find(word) : NULL;

	return row && is_refusal(row->result) ? row : NULL;
}

static bool names_system(const struct wire_frame *request)
{
	AUTO_FREE char *token = wire_get_text(request, TAG_TOKEN);

	return token && strcmp(token, TOKEN) == 0;
}

/* Of the machine's records, former ones too, which all can read. NULL: there is none with that key.
 */
static struct subject *find_subject(const guint8 *spki_hash)
{
	struct record_list records = { 0 };
	struct subject *subject = NULL;
	char folder[PATH_BUFFER];

	if (!path_data(SCOPE_SYSTEM, folder) || record_load_all(folder, &records) != DEVID_OK)
		return NULL;
	for (size_t i = 0; i < records.count && !subject; i++)
		if (memcmp(records.records[i].spki_hash, spki_hash, WIRE_SPKI_HASH) == 0)
			subject = subject_new(&records.records[i]);
	record_list_clear(&records);
	return subject;
}

static bool note(struct session *session, const guint8 *spki_hash,
		 const struct devid_reason *reason, GError **error)
{
	g_autoptr(gate_subject) subject = NULL;
	g_autoptr(GError) problem = NULL;
	struct report_use use = { .peer = &session->peer, .action = "Refused", .token = TOKEN };

	devid_error_set(&problem, reason->result, reason->word, NULL, "%s", reason->cause);
	peer_look(&session->peer);
	if (!refusals_add(session->agent->told, &session->peer, spki_hash, 0, false, problem))
		return true;
	subject = find_subject(spki_hash);
	if (!subject)
		return devid_error_set(error, DEVID_NOT_FOUND, NULL, NULL,
				       "refusal: the machine has no identity with this key");
	use.subject = subject;
	use.problem = problem;
	report_use(session->agent->report, &use);
	return true;
}

bool handle_refused(const struct exchange *exchange, GError **error)
{
	const struct devid_reason *reason = read_reason(exchange->request);
	struct wire_field hash;

	if (exchange->session->agent->scope != SCOPE_USER)
		return devid_error_set(error, DEVID_UNSUPPORTED, NULL, NULL,
				       "refusal: the machine's agent knows itself whom it refused");
	if (!reason || !names_system(exchange->request) ||
	    !wire_get(exchange->request, TAG_SPKI_HASH, &hash) || hash.length != WIRE_SPKI_HASH)
		return devid_error_set(
			error, DEVID_USAGE, NULL, NULL,
			"refusal: it names no key, no token, or a reason that is none");
	/* Root reads the machine's log, and would read of it twice. */
	if (exchange->session->agent->uid == 0)
		return true;
	return note(exchange->session, hash.data, reason, error);
}
