/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts a configuration where its program reads it. The folders on the way are opened one by one,
 * links refused and nothing believed that somebody else could write to; the file is written beside
 * its place and renamed into it; what was there stays as a file whose name begins with a dot
 * (NetworkManager reads every other).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>

#include "base/error.h"
#include "base/files.h"
#include "base/trusted.h"
#include "profile.h"
#include "install.h"

#define OLD_MAX	    (1024 * 1024)
#define BACKUPS_MAX 100

static bool failed(GError **error, const char *path, int number)
{
	bool denied = number == EACCES || number == EPERM;
	/* A file in a home is no better written by root, who has another. */
	const char *hint = g_str_has_prefix(path, "/etc/")
				   ? "as root, or print it and put it there"
				   : "print it and put it where you may write";

	return devid_error_set(error, denied ? DEVID_DENIED : DEVID_IO, NULL,
			       denied && geteuid() != 0 ? hint : devid_errno_hint(number), "%s: %s",
			       path,
			       number == ELOOP || number == ENOTDIR ? "it is a link or no folder"
								    : g_strerror(number));
}

static bool refused(GError **error, const char *path, const char *why)
{
	return devid_error_set(
		error, DEVID_DENIED, NULL,
		"put right what is there, or print the configuration and place it yourself",
		"%s: %s", path, why);
}

/* --- folders */

/* One step. What isn't there is made; folders in a home are for their owner alone. */
static int step_into(int at, const char *name, const char *path, bool private, GError **error)
{
	const char *why;
	int fd = trusted_open_folder(at, name, geteuid(), false, &why);

	if (fd < 0 && !why && errno == ENOENT) {
		if (mkdirat(at, name, private ? 0700 : 0755) < 0 && errno != EEXIST) {
			failed(error, path, errno);
			return -1;
		}
		fd = trusted_open_folder(at, name, geteuid(), false, &why);
	}
	if (fd < 0 && why)
		refused(error, path, why);
	else if (fd < 0)
		failed(error, path, errno);
	return fd;
}

/* The folder that holds the file. A home is taken as it is named, link or not: it is the
 * caller's. */
static int open_folder(const char *path, const char *home, GError **error)
{
	bool private = g_str_has_prefix(path, home) && path[strlen(home)] == '/';
	const char *from = private ? home : "/", *why;
	g_autofree char *below = g_path_get_dirname(path + (private ? strlen(home) + 1 : 1));
	g_auto(GStrv) steps = g_strsplit(below, "/", -1);
	AUTO_CLOSE int fd = trusted_open_folder(AT_FDCWD, from, geteuid(), true, &why);

	if (fd < 0) {
		why ? refused(error, from, why) : failed(error, from, errno);
		return -1;
	}
	for (char **step = steps; *step != NULL; step++) {
		int next;

		if (**step == '\0' || strcmp(*step, ".") == 0)
			continue;
		next = step_into(fd, *step, path, private, error);
		if (next < 0)
			return -1;
		close(fd);
		fd = next;
	}
	return take_fd(&fd);
}

/* --- what is there */

/* false: something that isn't to be replaced. *old NULL: nothing is there. */
static bool read_old(int folder, const char *name, const char *path, char **old, mode_t *mode,
		     GError **error)
{
	g_autofree char *why = NULL;
	g_autoptr(GBytes) bytes = NULL;
	struct stat status;
	gsize size;
	const char *data;

	*old = NULL;
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? true : failed(error, path, errno);
	/* What is root's is not amiss. */
	if (faccessat(folder, name, R_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) < 0)
		return failed(error, path, errno);
	bytes = trusted_read(folder, name, geteuid(), OLD_MAX, &why);
	if (!bytes)
		return refused(error, path, why);
	data = g_bytes_get_data(bytes, &size);
	if (size > 0 && memchr(data, '\0', size))
		return refused(error, path, "it is no text");
	*old = size == 0 ? g_strdup("") : g_strndup(data, size);
	*mode = status.st_mode & 07777;
	return true;
}

/* The first line that is exactly `mark`, or NULL. */
static const char *find_line(const char *text, const char *mark)
{
	size_t length = strlen(mark);

	for (const char *at = text; (at = strstr(at, mark)) != NULL; at += length)
		if ((at == text || at[-1] == '\n') && (at[length] == '\n' || at[length] == '\0'))
			return at;
	return NULL;
}

/* `old` with the part between its marks replaced; or with it at the end, or the beginning. */
static char *merge(const char *old, const char *text, const char *client,
		   const struct profile_file *file, GError **error)
{
	g_autofree char *first =
		g_strdup_printf("# >>> devid profile %s %s >>>", client, file->part);
	g_autofree char *last =
		g_strdup_printf("# <<< devid profile %s %s <<<", client, file->part);
	const char *begin = find_line(old, first), *end = NULL;
	GString *merged;

	if (begin)
		end = find_line(begin, last);
	if ((begin != NULL) != (end != NULL) || (!begin && find_line(old, last))) {
		refused(error, file->path, "of devid's two marks there is one alone");
		return NULL;
	}
	if (!begin)
		begin = end = file->first ? old : old + strlen(old);
	else
		end += strlen(last) + (end[strlen(last)] == '\n');
	merged = g_string_new_len(old, begin - old);
	if (merged->len > 0 && merged->str[merged->len - 1] != '\n')
		g_string_append_c(merged, '\n');
	g_string_append_printf(merged, "%s\n%s%s\n%s", first, text, last, end);
	return g_string_free(merged, false);
}

/* --- writing */

/* A second name for the old file; the first that is free. */
static bool keep(int folder, const char *name, const char *path, char **backup, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);

	for (int i = 0; i < BACKUPS_MAX; i++) {
		g_autofree char *number = i == 0 ? g_strdup("") : g_strdup_printf(".%d", i);
		g_autofree char *kept = g_strdup_printf("%s%s.devid-backup%s",
							*name == '.' ? "" : ".", name, number);

		if (linkat(folder, name, folder, kept, 0) == 0) {
			*backup = g_build_filename(parent, kept, NULL);
			return true;
		}
		if (errno != EEXIST)
			return failed(error, path, errno);
	}
	return refused(error, path, "there are too many old ones (.devid-backup) beside it");
}

bool profile_install(const struct profile_file *file, const char *text, const char *client,
		     const char *home, enum profile_outcome *outcome, char **backup, GError **error)
{
	g_autofree char *name = g_path_get_basename(file->path), *old = NULL, *merged = NULL;
	AUTO_CLOSE int folder = open_folder(file->path, home, error);
	mode_t mode = file->mode;

	*backup = NULL;
	*outcome = CLIENT_UNCHANGED;
	if (folder < 0 || !read_old(folder, name, file->path, &old, &mode, error))
		return false;
	/* A file of several parts keeps its mode; one of ours has the mode that it must have. */
	if (file->part) {
		merged = merge(old ? old : "", text, client, file, error);
		if (!merged)
			return false;
		text = merged;
	}
	if (old && strcmp(old, text) == 0 && (file->part || mode == file->mode))
		return true;
	if (old && !keep(folder, name, file->path, backup, error))
		return false;
	*outcome = CLIENT_WRITTEN;
	return files_replace(folder, name, file->part ? mode : file->mode, text, strlen(text), 0) ||
	       failed(error, file->path, errno);
}
