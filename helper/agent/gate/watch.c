/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the account or the records changed since they were read last.
 *
 * inotify tells at once what happens on this machine; it is read without waiting before each use,
 * and no thread sleeps on it. It hears nothing of changes that another machine makes on a network
 * file system, of files behind a link, or of a folder further up that was renamed or mounted over:
 * so once a second of use, and at each use where there is no inotify, the files' sizes, times and
 * owners are compared too.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/record.h>
#include "watch.h"

#define LOOK_INTERVAL (1 * G_USEC_PER_SEC)
#define CHANGES                                                                             \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY | \
	 IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)
/* After these the watch itself points to the wrong place. */
#define STRUCTURAL (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW)
#define PLACES_MAX 7

enum kind { ACCOUNT, RECORDS, KIND_COUNT };

struct place {
	enum kind kind;
	char path[PATH_BUFFER + sizeof("/signing")];
	int descriptor; /* of inotify; -1: none */
	char missing[NAME_MAX +
		     1]; /* not empty: the folder isn't there, an ancestor is watched for it */
};

struct watch {
	GMutex lock;
	int fd;
	struct place places[PLACES_MAX];
	guint place_count;
	guint64 epochs[KIND_COUNT];
	guint64 prints[KIND_COUNT];
	gint64 looked;
};

static void place_add(struct watch *watch, enum kind kind, const char *folder, const char *below)
{
	struct place *place = &watch->places[watch->place_count++];

	place->kind = kind;
	place->descriptor = -1;
	g_snprintf(place->path, sizeof(place->path), "%s%s", folder, below);
}

/* Watches the folder, or the nearest ancestor that is there. */
static void place_watch(struct watch *watch, struct place *place)
{
	g_autofree char *path = g_strdup(place->path);

	place->missing[0] = '\0';
	place->descriptor = -1;
	while (watch->fd >= 0) {
		place->descriptor =
			inotify_add_watch(watch->fd, path, CHANGES | IN_ONLYDIR | IN_MASK_ADD);
		if (place->descriptor >= 0 || (errno != ENOENT && errno != ENOTDIR))
			return;

		char *slash = strrchr(path, '/');

		if (!slash || !path[1])
			return;
		g_strlcpy(place->missing, slash + 1, sizeof(place->missing));
		slash[slash == path ? 1 : 0] = '\0';
	}
}

static void watch_arm(struct watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	for (guint i = 0; i < watch->place_count; i++)
		place_watch(watch, &watch->places[i]);
}

static bool watch_complete(const struct watch *watch)
{
	for (guint i = 0; i < watch->place_count; i++)
		if (watch->places[i].descriptor < 0)
			return false;
	return watch->fd >= 0;
}

/* Which of a folder's files count: temporary names and private halves don't. */
static bool name_counts(enum kind kind, const char *name)
{
	if (kind == ACCOUNT)
		return true;
	return g_str_has_suffix(name, RECORD_SUFFIX) ||
	       g_str_has_suffix(name, RECORD_FORMER_SUFFIX) || strcmp(name, "generation") == 0;
}

/* FNV-1a. */
static guint64 mix(guint64 print, const void *data, gsize length)
{
	const guint8 *bytes = data;

	for (gsize i = 0; i < length; i++)
		print = (print ^ bytes[i]) * G_GUINT64_CONSTANT(1099511628211);
	return print;
}

static guint64 mix_stat(guint64 print, int result, const struct stat *status)
{
	guint64 values[] = {
		(guint64)result,
		(guint64)status->st_dev,
		(guint64)status->st_ino,
		(guint64)status->st_mode,
		(guint64)status->st_uid,
		(guint64)status->st_size,
		(guint64)status->st_mtim.tv_sec,
		(guint64)status->st_mtim.tv_nsec,
		(guint64)status->st_ctim.tv_sec,
		(guint64)status->st_ctim.tv_nsec,
	};

	return mix(print, values, sizeof(values));
}

static guint64 print_folder(guint64 print, const char *path, guint depth)
{
	const struct dirent *entry;
	DIR *folder = opendir(path);

	while (folder && (entry = readdir(folder))) {
		struct stat file = { 0 };
		int result;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		result = fstatat(dirfd(folder), entry->d_name, &file, 0);
		print = mix(print, entry->d_name, strlen(entry->d_name));
		print = mix_stat(print, result, &file);
		/* Revocation lists may lie in a folder of their own. */
		if (result == 0 && S_ISDIR(file.st_mode) && depth > 0) {
			g_autofree char *below = g_build_filename(path, entry->d_name, NULL);

			print = print_folder(print, below, depth - 1);
		}
	}
	if (folder)
		closedir(folder);
	return print;
}

static guint64 print_place(guint64 print, const struct place *place)
{
	struct stat status = { 0 };
	int result = stat(place->path, &status);

	print = mix_stat(print, result, &status);
	/* A record is replaced by rename, which the folder's own times show. */
	if (result < 0 || place->kind == RECORDS)
		return print;
	return print_folder(print, place->path, 1);
}

/* Compares times and owners; says which kinds differ. */
static guint watch_look(struct watch *watch)
{
	guint64 prints[KIND_COUNT] = { 0 };
	guint changed = 0;

	for (guint i = 0; i < watch->place_count; i++)
		prints[watch->places[i].kind] =
			print_place(prints[watch->places[i].kind] ^ (i + 1), &watch->places[i]);
	for (guint kind = 0; kind < KIND_COUNT; kind++) {
		if (prints[kind] != watch->prints[kind])
			changed |= 1u << kind;
		watch->prints[kind] = prints[kind];
	}
	return changed;
}

/* Which kinds an event of inotify touches; `*rearm` where the watches must be set anew. */
static guint event_judge(const struct watch *watch, const struct inotify_event *event, bool *rearm)
{
	guint changed = 0;

	if (event->mask & STRUCTURAL)
		*rearm = true;
	if (event->mask & IN_Q_OVERFLOW)
		return (1u << KIND_COUNT) - 1;
	for (guint i = 0; i < watch->place_count; i++) {
		const struct place *place = &watch->places[i];

		if (place->descriptor != event->wd)
			continue;
		if (event->mask & STRUCTURAL) {
			changed |= 1u << place->kind;
		} else if (place->missing[0]) {
			if (event->len == 0 || strcmp(event->name, place->missing) != 0)
				continue;
			*rearm = true;
			changed |= 1u << place->kind;
		} else if (event->len == 0 || name_counts(place->kind, event->name)) {
			changed |= 1u << place->kind;
		}
	}
	return changed;
}

static guint watch_events(struct watch *watch, bool *rearm)
{
	_Alignas(struct inotify_event) char buffer[4096];
	guint changed = 0;
	ssize_t got;

	while (watch->fd >= 0 && (got = read(watch->fd, buffer, sizeof(buffer))) > 0) {
		for (const char *at = buffer; at < buffer + got;) {
			const struct inotify_event *event = (const void *)at;

			changed |= event_judge(watch, event, rearm);
			at += sizeof(*event) + event->len;
		}
	}
	return changed;
}

void watch_read(struct watch *watch, struct epochs *epochs)
{
	gint64 now = g_get_monotonic_time();
	bool rearm = false;
	guint changed;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&watch->lock);

	changed = watch_events(watch, &rearm);
	if (changed || now - watch->looked >= LOOK_INTERVAL || !watch_complete(watch)) {
		guint differs = watch_look(watch);

		/* What inotify did not tell may be a folder that moved. */
		rearm = rearm || (differs & ~changed);
		changed |= differs;
		watch->looked = now;
	}
	if (rearm)
		watch_arm(watch);
	for (guint kind = 0; kind < KIND_COUNT; kind++)
		if (changed & (1u << kind))
			watch->epochs[kind]++;
	epochs->account = watch->epochs[ACCOUNT];
	epochs->records = watch->epochs[RECORDS];
}

struct watch *watch_new(enum scope scope)
{
	struct watch *watch = g_new0(struct watch, 1);
	char folder[PATH_BUFFER];

	g_mutex_init(&watch->lock);
	watch->fd = -1;
	for (enum scope of = SCOPE_USER; of <= SCOPE_SYSTEM; of++) {
		if ((scope == SCOPE_SYSTEM && of == SCOPE_USER) || !path_config(of, folder))
			continue;
		place_add(watch, ACCOUNT, folder, "");
		place_add(watch, ACCOUNT, folder, "/signing");
		place_add(watch, ACCOUNT, folder, "/rules.d");
	}
	if (path_data(scope, folder))
		place_add(watch, RECORDS, folder, "");
	watch_arm(watch);
	watch_look(watch);
	watch->looked = g_get_monotonic_time();
	for (guint kind = 0; kind < KIND_COUNT; kind++)
		watch->epochs[kind] = 1;
	return watch;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	if (watch->fd >= 0)
		close(watch->fd);
	g_mutex_clear(&watch->lock);
	g_free(watch);
}
