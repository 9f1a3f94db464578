/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Out of event logs: which issuer carries how many identities, and since when no more.
 *
 * An identity is a label (or where there is none, a certificate's name) of a user on a machine: it
 * stays the same when its certificate is renewed, so that it counts for the issuer of its newest
 * certificate alone. The logs come from many machines and are not believed: lines are bounded, flat
 * and checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>

#include "account/event/event-line.h"
#include "account/event/event-lines.h"
#include "base/error.h"
#include "base/json-value.h"
#include "usage.h"

#define KEY_ID_MAX 128
#define SILENCE_MS 10000

struct sight {
	struct usage_issuer *issuer; /* NULL: the identity is gone */
	gint64 time;
};

struct usage {
	time_t since;
	GHashTable *identities; /* "device\nuser\nlabel": GHashTable of the sights by issuer */
	GHashTable *issuers;	/* key id: struct usage_issuer */
	GPtrArray *sorted;
	guint64 events, skipped;
};

static void issuer_free(void *data)
{
	struct usage_issuer *issuer = data;

	g_free(issuer->key_id);
	g_free(issuer);
}

struct usage *usage_new(time_t since)
{
	struct usage *usage = g_new0(struct usage, 1);

	usage->since = since;
	usage->identities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						  (GDestroyNotify)g_array_unref);
	usage->issuers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, issuer_free);
	return usage;
}

void usage_free(struct usage *usage)
{
	if (!usage)
		return;
	g_hash_table_destroy(usage->identities);
	g_hash_table_destroy(usage->issuers);
	g_clear_pointer(&usage->sorted, g_ptr_array_unref);
	g_free(usage);
}

static bool is_key_id(const char *text)
{
	gsize length = strlen(text);

	return length > 0 && length <= KEY_ID_MAX && strspn(text, "0123456789abcdef") == length;
}

static struct usage_issuer *issuer_of(struct usage *usage, const char *key_id)
{
	struct usage_issuer *issuer = g_hash_table_lookup(usage->issuers, key_id);

	if (!issuer) {
		issuer = g_new0(struct usage_issuer, 1);
		issuer->key_id = g_strdup(key_id);
		g_hash_table_insert(usage->issuers, issuer->key_id, issuer);
	}
	return issuer;
}

/* The latest sight of each issuer is kept, for logs come in no order; those of one second in that
 * in which they are read.
 */
static void see(struct usage *usage, char *identity, struct usage_issuer *issuer, gint64 time)
{
	GArray *sights = g_hash_table_lookup(usage->identities, identity);
	const struct sight sight = { issuer, time };

	usage->events++;
	if (issuer)
		issuer->last_use = MAX(issuer->last_use, time);
	if (!sights) {
		sights = g_array_new(FALSE, FALSE, sizeof(struct sight));
		g_hash_table_insert(usage->identities, identity, sights);
	} else {
		g_free(identity);
	}
	for (guint i = 0; i < sights->len; i++) {
		const struct sight *known = &g_array_index(sights, struct sight, i);

		if (known->issuer != issuer)
			continue;
		if (known->time > time)
			return;
		g_array_remove_index(sights, i);
		break;
	}
	g_array_append_val(sights, sight);
}

/* False: it is no event. One that says nothing of an identity and its issuer is passed over. */
static bool take_event(struct usage *usage, JsonObject *object)
{
	const char *stamp = json_value_text(object, "time"),
		   *key_id = json_value_text(object, "issuer_key_id");
	const char *device = json_value_text(object, "device_name"),
		   *user = json_value_text(object, "user_name");
	const char *label = json_value_text(object, "label"),
		   *name = json_value_text(object, "client_cert_name");
	bool gone = g_strcmp0(json_value_text(object, "event_sub_type"), "Removal") == 0 &&
		    g_strcmp0(json_value_text(object, "action"), "Succeeded") == 0;
	g_autoptr(GDateTime) time = !stamp ? NULL : g_date_time_new_from_iso8601(stamp, NULL);

	if (!time || (key_id && !is_key_id(key_id)))
		return false;
	if ((!key_id && !gone) || (!label && !name) || g_date_time_to_unix(time) < usage->since)
		return true;
	see(usage,
	    g_strdup_printf("%s\n%s\n%s", device ? device : "", user ? user : "",
			    label ? label : name),
	    gone ? NULL : issuer_of(usage, key_id), g_date_time_to_unix(time));
	return true;
}

static void take_line(struct usage *usage, JsonParser *parser, const char *line, gsize length)
{
	JsonObject *object = event_line_parse(parser, line, length);

	if (!object || !take_event(usage, object))
		usage->skipped++;
}

static gboolean fail(GError **error, const char *file, int number)
{
	return devid_error_set(error, number == ETIMEDOUT ? DEVID_TIMEOUT : DEVID_IO, NULL,
			       devid_errno_hint(number), "%s: %s", file, g_strerror(number));
}

/* Regular files and pipes: a device may have no end. */
static int open_file(const char *file)
{
	bool standard = strcmp(file, "-") == 0;
	AUTO_CLOSE int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
				     : open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	if (S_ISDIR(status.st_mode)) {
		errno = EISDIR;
		return -1;
	}
	if (!standard && !S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	return take_fd(&fd);
}

gboolean usage_read(struct usage *usage, const char *file, GError **error)
{
	int fd = open_file(file);
	g_autoptr(JsonParser) parser = NULL;
	g_autoptr(event_lines) lines = NULL;
	const char *line;
	gsize length;

	if (fd < 0)
		return fail(error, file, errno);
	lines = event_lines_new(fd, SILENCE_MS);
	parser = json_parser_new();
	while ((line = event_lines_next(lines, &length)) != NULL)
		take_line(usage, parser, line, length);
	if (event_lines_error(lines) != 0)
		return fail(error, file, event_lines_error(lines));
	usage->skipped += event_lines_skipped(lines);
	return TRUE;
}

static void count(GArray *sights)
{
	const struct sight *last = &g_array_index(sights, struct sight, 0);

	for (guint i = 1; i < sights->len; i++) {
		const struct sight *sight = &g_array_index(sights, struct sight, i);

		/* In the same second, a removal is what came last, else what was read last. */
		if (sight->time > last->time || (sight->time == last->time && last->issuer))
			last = sight;
	}
	for (guint i = 0; i < sights->len; i++) {
		const struct sight *sight = &g_array_index(sights, struct sight, i);

		if (!sight->issuer)
			continue;
		if (sight == last)
			sight->issuer->identities++;
		else
			sight->issuer->moved_on++;
	}
}

static gint by_count(gconstpointer a, gconstpointer b)
{
	const struct usage_issuer *one = *(const struct usage_issuer *const *)a;
	const struct usage_issuer *other = *(const struct usage_issuer *const *)b;

	if (one->identities != other->identities)
		return one->identities < other->identities ? 1 : -1;
	return strcmp(one->key_id, other->key_id);
}

const GPtrArray *usage_issuers(struct usage *usage)
{
	GHashTableIter at;
	void *value;

	if (usage->sorted)
		return usage->sorted;
	g_hash_table_iter_init(&at, usage->identities);
	while (g_hash_table_iter_next(&at, NULL, &value))
		count(value);
	usage->sorted = g_ptr_array_new();
	g_hash_table_iter_init(&at, usage->issuers);
	while (g_hash_table_iter_next(&at, NULL, &value))
		g_ptr_array_add(usage->sorted, value);
	g_ptr_array_sort(usage->sorted, by_count);
	return usage->sorted;
}

const struct usage_issuer *usage_find(struct usage *usage, const char *key_id)
{
	return !key_id ? NULL : g_hash_table_lookup(usage->issuers, key_id);
}

guint64 usage_events(const struct usage *usage)
{
	return usage->events;
}

guint64 usage_skipped(const struct usage *usage)
{
	return usage->skipped;
}
