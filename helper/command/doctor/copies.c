/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private keys that lie about as files: what was downloaded for the import, what other clients
 * copied. Bounded: so many entries, so deep, no links.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/path.h>
#include <stdbool.h>

#include "support.h"

#define ENTRIES_MAX 5000 /* of one place */
#define TOLD_MAX    10
#define SNIFF_BYTES 16384

enum what {
	LOOK_FOR_KEYS,	      /* .p12, .pfx; .key and .pem that hold a private key */
	LOOK_FOR_BUNDLES,     /* .p12, .pfx */
	LOOK_FOR_CONNECTIONS, /* NetworkManager's, that hold a key or name its file */
};

/* Below the home folder, or absolute. */
static const struct {
	const char *path;
	int depth; /* 0: its files alone */
	enum what what;
	bool mine; /* only what belongs to the user */
} places[] = {
	{ "", 0, LOOK_FOR_KEYS, false },
	{ "Downloads", 1, LOOK_FOR_KEYS, false },
	{ "Desktop", 1, LOOK_FOR_KEYS, false },
	{ "Documents", 1, LOOK_FOR_KEYS, false },
	{ ".cert", 2, LOOK_FOR_KEYS, false }, /* NetworkManager's OpenVPN plugin imports to there */
	{ ".local/share/networkmanagement/certificates", 2, LOOK_FOR_KEYS, false },
	{ ".config", 2, LOOK_FOR_BUNDLES, false },
	{ "/tmp", 1, LOOK_FOR_KEYS, true },
	{ "/var/tmp", 1, LOOK_FOR_KEYS, true },
	{ "/etc/NetworkManager/system-connections", 0, LOOK_FOR_CONNECTIONS, false },
};

struct walk {
	struct doctor *doctor;
	enum what what;
	bool mine;
	guint entries;
	guint *found;
};

static bool ends_with_any(const char *name, const char *const *suffixes)
{
	g_autofree char *lower = g_ascii_strdown(name, -1);

	for (; *suffixes != NULL; suffixes++)
		if (g_str_has_suffix(lower, *suffixes))
			return true;
	return false;
}

/* The beginning of a file, NUL-ended; NULL: it can't be read. */
static char *beginning(int folder, const char *name)
{
	AUTO_CLOSE int fd =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char *text = g_malloc0(SNIFF_BYTES + 1);
	ssize_t got = fd < 0 ? -1 : read(fd, text, SNIFF_BYTES);

	if (got >= 0)
		return text;
	g_free(text);
	return NULL;
}

/* NetworkManager's keyfiles: a key of theirs is data, or a file; ours are URIs. */
static bool connection_has_key(const char *text)
{
	static const char *const keys[] = { "private-key=", "key=", "userkey=",
					    "phase2-private-key=", NULL };
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (gsize i = 0; lines[i] != NULL; i++)
		for (const char *const *key = keys; *key != NULL; key++)
			if (g_str_has_prefix(lines[i], *key) &&
			    (lines[i][strlen(*key)] == '/' ||
			     g_str_has_prefix(lines[i] + strlen(*key), "data:") ||
			     g_str_has_prefix(lines[i] + strlen(*key), "file:")))
				return true;
	return false;
}

/* What the file is, if it is one that counts; else NULL. */
static const char *recognise(const struct walk *walk, int folder, const char *name)
{
	static const char *const bundles[] = { ".p12", ".pfx", NULL };
	static const char *const keys[] = { ".key", ".pem", NULL };
	g_autofree char *text = NULL;

	if (walk->what == LOOK_FOR_CONNECTIONS) {
		text = beginning(folder, name);
		return text && connection_has_key(text)
			       ? "a connection with a private key's file or copy"
			       : NULL;
	}
	if (ends_with_any(name, bundles))
		return "an identity's file";
	if (walk->what != LOOK_FOR_KEYS || !ends_with_any(name, keys))
		return NULL;
	text = beginning(folder, name);
	return text && strstr(text, "PRIVATE KEY-----") ? "a private key" : NULL;
}

static void look_at_file(struct walk *walk, int folder, const char *path, const char *name,
			 const struct stat *status)
{
	const char *what =
		walk->mine && status->st_uid != geteuid() ? NULL : recognise(walk, folder, name);
	g_autofree char *hint =
		g_strdup_printf("when it is imported, remove it: shred -u %s/%s", path, name);

	if (!what || (*walk->found)++ >= TOLD_MAX)
		return;
	doctor_tell(walk->doctor, OUTCOME_WARN,
		    walk->what == LOOK_FOR_CONNECTIONS
			    ? "give it the identity's URI instead: devid list"
			    : hint,
		    "%s/%s: %s%s", path, name, what,
		    (status->st_mode & 044) != 0 ? ", and others can read it" : "");
}

static void look_at_folder(struct walk *walk, int at, const char *name, const char *path, int depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(folder)) != NULL && walk->entries++ < ENTRIES_MAX) {
		struct stat status;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISREG(status.st_mode))
			look_at_file(walk, dirfd(folder), path, entry->d_name, &status);
		if (S_ISDIR(status.st_mode) && depth > 0) {
			g_autofree char *below = g_build_filename(path, entry->d_name, NULL);

			look_at_folder(walk, dirfd(folder), entry->d_name, below, depth - 1);
		}
	}
	closedir(folder);
}

void doctor_copies(struct doctor *doctor)
{
	char home[PATH_BUFFER];
	bool has_home = path_home(home);
	guint found = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		struct walk walk = { doctor, places[i].what, places[i].mine, 0, &found };
		g_autofree char *path = *places[i].path == '/' ? g_strdup(places[i].path)
					: *places[i].path == '\0'
						? g_strdup(home)
						: g_build_filename(home, places[i].path, NULL);

		if (*places[i].path == '/' || has_home)
			look_at_folder(&walk, AT_FDCWD, path, path, places[i].depth);
	}
	if (found > TOLD_MAX)
		doctor_tell(doctor, OUTCOME_WARN, NULL, "… and %u more", found - TOLD_MAX);
	if (found == 0)
		doctor_tell(doctor, OUTCOME_PASS, NULL,
			    "none in the home folder, its usual places, /tmp and NetworkManager's");
}
