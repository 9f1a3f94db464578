/* Mounts: the lines of mountinfo (proc(5)), and which of them a path lies on. */
#include <stdio.h>
#include <string.h>
#include "posture-private.h"

/* systemd lays this over what a service is not to see (ProtectHome=, InaccessiblePaths=). It hides what
 * counts here and is not it.
 */
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
	return g_string_free(text, FALSE);
}

/* "36 35 98:0 /root /point options [optional…] - type source options" */
static gboolean parse_line(const char *line, struct mount *mount)
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
		return FALSE;
	mount->root = unescape(words[3]);
	mount->point = unescape(words[4]);
	mount->type = g_strdup(words[dash + 1]);
	mount->source = unescape(words[dash + 2]);
	return TRUE;
}

GArray *mounts_parse(const char *text, gsize length)
{
	g_autofree char *copy = g_strndup(text, length);
	g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
	g_autoptr(GArray) mounts = g_array_new(FALSE, FALSE, sizeof(struct mount));

	g_array_set_clear_func(mounts, mount_clear);
	if (strlen(copy) != length)
		return NULL;
	for (gsize i = 0; lines[i]; i++) {
		struct mount mount = { 0 };

		if (!*lines[i])
			continue;
		if (!parse_line(lines[i], &mount))
			return NULL;
		if (g_str_has_prefix(mount.root, INACCESSIBLE))
			mount_clear(&mount);
		else
			g_array_append_val(mounts, mount);
	}
	return g_steal_pointer(&mounts);
}

static gboolean lies_on(const char *path, const char *point)
{
	gsize length = strcmp(point, "/") == 0 ? 0 : strlen(point);

	return strncmp(path, point, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

const struct mount *mounts_find(const GArray *mounts, const char *path)
{
	const struct mount *best = NULL;

	/* The deepest; of several on one place the last lies over the others. */
	for (guint i = 0; i < mounts->len; i++) {
		const struct mount *mount = &g_array_index(mounts, struct mount, i);

		if (lies_on(path, mount->point) &&
		    (!best || strlen(mount->point) >= strlen(best->point)))
			best = mount;
	}
	return best;
}
