/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* [Profile NAME] sections: their keys are the rows of the table of checks, and IfUnknown=. */
#include <string.h>
#include "base/conf.h"
#include "posture-table.h"
#include "profile.h"

/* Each unit that is named is a question to systemd, and all have three seconds. */
#define VALUE_MAX 1024

static void check_clear(void *data)
{
	g_free(((struct profile_check *)data)->value);
}

struct profile *profile_new(const char *name)
{
	struct profile *profile = g_new0(struct profile, 1);

	profile->name = g_strdup(name);
	profile->if_unknown = DEVID_ANSWER_FAIL;
	profile->checks = g_array_new(FALSE, FALSE, sizeof(struct profile_check));
	g_array_set_clear_func(profile->checks, check_clear);
	return profile;
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	g_array_unref(profile->checks);
	g_free(profile->name);
	g_free(profile);
}

static const struct conf_choice answers[] = { { "fail", DEVID_ANSWER_FAIL },
					      { "pass", DEVID_ANSWER_PASS },
					      { NULL, 0 } };

/* One setter for all checks: the key's name says which it is. */
static char *set_check(void *target, const char *key, const char *value)
{
	struct profile *profile = target;
	struct profile_check added = { NULL };
	char *why;

	for (gsize i = 0; (added.check = posture_check(i)); i++)
		if (strcmp(added.check->kind.name, key) == 0)
			break;
	g_return_val_if_fail(added.check, g_strdup("is no check"));
	if (strlen(value) > VALUE_MAX)
		return g_strdup_printf("is longer than %d bytes", VALUE_MAX);
	why = posture_check_accept(added.check, value);
	if (why)
		return why;
	added.value = g_strdup(value);
	g_array_append_val(profile->checks, added);
	return NULL;
}

const struct conf_key *profile_keys(gsize *count)
{
	static gsize made;
	static struct conf_key *keys;
	static gsize length;

	if (g_once_init_enter(&made)) {
		GArray *rows = g_array_new(FALSE, TRUE, sizeof(struct conf_key));
		struct conf_key row = { "IfUnknown",
					CONF_FIELD(CONF_CHOICE, struct profile, if_unknown),
					.choices = answers };

		g_array_append_val(rows, row);
		row.set_as = set_check;
		for (gsize i = 0; posture_check(i); i++) {
			row.name = posture_check(i)->kind.name;
			g_array_append_val(rows, row);
		}
		length = rows->len;
		keys = (struct conf_key *)g_array_free(rows, FALSE);
		g_once_init_leave(&made, 1);
	}
	*count = length;
	return keys;
}

char *profile_end(void *data)
{
	const struct profile *profile = data;

	if (profile->checks->len > 0)
		return NULL;
	return g_strdup_printf("[Profile %s] has no check", profile->name);
}
