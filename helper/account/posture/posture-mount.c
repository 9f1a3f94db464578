/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts: the lines of mountinfo (proc(5)), and which of them a path lies on. */
#include <stdio.h>
#include <string.h>
#include "posture-mount.h"

/* systemd lays this over what a service is not to see (ProtectHome=, InaccessiblePaths=). */
#define INACCESSIBLE "/systemd/inaccessible/"

static void mount_clear(void *data)
{
	struct mount *mount = data;

	g_free(mount->root);
	g_free(mount->point);
	g_free(mount->type);
	g_free(mount->source);
}

/* A field as it was: "\\040" is a blank. */
static char *unescape(const char *field)
{
	GString *text = g_string_new(NULL);

	for (; *field; field++) {
		if (field[0] == '\\' && field[1] >= '0' && field[1] <= '3' && field[2] >= '0' &&
		    field[2] <= '7' && field[3] >= '0' && field[3] <= '7') {
			g_string_append_c(text, (char)((field[1] - '0') * 64 +
						       (field[2] - '0') * 8 + field[3] - '0'));
			field += 3;
		} else {
			g_string_append_c(text, *field);
		}
	}
	return g_string_free(text, false);
}

/* "36 35 98:0 /root /point options [optional…] - type source options" */
static bool parse_line(const char *line, struct mount *mount)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	guint count = g_strv_length(words);
	guint dash = 6;
	int used = 0;

	while (dash < count && strcmp(words[dash], "-") != 0)
		dash++;
	if (dash + 2 >= count ||
	    sscanf(line, "%9u %9u %9u:%9u %n", &mount->id, &mount->parent, &mount->major,
		   &mount->minor, &used) != 4 ||
	    used == 0 || *words[4] != '/')
		return false;
	mount->root = unescape(words[3]);
	mount->point = unescape(words[4]);
	mount->type = g_strdup(words[dash + 1]);
	mount->source = unescape(words[dash + 2]);
	return true;
}

GArray *posture_mounts_parse(const char *text, gsize length)
{
	g_autofree char *copy = g_strndup(text, length);
	g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
	g_autoptr(GArray) mounts = g_array_new(false, false, sizeof(struct mount));

	g_array_set_clear_func(mounts, mount_clear);
	if (strlen(copy) != length)
		return NULL;
	for (gsize i = 0; lines[i]; i++) {
		struct mount mount = { 0 };

		if (!*lines[i])
			continue;
		if (!parse_line(lines[i], &mount))
			return NULL;
		mount.hides = g_str_has_prefix(mount.root, INACCESSIBLE);
		g_array_append_val(mounts, mount);
	}
	return g_steal_pointer(&mounts);
}

static bool lies_on(const char *path, const char *point)
{
	gsize length = strcmp(point, "/") == 0 ? 0 : strlen(point);

	return strncmp(path, point, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static bool has_id(const GArray *mounts, unsigned id)
{
	for (guint i = 0; i < mounts->len; i++)
		if (g_array_index(mounts, struct mount, i).id == id)
			return true;
	return false;
}

/* What the walk of a path meets next: of the mounts that lie on `on` the one nearest to the root;
 * of several on one place the last. NULL for `on`: where a walk begins.
 */
static const struct mount *next_mount(const GArray *mounts, const struct mount *on,
				      const char *path)
{
	const struct mount *next = NULL;

	for (guint i = 0; i < mounts->len; i++) {
		const struct mount *mount = &g_array_index(mounts, struct mount, i);

		if (on ? mount->parent != on->id || mount == on || !lies_on(path, mount->point)
		       : strcmp(mount->point, "/") != 0 ||
				    (mount->parent != mount->id && has_id(mounts, mount->parent)))
			continue;
		if (!next || strlen(mount->point) <= strlen(next->point))
			next = mount;
	}
	return next;
}

/* As the kernel walks: what lies below a place that something else was mounted over is not met. */
const struct mount *posture_mounts_find(const GArray *mounts, const char *path)
{
	const struct mount *found = next_mount(mounts, NULL, path);
	const struct mount *next = found;

	for (guint steps = 0; next && steps <= mounts->len; steps++) {
		found = next;
		next = next_mount(mounts, found, path);
	}
	return next ? NULL : found;
}

char *posture_mount_inside(const struct mount *mount, const char *path)
{
	const char *rest = path + (strcmp(mount->point, "/") == 0 ? 0 : strlen(mount->point));
	g_autofree char *whole = g_strconcat(mount->root, "/", rest, NULL);

	return g_canonicalize_filename(whole, "/");
}
