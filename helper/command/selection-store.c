/* Which identity each gateway took last: choices/gateways.conf in the user's state folder, a group a gateway.
 *
 *	[vpn.example 443]
 *	Key=SHA-256 of the public key
 *	Used=seconds since 1970
 *
 * What can't be believed (a link, another user's, too large, damaged) is as if it were not there: the choice
 * then goes by the other facts.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>

#include "selection.h"

#define FOLDER	     "choices"
#define STORE_FILE   "gateways.conf"
#define STORE_NEW    ".gateways.conf.new"
#define STORE_MAX    (64 * 1024)
#define HOST_MAX     253
#define LOCK_TRIES   100
#define LOCK_STEP_US 20000
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static bool is_ours(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_uid == geteuid() &&
	       (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* The folder of choices, or -1 with errno. */
static int open_folder(bool make)
{
	char state[PATH_BUFFER];
	AUTO_CLOSE int base = -1;
	AUTO_CLOSE int fd = -1;

	if (!path_state(HALF_USER, state)) {
		errno = ENOENT;
		return -1;
	}
	if (make && g_mkdir_with_parents(state, 0700) < 0)
		return -1;
	base = open(state, FOLDER_FLAGS);
	if (base < 0)
		return -1;
	if (!is_ours(base) || (make && mkdirat(base, FOLDER, 0700) < 0 && errno != EEXIST)) {
		errno = EPERM;
		return -1;
	}
	fd = openat(base, FOLDER, FOLDER_FLAGS);
	if (fd >= 0 && !is_ours(fd)) {
		errno = EPERM;
		return -1;
	}
	return take_fd(&fd);
}

static bool read_all(int fd, GString *text)
{
	char buffer[4096];
	ssize_t got;

	while ((got = read(fd, buffer, sizeof(buffer))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		g_string_append_len(text, buffer, got);
		if (text->len > STORE_MAX)
			return false;
	}
	return true;
}

/* Empty where there is nothing to believe. */
static GKeyFile *load(int folder)
{
	AUTO_CLOSE int fd = openat(folder, STORE_FILE,
				   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	g_autoptr(GString) text = g_string_new(NULL);
	GKeyFile *store = g_key_file_new();
	struct stat status;

	if (fd < 0 || !is_ours(fd) || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    !read_all(fd, text))
		return store;
	if (g_key_file_load_from_data(store, text->str, text->len, G_KEY_FILE_NONE, NULL))
		return store;
	g_key_file_unref(store);
	return g_key_file_new();
}

static gint64 used(GKeyFile *store, const char *group)
{
	return g_key_file_get_int64(store, group, "Used", NULL);
}

/* The group that was used last, or first; newly allocated, NULL where there is none. */
static char *extreme(GKeyFile *store, bool last)
{
	g_auto(GStrv) groups = g_key_file_get_groups(store, NULL);
	char *found = NULL;

	for (gsize i = 0; groups[i] != NULL; i++) {
		gint64 difference = found == NULL ? 0 : used(store, groups[i]) - used(store, found);

		if (found != NULL && (last ? difference <= 0 : difference >= 0))
			continue;
		g_free(found);
		found = g_strdup(groups[i]);
	}
	return found;
}

/* A name that a key file can hold; NULL: none. */
static char *group_of(const struct selection_gateway *gateway)
{
	g_autofree char *host = g_ascii_strdown(gateway->host, -1);

	if (*host == '\0' || strlen(host) > HOST_MAX || !g_utf8_validate(host, -1, NULL))
		return NULL;
	for (const char *c = host; *c != '\0'; c++)
		if ((guchar)*c <= ' ' || *c == 0x7f || *c == '[' || *c == ']')
			return NULL;
	return g_strdup_printf("%s %u", host, gateway->port);
}

static bool is_key(const char *text)
{
	return text != NULL && strlen(text) == SELECTION_KEY_LENGTH &&
	       strspn(text, "0123456789abcdef") == SELECTION_KEY_LENGTH;
}

char *selection_recall(const struct selection_gateway *gateway)
{
	AUTO_CLOSE int folder = open_folder(false);
	g_autoptr(GKeyFile) store = folder < 0 ? NULL : load(folder);
	g_autofree char *group = NULL, *key = NULL;

	if (store == NULL)
		return NULL;
	group = gateway->host == NULL ? extreme(store, true) : group_of(gateway);
	key = group == NULL ? NULL : g_key_file_get_string(store, group, "Key", NULL);
	return is_key(key) ? g_steal_pointer(&key) : NULL;
}

static bool lock(int folder)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(folder, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		g_usleep(LOCK_STEP_US);
	}
	return false;
}

static bool write_file(int folder, const char *text, gsize length)
{
	AUTO_CLOSE int fd = -1;

	(void)unlinkat(folder, STORE_NEW, 0);
	fd = openat(folder, STORE_NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	if (write(fd, text, length) == (ssize_t)length && fsync(fd) == 0 &&
	    renameat(folder, STORE_NEW, folder, STORE_FILE) == 0)
		return fsync(folder) == 0;
	(void)unlinkat(folder, STORE_NEW, 0);
	return false;
}

static void forget_oldest(GKeyFile *store)
{
	gsize count = 0;
	g_auto(GStrv) groups = g_key_file_get_groups(store, &count);

	for (; count > SELECTION_GATEWAYS_MAX; count--) {
		g_autofree char *oldest = extreme(store, false);

		g_key_file_remove_group(store, oldest, NULL);
	}
}

gboolean selection_remember(const struct selection_gateway *gateway, const char *key, time_t now,
			    GError **error)
{
	AUTO_CLOSE int folder = open_folder(true);
	g_autofree char *group = group_of(gateway);
	g_autoptr(GKeyFile) store = NULL;
	g_autofree char *text = NULL;
	gsize length = 0;

	if (group == NULL || !is_key(key))
		return TRUE; /* nothing that could be found again */
	if (folder >= 0 && lock(folder)) {
		store = load(folder);
		g_key_file_set_string(store, group, "Key", key);
		g_key_file_set_int64(store, group, "Used", now);
		forget_oldest(store);
		text = g_key_file_to_data(store, &length, NULL);
		if (write_file(folder, text, length))
			return TRUE;
	}
	devid_error_set(error, DEVID_IO, NULL, NULL, "choices: %s", g_strerror(errno));
	return FALSE;
}

gboolean selection_forget(const struct selection_gateway *gateway, GError **error)
{
	AUTO_CLOSE int folder = open_folder(false);
	g_autofree char *group = group_of(gateway);
	g_autoptr(GKeyFile) store = NULL;
	g_autofree char *text = NULL;
	gsize length = 0;

	if (folder < 0 || group == NULL)
		return TRUE;
	if (lock(folder)) {
		store = load(folder);
		if (!g_key_file_remove_group(store, group, NULL))
			return TRUE;
		text = g_key_file_to_data(store, &length, NULL);
		if (write_file(folder, text, length))
			return TRUE;
	}
	devid_error_set(error, DEVID_IO, NULL, NULL, "choices: %s", g_strerror(errno));
	return FALSE;
}
