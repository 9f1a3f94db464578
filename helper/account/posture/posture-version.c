/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Versions: dpkg's order of them (deb-version(7)), and "NAME>=VERSION" as checks write it. */
#include <string.h>
#include "posture-version.h"

#define VERSION_MAX 255

/* Where a character that is no digit stands: "~" before the end, the end before letters, letters
 * before all else.
 */
static int rank(char c)
{
	if (c == '~')
		return -1;
	if (c == '\0' || g_ascii_isdigit(c))
		return 0;
	return g_ascii_isalpha(c) ? (unsigned char)c : (unsigned char)c + 256;
}

/* Numbers of any length: the longer is the greater once zeros in front are gone. */
static int compare_numbers(const char **a, const char **b)
{
	int first = 0;

	while (**a == '0')
		(*a)++;
	while (**b == '0')
		(*b)++;
	while (g_ascii_isdigit(**a) && g_ascii_isdigit(**b)) {
		if (first == 0)
			first = **a - **b;
		(*a)++;
		(*b)++;
	}
	if (g_ascii_isdigit(**a))
		return 1;
	if (g_ascii_isdigit(**b))
		return -1;
	return first;
}

/* One of the two parts, upstream version or revision: words and numbers by turns. */
static int compare_part(const char *a, const char *b)
{
	while (*a || *b) {
		int difference;

		while ((*a && !g_ascii_isdigit(*a)) || (*b && !g_ascii_isdigit(*b))) {
			difference = rank(*a) - rank(*b);
			if (difference != 0)
				return difference;
			a++;
			b++;
		}
		difference = compare_numbers(&a, &b);
		if (difference != 0)
			return difference;
	}
	return 0;
}

/* "EPOCH:UPSTREAM-REVISION" taken apart; what is not there is "0" or "". */
struct parts {
	char *text;
	const char *epoch, *upstream, *revision;
};

static void split_version(struct parts *parts, const char *version)
{
	char *rest = parts->text = g_strdup(version);
	char *colon = strchr(rest, ':');
	char *dash;

	parts->epoch = parts->revision = "";
	if (colon) {
		*colon = '\0';
		parts->epoch = rest;
		rest = colon + 1;
	}
	dash = strrchr(rest, '-');
	if (dash) {
		*dash = '\0';
		parts->revision = dash + 1;
	}
	parts->upstream = rest;
}

int posture_version_compare(const char *a, const char *b)
{
	struct parts left, right;
	int difference;

	split_version(&left, a);
	split_version(&right, b);
	difference = compare_part(left.epoch, right.epoch);
	if (difference == 0)
		difference = compare_part(left.upstream, right.upstream);
	if (difference == 0)
		difference = compare_part(left.revision, right.revision);
	g_free(left.text);
	g_free(right.text);
	return difference;
}

bool posture_version_reaches(const char *version, const char *wanted)
{
	const char *colon = strchr(version, ':');

	if (colon && !strchr(wanted, ':'))
		version = colon + 1;
	return posture_version_compare(version, wanted) >= 0;
}

bool posture_version_is_sound(const char *version)
{
	const char *colon = strchr(version, ':');
	gsize epoch = strspn(version, "0123456789");

	if (colon && (epoch == 0 || version + epoch != colon))
		return false;
	version = colon ? colon + 1 : version;
	return g_ascii_isdigit(*version) && strlen(version) <= VERSION_MAX &&
	       version[strspn(version, "0123456789abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ.+-~^_")] == '\0';
}

void posture_wanted_clear(struct wanted *wanted)
{
	g_clear_pointer(&wanted->name, g_free);
	g_clear_pointer(&wanted->version, g_free);
}

char *posture_wanted_parse(struct wanted *wanted, const char *text)
{
	const char *sign = strpbrk(text, "<>=! ");

	wanted->name = sign ? g_strndup(text, sign - text) : g_strdup(text);
	g_strchomp(wanted->name);
	if (!sign)
		return NULL;
	sign += strspn(sign, " ");
	if (!*wanted->name || !g_str_has_prefix(sign, ">="))
		return g_strdup_printf("has \"%s\": a version is asked for as NAME>=VERSION", text);
	wanted->version = g_strstrip(g_strdup(sign + 2));
	if (!posture_version_is_sound(wanted->version))
		return g_strdup_printf("has \"%s\", which names no version", text);
	return NULL;
}
