/* What the examinations of `devid doctor` share. Each runs in a process of its own that is ended when its
 * time is up: whatever hangs (a keyring, a bus, another module, a folder far away), doctor does not.
 */
#ifndef COMMAND_DOCTOR_H
#define COMMAND_DOCTOR_H

#include <gio/gio.h>

#include "agent-look.h"
#include "describe.h"

enum outcome {
	OUTCOME_PASS,
	OUTCOME_SKIP, /* could not be looked at, or there is nothing to look at; the text says why */
	OUTCOME_WARN,
	OUTCOME_FAIL,
	OUTCOME_COUNT
};

struct doctor_line {
	enum outcome outcome;
	char *text;
	char *hint; /* or NULL */
};

struct doctor;

/* A row of the table in doctor-table.c. */
struct examination {
	const char *name; /* stable: --json has it */
	const char *title;
	void (*run)(struct doctor *doctor);
	const char *reads;
	bool all_users;	  /* with --all-users alone */
	unsigned seconds; /* its bound; 0: ten */
};
extern const struct examination examinations[];
extern const size_t examination_count;

/* --- for an examination ------------------------------------------------------------------- */

/* One line of what was found; `hint` may be NULL. At least one has to be told. */
void doctor_tell(struct doctor *doctor, enum outcome outcome, const char *hint, const char *format,
		 ...) G_GNUC_PRINTF(4, 5);
/* What is under way, for the case that it never ends: "while loading X". NULL: nothing in particular. */
void doctor_doing(struct doctor *doctor, const char *what);
/* Whether this examination has told something already. */
bool doctor_told(const struct doctor *doctor);
/* For later examinations, which run in other processes: a word under a name. */
void doctor_note(struct doctor *doctor, const char *name, const char *value);
const char *doctor_noted(const struct doctor *doctor, const char *name);

/* The identities of both tokens; NULL where it was told that they can't be read. */
const struct identity_list *doctor_identities(struct doctor *doctor);
/* Never NULL but where there is no memory. */
struct devid_account *doctor_account(struct doctor *doctor, enum half half);
/* The one that a connection would use, or NULL. */
const struct identity *doctor_chosen(struct doctor *doctor);
/* What is wrong with the one that is chosen is a failure, with another a warning. */
enum outcome doctor_gravity(struct doctor *doctor, const struct identity *identity);
/* "laptop", "laptop (system)" */
const char *doctor_identity_name(const struct identity *identity);
/* Whether the user has an identity in the store ("keyring"; NULL: any) */
bool doctor_has_identity(struct doctor *doctor, enum half half, const char *store);
/* `path` below the root of a test (DEVID_TEST_ROOT), else itself; g_free(). */
char *doctor_path(const char *path);
/* Cancelled after that time, once and for all: for calls that have no bound of their own. It is for the rest of
 * the examination, whose process frees it.
 */
GCancellable *doctor_bound(guint milliseconds);

/* --- what was found ----------------------------------------------------------------------- */

struct doctor_result {
	const struct examination *examination;
	GArray *lines; /* struct doctor_line */
};

struct diagnosis {
	struct doctor_result *results; /* examination_count of them */
	guint counts[OUTCOME_COUNT];
};

const char *outcome_word(enum outcome outcome); /* "pass", … */
void diagnosis_print(const struct diagnosis *diagnosis);
void diagnosis_json(const struct diagnosis *diagnosis);
/* "9 passed, 1 warning, 0 failed"; g_free(). */
char *diagnosis_summary(const struct diagnosis *diagnosis);
/* doctor-report.c: everything for the help desk, in a new file that nobody else can read. */
gboolean diagnosis_report(const struct diagnosis *diagnosis, const char *path, GError **error);

/* --- the examinations --------------------------------------------------------------------- */

void doctor_versions(struct doctor *doctor);
void doctor_module(struct doctor *doctor);
void doctor_agent(struct doctor *doctor);
void doctor_keyring(struct doctor *doctor);
void doctor_identity(struct doctor *doctor);
void doctor_key(struct doctor *doctor);
void doctor_size(struct doctor *doctor);
void doctor_chain(struct doctor *doctor);
void doctor_dates(struct doctor *doctor);
void doctor_clock(struct doctor *doctor);
void doctor_account_file(struct doctor *doctor);
void doctor_signing(struct doctor *doctor);
void doctor_office(struct doctor *doctor);
void doctor_rule(struct doctor *doctor);
void doctor_system(struct doctor *doctor);
void doctor_denials(struct doctor *doctor);
void doctor_leftovers(struct doctor *doctor);
void doctor_copies(struct doctor *doctor);
void doctor_users(struct doctor *doctor);

#endif
