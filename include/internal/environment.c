/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the agent is given of its starter's environment. SECRET_BACKEND or LD_LIBRARY_PATH of a host
 * program must not reach it, nor the folders of another user that `su` left behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/environment.h>
#include <internal/test-hook.h>

/* Folders, taken where they are the caller's own. */
static const char *const folders[] = {
	"XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME",
};
static const char *const words[] = {
	"DBUS_SESSION_BUS_ADDRESS",
	"LANG",
};
#define ROOM (ARRAY_SIZE(folders) + ARRAY_SIZE(words) + 2)

struct list {
	char **entries;
	size_t count;
	bool failed;
};

/* `equals`: "=", or "" where `name` is the whole entry. */
static void add(struct list *list, const char *name, const char *equals, const char *value)
{
	char *entry;

	if (!value || list->failed)
		return;
	if (asprintf(&entry, "%s%s%s", name, equals, value) < 0)
		list->failed = true;
	else
		list->entries[list->count++] = entry;
}

/* A test's variables. */
static void add_hooks(struct list *list)
{
	if (getauxval(AT_SECURE))
		return; /* as secure_getenv() does */
	for (char **entry = environ; entry && *entry; entry++)
		if (TEST_HOOK_IS(*entry))
			add(list, *entry, "", "");
}

static void add_user(struct list *list)
{
	char home[PATH_BUFFER];

	add(list, "HOME", "=", path_home(home) ? home : NULL);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		add(list, folders[i], "=", path_from_environment(folders[i]));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		add(list, words[i], "=", secure_getenv(words[i]));
}

char **environment_build(enum scope scope)
{
	struct list list = { NULL, 0, false };
	size_t hooks = 0;

	for (char **entry = environ; entry && *entry; entry++)
		hooks += TEST_HOOK_IS(*entry);
	list.entries = calloc(hooks + ROOM, sizeof(*list.entries));
	if (!list.entries)
		return NULL;
	if (scope == SCOPE_USER)
		add_user(&list);
	add_hooks(&list);
	if (list.failed) {
		environment_free(list.entries);
		return NULL;
	}
	return list.entries;
}

void environment_free(char **environment)
{
	for (char **entry = environment; entry && *entry; entry++)
		free(*entry);
	free(environment);
}
