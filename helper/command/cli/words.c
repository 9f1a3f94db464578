/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words as people type them: the dashes of word processors, near misses. */
#include <stdbool.h>
#include <string.h>

#include "words.h"

#define EN_DASH	    "\xe2\x80\x93"
#define EM_DASH	    "\xe2\x80\x94"
#define DASH_LENGTH 3
/* Longer words are no slips of a finger; it also bounds the table below. */
#define WORD_MAX 64

/* Only what looks like an option's name is touched: a label or a file may begin with a dash of its
 * own.
 */
static bool is_option_name(const char *text)
{
	const char *end = text;

	if (!g_ascii_islower(*text))
		return false;
	while (g_ascii_islower(*end) || g_ascii_isdigit(*end) || *end == '-')
		end++;
	return *end == '\0' || *end == '=';
}

char *words_plain_dashes(const char *argument)
{
	const char *name = argument;

	if (!g_str_has_prefix(name, EN_DASH) && !g_str_has_prefix(name, EM_DASH))
		return NULL;
	while (g_str_has_prefix(name, EN_DASH) || g_str_has_prefix(name, EM_DASH))
		name += DASH_LENGTH;
	while (*name == '-')
		name++;
	if (!is_option_name(name))
		return NULL;
	return g_strconcat(name[1] == '\0' ? "-" : "--", name, NULL);
}

guint words_distance(const char *a, const char *b)
{
	guint rows[3][WORD_MAX + 1];
	size_t length_a = strlen(a), length_b = strlen(b);

	if (length_a > WORD_MAX || length_b > WORD_MAX)
		return G_MAXUINT;
	for (size_t j = 0; j <= length_b; j++)
		rows[0][j] = (guint)j;
	for (size_t i = 1; i <= length_a; i++) {
		guint *before = rows[(i + 1) % 3], *last = rows[(i - 1) % 3], *now = rows[i % 3];

		now[0] = (guint)i;
		for (size_t j = 1; j <= length_b; j++) {
			guint change = last[j - 1] + (a[i - 1] != b[j - 1]);

			now[j] = MIN(MIN(last[j] + 1, now[j - 1] + 1), change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = MIN(now[j], before[j - 2] + 1);
		}
	}
	return rows[length_a % 3][length_b];
}

/* Words that people have for one and the same from other programs: of a row that one is meant which
 * the command knows.
 */
static const char *const families[][6] = {
	{ "import-cert", "import", "add" },
	{ "remove", "delete", "rm", "del" },
	{ "list", "ls" },
	{ "connect", "start" },
	{ "disconnect", "stop" },
	{ "openssh", "ssh" },
	{ "strongswan", "swanctl", "ipsec", "ikev2" },
	{ "openconnect", "anyconnect" },
	{ "networkmanager", "network-manager", "nm" },
	{ "wpa_supplicant", "wpa-supplicant", "wpa" },
	{ "chromium", "chrome", "google-chrome" },
};

static bool is_in(const char *word, const char *const *words, gsize most)
{
	for (gsize i = 0; i < most && words[i]; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

const char *words_meant(const char *word, const char *const *candidates)
{
	const char *const *family = NULL;

	for (gsize i = 0; candidates[i]; i++)
		if (strcmp(candidates[i], word) == 0)
			return candidates[i];
	for (gsize i = 0; !family && i < G_N_ELEMENTS(families); i++)
		if (is_in(word, families[i], G_N_ELEMENTS(families[i])))
			family = families[i];
	for (gsize i = 0; family && candidates[i]; i++)
		if (is_in(candidates[i], family, G_N_ELEMENTS(families[0])))
			return candidates[i];
	return NULL;
}

const char *words_nearest(const char *word, const char *const *candidates)
{
	const char *nearest = NULL;
	guint least = (guint)MIN(MAX(strlen(word) / 3, 1), 3) + 1;

	/* "reset" for "reset-cred": who stopped typing meant what begins so. */
	for (size_t i = 0; strlen(word) > 2 && candidates[i]; i++)
		if (g_str_has_prefix(candidates[i], word))
			return candidates[i];
	for (size_t i = 0; candidates[i]; i++) {
		guint distance = words_distance(word, candidates[i]);

		if (distance < least) {
			least = distance;
			nearest = candidates[i];
		}
	}
	for (size_t i = 0; !nearest && strlen(word) > 2 && candidates[i]; i++)
		if (g_str_has_prefix(word, candidates[i]))
			nearest = candidates[i];
	return nearest;
}
