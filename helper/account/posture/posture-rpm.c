/* Packages where rpm keeps them: its database has many forms, so rpm itself is asked. */
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include "posture-program.h"
#include "posture-rpm.h"
#include "posture-version.h"

#define RPM_PROGRAM "/usr/bin/rpm"
#define ANSWER_MAX  4096

/* The lowest of the versions that rpm names (several of one name may be installed). NULL: none. */
static char *lowest(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	const char *low = NULL;

	for (gsize i = 0; lines[i]; i++) {
		if (!*lines[i])
			continue;
		if (!posture_version_is_sound(lines[i]))
			return NULL;
		if (!low || posture_version_compare(lines[i], low) < 0)
			low = lines[i];
	}
	return g_strdup(low);
}

gboolean posture_rpm_version(const struct posture_place *place, const char *name, char **version,
			     char **found)
{
	static const char *const words[] = {
		[POSTURE_PROGRAM_ENDED] = "rpm can't tell",
		[POSTURE_PROGRAM_NOT_STARTED] = "rpm can't be started",
		[POSTURE_PROGRAM_LATE] = "rpm did not answer",
	};
	const char *const arguments[] = {
		"rpm", "-q", "--qf", "%{EPOCHNUM}:%{VERSION}-%{RELEASE}\n", "--", name, NULL
	};
	g_autofree char *program = g_strconcat(place->root, RPM_PROGRAM, NULL);
	g_autofree char *text = NULL;
	enum posture_program_end end;
	int status;

	*version = NULL;
	if (access(program, X_OK) != 0) {
		*found = g_strdup("there is neither dpkg's database nor rpm");
		return FALSE;
	}
	end = posture_program_run(program, arguments, ANSWER_MAX,
				  g_get_monotonic_time() + POSTURE_PROGRAM_BOUND, &text, &status);
	if (end == POSTURE_PROGRAM_ENDED && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		*version = lowest(text);
	if (*version || (end == POSTURE_PROGRAM_ENDED && WIFEXITED(status) &&
			 WEXITSTATUS(status) == 1 && strstr(text, "is not installed")))
		return TRUE;
	*found = g_strdup(words[end]);
	return FALSE;
}
