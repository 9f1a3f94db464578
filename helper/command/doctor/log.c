/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The event logs: whether who has to write them can. What the machine's agent can't write is
 * lost. */
#include <errno.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/path.h>
#include <stdbool.h>

#include "support.h"

#define MAKE_HINT "as root: systemd-sysusers devid.conf && systemd-tmpfiles --create devid.conf"

static const char *const files[] = { "events.jsonl",	   "events.jsonl.1", "refusals.jsonl",
				     "refusals.jsonl.new", "uses.jsonl",     "uses.jsonl.new" };

/* What of it has another owner than it has to have, or NULL. What can't be looked at has been told
 * by its folder. */
static char *find_foreign(const char *folder, uid_t owner)
{
	struct stat status;

	if (lstat(folder, &status) == 0 && status.st_uid != owner)
		return g_strdup(folder);
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(folder, files[i], NULL);

		if (lstat(path, &status) == 0 && status.st_uid != owner)
			return g_steal_pointer(&path);
	}
	return NULL;
}

static void look_at_machine(struct doctor *doctor, const char *folder)
{
	const struct passwd *owner = getpwnam("devid");
	g_autofree char *foreign = NULL, *hint = NULL;

	if (!owner || owner->pw_uid == 0) {
		doctor_tell(doctor, OUTCOME_FAIL, MAKE_HINT,
			    "there is no user devid, whose the machine's event log is: nothing is "
			    "written to it");
		return;
	}
	foreign = find_foreign(folder, owner->pw_uid);
	if (!foreign)
		return;
	hint = g_strdup_printf("as root: chown -R devid:devid %s", folder);
	doctor_tell(doctor, OUTCOME_FAIL, hint,
		    "%s is not the user devid's: what the machine's agent has to write there is "
		    "lost",
		    foreign);
}

static void look_at_own(struct doctor *doctor, const char *folder)
{
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(folder, files[i], NULL);

		if (access(path, W_OK) == 0 || errno == ENOENT)
			continue;
		doctor_tell(doctor, OUTCOME_WARN, "it has to be yours, and a file",
			    "%s can't be written: %s", path, g_strerror(errno));
	}
}

void doctor_log(struct doctor *doctor)
{
	char own[PATH_BUFFER], machine[PATH_BUFFER];
	bool has_machine = path_state(SCOPE_SYSTEM, machine);
	struct stat status;

	if (path_state(SCOPE_USER, own))
		look_at_own(doctor, own);
	if (has_machine &&
	    (lstat(machine, &status) == 0 || doctor_has_identity(doctor, SCOPE_SYSTEM, NULL)))
		look_at_machine(doctor, machine);
	if (!doctor->told)
		doctor_tell(doctor, OUTCOME_PASS, NULL, "events can be written");
}
