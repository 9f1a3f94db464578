/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every user's records, as root sees them.
 *
 * For each user a child becomes that user for good and reads ~/.local/share/devid, so that no link,
 * FIFO or odd file system in a home ever meets root's rights. It hands the files over a pipe as
 * they are; here they are parsed, by the parser that takes anybody's bytes. A child that doesn't
 * end in time is killed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/record.h>
#include <stdint.h>

#include "base/error.h"
#include "base/files.h"
#include "all-users.h"

#define HOMES	     "/home"
#define USER_MS	     5000
#define RECORDS_MAX  1000
#define ENTRIES_MAX  100000
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

/* In front of each file's bytes; `why` for what is told instead. */
struct head {
	uint32_t length;
	char name[RECORD_NAME_LENGTH + 1];
	char why[64];
};

/* --- the child: that user */

static void hand_over(int out, const char *name, const void *data, size_t length, const char *why)
{
	struct head head = { (uint32_t)length, "", "" };

	g_strlcpy(head.name, name, sizeof(head.name));
	g_strlcpy(head.why, why ? why : "", sizeof(head.why));
	if (!files_write_all(out, &head, sizeof(head)) || !files_write_all(out, data, length))
		_exit(1);
}

static void read_folder(int fd, int out)
{
	DIR *folder = fdopendir(fd);
	const struct dirent *entry;
	unsigned records = 0, entries = 0;

	while (folder && (entry = readdir(folder)) != NULL) {
		AUTO_FREE char *text = NULL;
		const char *why = NULL;
		size_t length = 0;

		if (++entries > ENTRIES_MAX || records == RECORDS_MAX) {
			hand_over(out, "", NULL, 0, "there is too much in it");
			return;
		}
		if (!record_is_file(entry->d_name))
			continue;
		records++;
		if (record_read(dirfd(folder), entry->d_name, geteuid(), &text, &length, &why) !=
		    DEVID_OK)
			length = 0;
		hand_over(out, entry->d_name, text, length, why);
	}
}

/* For good: there is no way back to root from here. */
static bool become(const struct user_home *user, gid_t gid)
{
	return (user->uid == 0 || initgroups(user->name, gid) == 0 || setgroups(0, NULL) == 0) &&
	       setresgid(gid, gid, gid) == 0 && setresuid(user->uid, user->uid, user->uid) == 0 &&
	       (user->uid == 0 || setuid(0) != 0);
}

static void read_home(const struct user_home *user, gid_t gid, int out)
{
	static const char *const steps[] = { ".local", "share", "devid" };
	struct stat status;
	int fd;

	if (!become(user, gid)) {
		hand_over(out, "", NULL, 0, "root can't become this user");
		return;
	}
	fd = open(user->home, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	for (size_t i = 0; fd >= 0 && i < G_N_ELEMENTS(steps); i++)
		fd = openat(fd, steps[i], FOLDER_FLAGS);
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		hand_over(out, "", NULL, 0, "~/.local/share/devid is a link or no folder");
	else if (fd >= 0 && (fstat(fd, &status) < 0 || status.st_uid != user->uid))
		hand_over(out, "", NULL, 0, "~/.local/share/devid belongs to another user");
	else if (fd >= 0)
		read_folder(fd, out);
}

/* --- the parent: root, who reads a pipe */

/* False: the end, or the time is over (*late). */
static bool receive(int in, void *data, size_t length, gint64 deadline, bool *late)
{
	for (size_t done = 0; done < length;) {
		gint64 left = (deadline - g_get_monotonic_time()) / 1000;
		struct pollfd wait = { in, POLLIN, 0 };
		ssize_t got;

		*late = left <= 0 || poll(&wait, 1, (int)left) == 0;
		if (*late)
			return false;
		got = read(in, (char *)data + done, length - done);
		if (got == 0 || (got < 0 && errno != EINTR))
			return false;
		done += got > 0 ? (size_t)got : 0;
	}
	return true;
}

static void take_record(const struct all_users *walk, const struct user_home *user,
			const struct head *head, const char *text)
{
	struct record *record = calloc(1, sizeof(*record));
	g_autofree char *why = NULL;

	if (*head->why != '\0') {
		why = *head->name != '\0'
			      ? g_strdup_printf("%s%s: %s", head->name, RECORD_SUFFIX, head->why)
			      : g_strdup(head->why);
	} else if (record && record_parse(text, head->length, record, NULL) == DEVID_OK) {
		memcpy(record->name, head->name, sizeof(record->name));
		walk->each(user, record, walk->data);
		return;
	} else {
		why = g_strdup_printf("%s%s: it is damaged or was edited wrongly", head->name,
				      RECORD_SUFFIX);
	}
	free(record);
	walk->trouble(user, why, walk->data);
}

static void listen_to(int in, const struct all_users *walk, const struct user_home *user)
{
	gint64 deadline = g_get_monotonic_time() + (gint64)USER_MS * 1000;
	g_autofree char *text = g_malloc(RECORD_SIZE_MAX + 1);
	struct head head;
	bool late = false;

	while (receive(in, &head, sizeof(head), deadline, &late)) {
		head.name[sizeof(head.name) - 1] = head.why[sizeof(head.why) - 1] = '\0';
		if (head.length > RECORD_SIZE_MAX ||
		    !receive(in, text, head.length, deadline, &late))
			break;
		take_record(walk, user, &head, text);
	}
	if (late)
		walk->trouble(user, "the home folder doesn't answer", walk->data);
}

static void walk_user(const struct all_users *walk, const struct user_home *user, gid_t gid)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		walk->trouble(user, g_strerror(errno), walk->data);
		return;
	}
	child = fork();
	if (child == 0) {
		close(ends[0]);
		read_home(user, gid, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (child > 0) {
		listen_to(ends[0], walk, user);
		kill(child, SIGKILL);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	} else {
		walk->trouble(user, g_strerror(errno), walk->data);
	}
	close(ends[0]);
}

/* Users may share a number, and folders an owner: each home is read once. */
static void walk_once(const struct all_users *walk, GHashTable *seen, const struct user_home *user,
		      gid_t gid)
{
	char *key = g_strdup_printf("%u %s", (unsigned)user->uid, user->home);

	if (*user->home == '/' && g_hash_table_add(seen, key))
		walk_user(walk, user, gid);
}

/* Folders of users that NSS doesn't list (a directory service that must not be enumerated). */
static void walk_homes(const struct all_users *walk, GHashTable *seen)
{
	DIR *homes = opendir(HOMES);
	const struct dirent *entry;

	while (homes && (entry = readdir(homes)) != NULL) {
		g_autofree char *path = g_build_filename(HOMES, entry->d_name, NULL);
		g_autofree char *name = NULL;
		const struct passwd *known;
		struct stat status;

		if (*entry->d_name == '.' || lstat(path, &status) < 0 || !S_ISDIR(status.st_mode) ||
		    status.st_uid == 0)
			continue;
		known = getpwuid(status.st_uid);
		name = known ? g_strdup(known->pw_name)
			     : g_strdup_printf("%u", (unsigned)status.st_uid);
		walk_once(walk, seen, &(struct user_home){ name, status.st_uid, path },
			  known ? known->pw_gid : status.st_gid);
	}
	if (homes)
		closedir(homes);
}

bool all_users_walk(const struct all_users *walk, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const struct passwd *entry;

	if (geteuid() != 0)
		return devid_error_set(error, DEVID_DENIED, NULL, "sudo devid …",
				       "--all-users: only root may look into other users' homes");
	setpwent();
	while ((entry = getpwent()) != NULL)
		walk_once(walk, seen,
			  &(struct user_home){ entry->pw_name, entry->pw_uid, entry->pw_dir },
			  entry->pw_gid);
	endpwent();
	walk_homes(walk, seen);
	return true;
}
