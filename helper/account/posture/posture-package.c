/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packages that are installed, and their versions: dpkg's database is read, rpm is asked. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include "posture-package.h"
#include "posture-program.h"
#include "posture-support.h"
#include "posture-version.h"

#define PACKAGE_NAME_MAX 128
#define STATUS_FILE	 "/var/lib/dpkg/status"
#define STATUS_MAX	 (64 * 1024 * 1024)
#define RPM_PROGRAM	 "/usr/bin/rpm"
#define RPM_ANSWER_MAX	 4096

bool posture_package_name_is_sound(const char *name)
{
	return g_ascii_isalnum(*name) && strlen(name) <= PACKAGE_NAME_MAX &&
	       name[strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ.+-_")] == '\0';
}

/* The fields of a stanza that count. Each stands in it once. */
enum field { FIELD_PACKAGE, FIELD_STATUS, FIELD_VERSION, FIELD_COUNT };
static const char *const field_names[FIELD_COUNT] = { "Package:", "Status:", "Version:" };

struct stanza {
	char *of[FIELD_COUNT];
};

static void stanza_clear(struct stanza *stanza)
{
	for (gsize i = 0; i < FIELD_COUNT; i++)
		g_clear_pointer(&stanza->of[i], g_free);
}

/* Takes a line's field if it counts. false: it is none, or is there twice. */
static bool take_field(struct stanza *stanza, const char *line, gsize width)
{
	const char *colon = memchr(line, ':', width);

	if (!colon || colon == line)
		return false;
	for (gsize i = 0; i < FIELD_COUNT; i++) {
		gsize length = strlen(field_names[i]);

		if (width < length || g_ascii_strncasecmp(line, field_names[i], length) != 0)
			continue;
		if (stanza->of[i])
			return false;
		stanza->of[i] = g_strstrip(g_strndup(line + length, width - length));
		break;
	}
	return true;
}

/* "install ok installed": the last word is the state. With triggers to come it is installed as
 * well. */
static bool is_installed(const char *status)
{
	static const char *const good[] = { "installed", "triggers-pending", "triggers-awaited",
					    NULL };
	const char *space = strrchr(status, ' ');

	return g_strv_contains(good, space ? space + 1 : status);
}

/* The end of a stanza: false where it lacks what it must have. */
static bool end_stanza(struct stanza *stanza, const char *name, char **version)
{
	const char *const *of = (const char *const *)stanza->of;
	bool ok = true;

	if (of[FIELD_PACKAGE] && strcmp(of[FIELD_PACKAGE], name) == 0) {
		bool there = of[FIELD_STATUS] && is_installed(of[FIELD_STATUS]);

		ok = of[FIELD_STATUS] &&
		     (!there || (of[FIELD_VERSION] && posture_version_is_sound(of[FIELD_VERSION])));
		if (ok && there &&
		    (!*version || posture_version_compare(of[FIELD_VERSION], *version) < 0)) {
			g_free(*version);
			*version = g_strdup(of[FIELD_VERSION]);
		}
	}
	stanza_clear(stanza);
	return ok;
}

bool posture_package_find(const char *text, gsize length, const char *name, char **version)
{
	const char *end = text + length;
	struct stanza stanza = { { NULL } };
	bool ok = length == 0 || !memchr(text, '\0', length);

	*version = NULL;
	while (ok && text < end) {
		const char *stop = memchr(text, '\n', end - text);
		gsize width = (stop ? stop : end) - text;

		if (width == 0)
			ok = end_stanza(&stanza, name, version);
		else if (*text != ' ' && *text != '\t')
			ok = take_field(&stanza, text, width);
		text = stop ? stop + 1 : end;
	}
	if (ok)
		ok = end_stanza(&stanza, name, version);
	stanza_clear(&stanza);
	if (!ok)
		g_clear_pointer(version, g_free);
	return ok;
}

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

/* rpm's database has many forms, so rpm itself is asked. As dpkg's: NULL where it is not installed;
 * false with *found: rpm is not there, fails, or doesn't end in time.
 */
static bool ask_rpm(const struct posture_place *place, const char *name, char **version,
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
		return false;
	}
	end = posture_program_run(program, arguments, RPM_ANSWER_MAX,
				  g_get_monotonic_time() + POSTURE_PROGRAM_BOUND, &text, &status);
	if (end == POSTURE_PROGRAM_ENDED && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		*version = lowest(text);
	if (*version || (end == POSTURE_PROGRAM_ENDED && WIFEXITED(status) &&
			 WEXITSTATUS(status) == 1 && strstr(text, "is not installed")))
		return true;
	*found = g_strdup(words[end]);
	return false;
}

/* What is installed by this name, NULL for nothing; or false with *found. */
static bool installed_version(const struct posture_place *place, const char *name, char **version,
			      char **found)
{
	int error;
	g_autoptr(GBytes) status = posture_read(place, STATUS_FILE, STATUS_MAX, &error);
	gsize length = 0;
	const char *text = status ? g_bytes_get_data(status, &length) : NULL;

	if (status && posture_package_find(text ? text : "", length, name, version))
		return true;
	if (status)
		*found = g_strdup(STATUS_FILE " is damaged");
	else if (error != ENOENT)
		*found = g_strdup_printf(STATUS_FILE " can't be read: %s", g_strerror(error));
	else
		return ask_rpm(place, name, version, found);
	return false;
}

void posture_package_ask(const struct posture_place *place, const struct wanted *wanted,
			 struct posture_sum *sum)
{
	g_autofree char *version = NULL;
	enum devid_answer answer = DEVID_ANSWER_FAIL;
	char *found;

	if (!installed_version(place, wanted->name, &version, &found)) {
		answer = DEVID_ANSWER_UNKNOWN;
	} else if (!version) {
		found = g_strdup_printf("package %s is not installed", wanted->name);
	} else if (!wanted->version || posture_version_reaches(version, wanted->version)) {
		answer = DEVID_ANSWER_PASS;
		found = g_strdup_printf("package %s is at %s", wanted->name, version);
	} else {
		found = g_strdup_printf("package %s is at %s, below %s", wanted->name, version,
					wanted->version);
	}
	posture_sum_add(sum, answer, found);
}
