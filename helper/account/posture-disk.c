/* DiskEncryption=: whether file systems lie on dm-crypt. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "posture-private.h"

#define MOUNTS_FILE "/proc/self/mountinfo"
#define MOUNTS_MAX  (8 * 1024 * 1024)

/* What can be asked for, and where it is. */
static const struct place {
	const char *name;
	const char *path;
	gboolean below; /* what is mounted directly below counts as well: homes of their own */
} places[] = {
	{ "root", "/", FALSE },
	{ "home", "/home", TRUE },
};

static const struct place *find_place(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
		if (strcmp(places[i].name, name) == 0)
			return &places[i];
	return NULL;
}

static char *accept_one(const char *text)
{
	return find_place(text) ? NULL
				: g_strdup_printf("has \"%s\", which is none of: root, home", text);
}

char *disk_accept(const char *value)
{
	return posture_accept_each(value, accept_one);
}

/* Without links: /home is one to /var/home on some systems. What is not there lies on the root. */
static char *resolve(const char *root, const char *path)
{
	g_autofree char *below = g_strconcat(root, path, NULL);
	g_autofree char *home = realpath(below, NULL);
	g_autofree char *prefix = *root ? realpath(root, NULL) : NULL;
	gsize length = prefix ? strlen(prefix) : 0;

	if (!home || (prefix && strncmp(home, prefix, length) != 0))
		return g_strdup(path);
	return g_strdup(home[length] ? home + length : "/");
}

static enum devid_answer ask_mount(const char *root, const struct mount *mount, char **found)
{
	if (strcmp(mount->type, "btrfs") == 0)
		return btrfs_encrypted(root, mount->source, found);
	if (mount->major != 0)
		return block_encrypted(root, mount->major, mount->minor, found);
	*found = g_strdup_printf("a file system of the kind %s does not tell", mount->type);
	return DEVID_ANSWER_UNKNOWN;
}

static void add_mount(struct posture_sum *sum, const char *root, const struct mount *mount,
		      const char *path)
{
	char *found;
	enum devid_answer answer = ask_mount(root, mount, &found);

	posture_sum_add(sum, answer, g_strdup_printf("%s: %s", path, found));
	g_free(found);
}

static gboolean is_directly_below(const char *path, const char *folder)
{
	gsize length = strlen(folder);

	return strncmp(path, folder, length) == 0 && path[length] == '/' &&
	       !strchr(path + length + 1, '/');
}

static void ask_place(struct posture_sum *sum, const GArray *mounts, const char *root,
		      const struct place *place)
{
	g_autofree char *path = resolve(root, place->path);
	const struct mount *mount = mounts_find(mounts, path);

	if (!mount) {
		posture_sum_add(sum, DEVID_ANSWER_UNKNOWN,
				g_strdup_printf("%s: no file system is mounted", place->path));
		return;
	}
	add_mount(sum, root, mount, place->path);
	for (guint i = 0; place->below && i < mounts->len; i++) {
		mount = &g_array_index(mounts, struct mount, i);
		if (is_directly_below(mount->point, path) &&
		    mounts_find(mounts, mount->point) == mount)
			add_mount(sum, root, mount, mount->point);
	}
}

enum devid_answer disk_run(const char *value, const struct posture_place *place, char **message)
{
	int error;
	g_autoptr(GBytes) bytes = posture_read(place, MOUNTS_FILE, MOUNTS_MAX, &error);
	g_autoptr(GArray) mounts = NULL;
	struct posture_sum sum = { { NULL } };
	g_auto(GStrv) words = NULL;
	gsize length = 0;
	const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;

	mounts = bytes ? mounts_parse(text ? text : "", length) : NULL;
	if (!mounts) {
		*message = g_strdup_printf(MOUNTS_FILE " can't be read%s%s", error ? ": " : "",
					   error ? g_strerror(error) : "");
		return DEVID_ANSWER_UNKNOWN;
	}
	g_free(conf_set_list(value, &words));
	for (gsize i = 0; words && words[i]; i++)
		ask_place(&sum, mounts, place->root, find_place(words[i]));
	return posture_sum_all(&sum, message);
}
