/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Marks: which private halves are under way, and which were left behind. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/test-hook.h>
#include "agent/store/folder.h"
#include "agent/store/store.h"
#include "base/error.h"
#include "identity-desk.h"
#include "identity-mark.h"

#define SUFFIX	    ".pending"
#define TRY_US	    (4 * G_TIME_SPAN_SECOND)
#define TRY_STEP_US 10000
#define OPEN_FLAGS  (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static struct mark *mark_new(enum scope scope, const struct store *store, const char *spki_hex)
{
	struct mark *mark = g_new0(struct mark, 1);

	mark->fd = -1;
	mark->scope = scope;
	mark->store = store;
	g_strlcpy(mark->spki_hex, spki_hex, sizeof(mark->spki_hex));
	mark->file = g_strconcat(spki_hex, ".", store->name, SUFFIX, NULL);
	return mark;
}

void mark_drop(struct mark *mark)
{
	if (!mark)
		return;
	if (mark->fd >= 0)
		close(mark->fd);
	g_free(mark->file);
	g_free(mark);
}

/* From a file's name; NULL where it isn't one that we write. */
static struct mark *mark_from_file(enum scope scope, const char *file)
{
	g_auto(GStrv) parts = g_strsplit(file, ".", -1);
	const struct store *store = NULL;
	guint8 hash[32];

	if (g_strv_length(parts) == 3 && strlen(parts[0]) == SPKI_HEX_SIZE - 1 &&
	    hex_decode(parts[0], SPKI_HEX_SIZE - 1, hash))
		store = store_find(parts[1]);
	return store ? mark_new(scope, store, parts[0]) : NULL;
}

static bool hold(struct desk *desk, struct mark *mark, int flags)
{
	struct stat status;

	mark->fd = openat(desk->folder.fd, mark->file, OPEN_FLAGS | flags, 0600);
	return mark->fd >= 0 && fstat(mark->fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       flock(mark->fd, LOCK_EX | LOCK_NB) == 0;
}

static bool is_there(const struct desk *desk, const struct mark *mark)
{
	struct stat status;

	return fstatat(desk->folder.fd, mark->file, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static struct mark *take_stale(struct desk *desk, const char *file)
{
	for (guint i = 0; i < desk->stale->len; i++) {
		struct mark *mark = desk->stale->pdata[i];

		if (g_str_equal(mark->file, file))
			return g_ptr_array_steal_index(desk->stale, i);
	}
	return NULL;
}

struct mark *mark_begin(struct desk *desk, const struct store *store, const char *spki_hex,
			GError **error)
{
	struct mark *mark = mark_new(desk->folder.scope, store, spki_hex);
	struct mark *stale = take_stale(desk, mark->file);

	if (stale) {
		mark_drop(mark);
		stale->inherited = true;
		return stale;
	}
	mark->inherited = is_there(desk, mark);
	errno = TEST_HOOK_FAULT("mark", mark->file);
	if (errno == 0 && hold(desk, mark, O_CREAT)) {
		if (folder_sync(&desk->folder, error))
			return mark;
		folder_remove(&desk->folder, mark->file, NULL);
	} else if (mark->fd >= 0 && errno == EWOULDBLOCK) {
		desk->busy = true;
		devid_error_set(error, DEVID_TIMEOUT, NULL, "try again when it is done",
				"this key is being written by another program");
	} else {
		devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(errno), "%s/%s: %s",
				desk->folder.path, mark->file,
				errno ? g_strerror(errno) : "not a regular file");
	}
	mark_drop(mark);
	return NULL;
}

bool mark_try_again(const struct desk *desk, gint64 *until, const struct store_wait *wait,
		    GError **error)
{
	gint64 now = g_get_monotonic_time();

	if (*until == 0)
		*until = now + TRY_US;
	if (!desk->busy || now > *until || g_cancellable_is_cancelled(store_wait_cancel(wait)))
		return false;
	g_clear_error(error);
	g_usleep(TRY_STEP_US);
	return true;
}

enum named { NAMED_NO, NAMED_YES, NAMED_PERHAPS };

/* One that can't be read might be the one. */
static enum named is_named_in(const struct record_list *list, const struct mark *mark)
{
	guint8 hash[32];

	if (!hex_decode(mark->spki_hex, SPKI_HEX_SIZE - 1, hash))
		return NAMED_PERHAPS;
	for (size_t i = 0; i < list->count; i++) {
		const struct record *record = &list->records[i];

		if (memcmp(record->spki_hash, hash, sizeof(hash)) == 0 &&
		    strcmp(record->store, mark->store->name) == 0)
			return NAMED_YES;
	}
	return list->skipped > 0 ? NAMED_PERHAPS : NAMED_NO;
}

/* A former record's key signs on. */
static enum named is_named(struct desk *desk, const struct mark *mark)
{
	enum named now = is_named_in(&desk->list, mark);
	enum named before = is_named_in(&desk->formers, mark);

	return now == NAMED_YES || before == NAMED_NO ? now : before;
}

static bool take_out(struct desk *desk, const struct mark *mark, const struct store_wait *wait,
		     GError **error)
{
	desk_pause(desk);
	return mark->store->remove(mark->scope, mark->spki_hex, wait, error) &&
	       desk_resume(desk, store_wait_cancel(wait), error);
}

bool mark_take_out(struct mark *mark, const struct store_wait *wait, GError **error)
{
	AUTO_DESK struct desk desk = DESK_INIT;
	bool out = false;

	if (desk_begin(mark->scope, true, store_wait_cancel(wait), &desk, error)) {
		enum named named = is_named(&desk, mark);

		out = named == NAMED_YES ||
		      (named == NAMED_NO && take_out(&desk, mark, wait, error));
		if (named == NAMED_PERHAPS)
			devid_error_set(error, DEVID_IO, NULL, NULL,
					"%s: a record can't be read; a private key may stay in %s",
					desk.folder.path, mark->store->title);
	}
	return out && folder_remove(&desk.folder, mark->file, error);
}

bool mark_end(struct mark *mark, const struct store_wait *wait, GError **error)
{
	bool ended = !mark || mark_take_out(mark, wait, error);

	mark_drop(mark);
	return ended;
}

/* What a store said of a half that it was given. */
static bool written(struct mark *mark, bool good, GError *failure, GError **error)
{
	if (good)
		return true;
	mark->result = devid_error_result(failure);
	g_propagate_error(error, failure);
	return false;
}

bool mark_write(struct mark *mark, const char *label, const struct secret *pkcs8,
		const struct store_wait *wait, GError **error)
{
	GError *failure = NULL;
	bool good = half_write(mark->store, mark->scope, mark->spki_hex, label, pkcs8, wait,
			       &mark->sent, &mark->facts, &failure);

	return written(mark, good, failure, error);
}

bool mark_keep(struct mark *mark, const char *label, struct half_made *made,
	       const struct store_wait *wait, GError **error)
{
	GError *failure = NULL;
	bool good = half_keep(mark->store, mark->scope, mark->spki_hex, label, made, wait,
			      &mark->sent, &failure);

	mark->facts = made->facts;
	return written(mark, good, failure, error);
}

bool mark_let_go(struct mark *mark, GError **error)
{
	AUTO_DESK struct desk desk = DESK_INIT;

	return desk_begin(mark->scope, true, NULL, &desk, error) &&
	       folder_remove(&desk.folder, mark->file, error);
}

/* Nothing was written. A mark that was there before tells of another half. */
static void mark_cancel(struct mark *mark)
{
	if (!mark->inherited)
		(void)mark_let_go(mark, NULL);
	mark_drop(mark);
}

void mark_settle(struct mark *mark)
{
	g_autoptr(GError) error = NULL;

	if (!mark)
		return;
	if (mark->result != DEVID_OK && !mark->sent) {
		mark_cancel(mark);
		return;
	}
	switch (mark->result) {
	case DEVID_STORE_LOCKED:
	case DEVID_STORE_DISMISSED:
		mark_cancel(mark);
		break;
	case DEVID_STORE_TIMEOUT:
	case DEVID_STORE_MISSING:
		mark_drop(mark);
		break;
	default:
		if (!mark_end(mark, NULL, &error))
			g_warning("%s", error->message);
	}
}

static void mark_drop_any(gpointer mark)
{
	mark_drop(mark);
}

bool mark_sweep(struct desk *desk, GError **error)
{
	g_autoptr(GPtrArray) files = folder_names(&desk->folder, SUFFIX, error);

	if (!files)
		return false;
	desk->stale = g_ptr_array_new_with_free_func(mark_drop_any);
	for (guint i = 0; i < files->len; i++) {
		struct mark *mark = mark_from_file(desk->folder.scope, files->pdata[i]);

		if (!mark)
			continue;
		if (!hold(desk, mark, 0)) { /* its writer lives */
			mark_drop(mark);
			continue;
		}
		switch (is_named(desk, mark)) {
		case NAMED_YES:
			folder_remove(&desk->folder, mark->file, NULL);
			mark_drop(mark);
			break;
		case NAMED_NO:
			g_ptr_array_add(desk->stale, mark);
			break;
		case NAMED_PERHAPS:
			mark_drop(mark);
			break;
		}
	}
	return true;
}
