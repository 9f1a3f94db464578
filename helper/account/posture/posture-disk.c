/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DiskEncryption=: whether file systems lie on dm-crypt. What is asked is what the machine's users
 * have there; a service may be shown something else, and then can't tell.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/row.h"
#include "posture-block.h"
#include "posture-mount.h"
#include "posture-support.h"
#include "posture-table.h"

#define MOUNTS_FILE "/proc/self/mountinfo"
#define FIRST_FILE  "/proc/1/mountinfo"
#define MOUNTS_MAX  (8 * 1024 * 1024)

/* What is mounted, as this process sees it, and as the first process of the machine does. */
struct sight {
	const char *root;
	GArray *own;
	GArray *first; /* NULL: not to be had (hidepid=) */
};

/* What can be asked for, and where it is. */
static const struct place {
	const char *name;
	const char *path;
	bool below; /* what is mounted directly below counts as well: homes of their own */
} places[] = {
	{ "root", "/", false },
	{ "home", "/home", true },
};

char *posture_disk_accept(const char *text)
{
	return ROW_CALLED(places, text)
		       ? NULL
		       : g_strdup_printf("has \"%s\", which is none of: root, home", text);
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
		return posture_btrfs_encrypted(root, mount->source, found);
	if (mount->major != 0)
		return posture_block_encrypted(root, mount->major, mount->minor, found);
	*found = g_strdup_printf("a file system of the kind %s does not tell", mount->type);
	return DEVID_ANSWER_UNKNOWN;
}

/* Whether the kernel walks to that mount as well. */
static bool is_reached(const struct sight *sight, const struct mount *mount, const char *path)
{
	struct statx status;

	if (*sight->root)
		return true;
	/* What is not there lies on what is mounted above it. */
	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_MNT_ID, &status) !=
	    0)
		return errno == ENOENT;
	return !(status.stx_mask & STATX_MNT_ID) || status.stx_mnt_id == mount->id;
}

/* Whether the first process finds the same there: of a service with a name space of mounts of its
 * own that is not a matter of course.
 */
static bool is_shared(const struct sight *sight, const struct mount *mount, const char *path)
{
	const struct mount *first = sight->first ? posture_mounts_find(sight->first, path) : NULL;
	g_autofree char *here = posture_mount_inside(mount, path);
	g_autofree char *there = first ? posture_mount_inside(first, path) : NULL;

	return !sight->first || (first && first->major == mount->major &&
				 first->minor == mount->minor && strcmp(here, there) == 0);
}

/* `name` is what people know the path by. */
static void ask_path(struct posture_sum *sum, const struct sight *sight, const char *path,
		     const char *name)
{
	const struct mount *mount = posture_mounts_find(sight->own, path);
	enum devid_answer answer = DEVID_ANSWER_UNKNOWN;
	char *found;

	if (!mount)
		found = g_strdup("no file system is mounted");
	else if (mount->hides || !is_reached(sight, mount, path) || !is_shared(sight, mount, path))
		found = g_strdup("what is mounted there is hidden from this process");
	else
		answer = ask_mount(sight->root, mount, &found);
	posture_sum_add(sum, answer, g_strdup_printf("%s: %s", name, found));
	g_free(found);
}

static bool is_directly_below(const char *path, const char *folder)
{
	gsize length = strlen(folder);

	return strncmp(path, folder, length) == 0 && path[length] == '/' &&
	       !strchr(path + length + 1, '/');
}

/* What one of the two sees directly below is asked of both. */
static void ask_below(struct posture_sum *sum, const struct sight *sight, const GArray *mounts,
		      const char *path)
{
	for (guint i = 0; i < mounts->len; i++) {
		const struct mount *mount = &g_array_index(mounts, struct mount, i);

		if (is_directly_below(mount->point, path) &&
		    posture_mounts_find(mounts, mount->point) == mount)
			ask_path(sum, sight, mount->point, mount->point);
	}
}

static void ask_place(struct posture_sum *sum, const struct sight *sight, const struct place *place)
{
	g_autofree char *path = resolve(sight->root, place->path);

	ask_path(sum, sight, path, place->path);
	if (place->below)
		ask_below(sum, sight, sight->own, path);
	if (place->below && sight->first)
		ask_below(sum, sight, sight->first, path);
}

static GArray *read_mounts(const struct posture_place *place, const char *file, int *error)
{
	g_autoptr(GBytes) bytes = posture_read(place, file, MOUNTS_MAX, error);
	gsize length = 0;
	const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;

	return bytes ? posture_mounts_parse(text ? text : "", length) : NULL;
}

enum devid_answer posture_disk_run(char **words, const struct posture_place *place, char **message)
{
	int error, first_error;
	g_autoptr(GArray) own = read_mounts(place, MOUNTS_FILE, &error);
	g_autoptr(GArray) first = read_mounts(place, FIRST_FILE, &first_error);
	const struct sight sight = { place->root, own, first };
	struct posture_sum sum = { { NULL } };

	if (!own || (!first && !first_error)) {
		*message = g_strdup_printf("%s can't be read%s%s", own ? FIRST_FILE : MOUNTS_FILE,
					   error ? ": " : "", error ? g_strerror(error) : "");
		return DEVID_ANSWER_UNKNOWN;
	}
	for (; *words; words++)
		ask_place(&sum, &sight, ROW_CALLED(places, *words));
	return posture_sum_all(&sum, message);
}
