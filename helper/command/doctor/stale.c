/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that go on with a key that was replaced or removed: clients keep certificate and handle,
 * and say no more than that a signature failed. What the logs tell of the last day.
 */
#include <devid/reason.h>

#include "account/event/event-read.h"
#include "base/json-value.h"
#include "support.h"

#define DAY	     86400
#define PROGRAMS_MAX 20

struct refused {
	gint64 time; /* microseconds since 1970 */
	char *label; /* or NULL */
};

static void refused_free(void *data)
{
	struct refused *refused = data;

	g_free(refused->label);
	g_free(refused);
}

/* Uses that were counted together are written some time after the last of them. */
static gint64 time_of_use(const struct event_seen *seen)
{
	const char *last = json_value_text(seen->object, "last");
	g_autoptr(GDateTime) time = !last ? NULL : g_date_time_new_from_iso8601(last, NULL);

	return !time ? seen->time : g_date_time_to_unix(time) * G_USEC_PER_SEC;
}

/* A program that got a signature later has found what is there now. */
static void take(GHashTable *programs, const struct event_seen *seen)
{
	const char *program = json_value_text(seen->object, "program");
	struct refused *refused;

	if (!program || g_strcmp0(json_value_text(seen->object, "event_sub_type"), "Key Use") != 0)
		return;
	refused = g_hash_table_lookup(programs, program);
	if (g_strcmp0(json_value_text(seen->object, "action"), "Allowed") == 0 &&
	    g_strcmp0(json_value_text(seen->object, "reason"), "former-key") != 0) {
		if (refused && refused->time <= time_of_use(seen))
			g_hash_table_remove(programs, program);
	} else if (g_strcmp0(json_value_text(seen->object, "reason"), "key-gone") == 0 &&
		   (refused || g_hash_table_size(programs) < PROGRAMS_MAX)) {
		refused = g_new0(struct refused, 1);
		refused->time = seen->time;
		refused->label = g_strdup(json_value_text(seen->object, "label"));
		g_hash_table_replace(programs, g_strdup(program), refused);
	}
}

void doctor_stale(struct doctor *doctor)
{
	g_autoptr(GHashTable) programs =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, refused_free);
	g_autoptr(event_reader) reader = event_reader_new(time(NULL) - DAY);
	const struct devid_reason *row = devid_reason_find("key-gone");
	GHashTableIter at;
	void *program, *refused;
	enum devid_result own, machine;
	struct event_seen seen;

	own = event_reader_add(reader, false);
	/* The machine's log is closed to most. */
	machine = event_reader_add(reader, true);
	if (own != DEVID_OK && machine != DEVID_OK) {
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "no log of events can be read");
		return;
	}
	while (event_reader_next(reader, &seen))
		take(programs, &seen);
	g_hash_table_iter_init(&at, programs);
	while (g_hash_table_iter_next(&at, &program, &refused)) {
		const char *label = ((const struct refused *)refused)->label;

		doctor_tell(doctor, OUTCOME_WARN, row->hint,
			    "%s goes on with a key of %s that is gone", (const char *)program,
			    !label ? "an identity" : label);
	}
	if (!doctor->told)
		doctor_tell(doctor, OUTCOME_PASS, NULL,
			    "no program goes on with a key that is gone");
}
