/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OperatingSystem=: what os-release says (os-release(5)). */
#include <errno.h>
#include <string.h>
#include "posture-os.h"
#include "posture-support.h"
#include "posture-table.h"
#include "posture-version.h"

#define RELEASE_MAX 65536

/* "debian" or "debian>=12" */
char *posture_os_accept(const char *text)
{
	AUTO_WANTED struct wanted wanted = { NULL };
	char *why = posture_wanted_parse(&wanted, text);

	if (why)
		return why;
	if (!*wanted.name ||
	    wanted.name[strspn(wanted.name, "0123456789abcdefghijklmnopqrstuvwxyz._-")])
		return g_strdup_printf("has \"%s\", which is no system's ID as in os-release",
				       wanted.name);
	return NULL;
}

/* Takes the value of "KEY=VALUE", quoted as for a shell, if it is that key. false: it is, and
 * damaged. */
static bool take_value(const char *line, const char *key, char **value)
{
	gsize length = strlen(key);

	if (strncmp(line, key, length) != 0 || line[length] != '=')
		return true;
	g_free(*value);
	*value = g_shell_unquote(line + length + 1, NULL);
	return *value != NULL;
}

bool posture_os_parse(const char *text, gsize length, char **id, char **version)
{
	const char *end = text + length;
	bool ok = length == 0 || !memchr(text, '\0', length);

	*id = *version = NULL;
	while (ok && text < end) {
		const char *stop = memchr(text, '\n', end - text);
		g_autofree char *line = g_strstrip(g_strndup(text, (stop ? stop : end) - text));

		ok = take_value(line, "ID", id) && take_value(line, "VERSION_ID", version);
		text = stop ? stop + 1 : end;
	}
	if (ok && !*id)
		*id = g_strdup("linux"); /* as os-release(5) has it */
	if (ok && *version && !**version)
		g_clear_pointer(version, g_free);
	if (!ok) {
		g_clear_pointer(id, g_free);
		g_clear_pointer(version, g_free);
	}
	return ok;
}

/* Whether this is the system in one of the values. */
static enum devid_answer compare(const char *text, const char *id, const char *version)
{
	AUTO_WANTED struct wanted wanted = { NULL };

	g_free(posture_wanted_parse(&wanted, text));
	if (strcmp(wanted.name, id) != 0)
		return DEVID_ANSWER_FAIL;
	if (!wanted.version)
		return DEVID_ANSWER_PASS;
	if (!version || !posture_version_is_sound(version))
		return DEVID_ANSWER_UNKNOWN;
	return posture_version_reaches(version, wanted.version) ? DEVID_ANSWER_PASS
								: DEVID_ANSWER_FAIL;
}

/* Both places are right, the one in /etc goes first. */
static GBytes *read_release(const struct posture_place *place, char **message)
{
	static const char *const paths[] = { "/etc/os-release", "/usr/lib/os-release" };
	GBytes *bytes = NULL;
	int error = ENOENT;

	for (gsize i = 0; !bytes && error == ENOENT && i < G_N_ELEMENTS(paths); i++)
		bytes = posture_read(place, paths[i], RELEASE_MAX, &error);
	if (!bytes)
		*message = g_strdup_printf("os-release can't be read: %s", g_strerror(error));
	return bytes;
}

enum devid_answer posture_os_run(char **words, const struct posture_place *place, char **message)
{
	g_autoptr(GBytes) bytes = read_release(place, message);
	struct posture_sum sum = { { NULL } };
	g_autofree char *id = NULL;
	g_autofree char *version = NULL;
	gsize length = 0;
	const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;

	if (!bytes)
		return DEVID_ANSWER_UNKNOWN;
	if (!posture_os_parse(text ? text : "", length, &id, &version)) {
		*message = g_strdup("os-release is damaged");
		return DEVID_ANSWER_UNKNOWN;
	}
	for (; *words; words++)
		posture_sum_add(&sum, compare(*words, id, version), g_strdup(""));
	*message = g_strdup_printf("this is %.64s %.64s", id,
				   version ? version : "without VERSION_ID");
	return posture_sum_any(&sum, NULL);
}
