/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid ca list --used-by: what each signing certificate still carries, by the event logs of many
 * machines.
 *
 * An identity is a label (or where there is none, a certificate's name) of a user on a machine: it
 * stays the same when its certificate is renewed, so that it counts for the issuer of its newest
 * certificate alone. The logs come from many machines and are not believed: lines are bounded, flat
 * and checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <internal/cleanup.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account/event/event-line.h"
#include "account/event/event-lines.h"
#include "base/error.h"
#include "base/json-build.h"
#include "base/json-value.h"
#include "base/moment.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "identity/json.h"
#include "ca.h"

#define KEY_ID_MAX 128
#define SILENCE_MS 10000
/* What is shown of issuers that the account doesn't know; --json has all. */
#define UNKNOWN_SHOWN 20

/* Of one issuer, by its key id (lower-case hex). */
struct usage_issuer {
	char *key_id;
	guint64 identities; /* whose last event names it */
	guint64 moved_on;   /* that it carried once, and another issuer does now, or nobody */
	time_t last_use;
};

struct sight {
	struct usage_issuer *issuer; /* NULL: the identity is gone */
	gint64 time;
};

struct usage {
	time_t since;
	GHashTable *identities; /* "device\nuser\nlabel": GHashTable of the sights by issuer */
	GHashTable *issuers;	/* key id: struct usage_issuer */
	GPtrArray *sorted;	/* of these */
	guint64 events;		/* that named an issuer and an identity */
	guint64 skipped;	/* lines that are no event */
};

static void issuer_free(void *data)
{
	struct usage_issuer *issuer = data;

	g_free(issuer->key_id);
	g_free(issuer);
}

static struct usage *usage_new(time_t since)
{
	struct usage *usage = g_new0(struct usage, 1);

	usage->since = since;
	usage->sorted = g_ptr_array_new();
	usage->identities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						  (GDestroyNotify)g_array_unref);
	usage->issuers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, issuer_free);
	return usage;
}

static void usage_free(struct usage *usage)
{
	g_hash_table_destroy(usage->identities);
	g_hash_table_destroy(usage->issuers);
	g_ptr_array_unref(usage->sorted);
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
		sights = g_array_new(false, false, sizeof(struct sight));
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

static bool fail(GError **error, const char *file, int number)
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

/* "-" is standard input. Read line by line; what is no event is counted and passed over. */
static bool usage_read(struct usage *usage, const char *file, GError **error)
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
	return true;
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

/* After the last file: those that carry most first. */
static void sort_issuers(struct usage *usage)
{
	GHashTableIter at;
	void *value;

	g_hash_table_iter_init(&at, usage->identities);
	while (g_hash_table_iter_next(&at, NULL, &value))
		count(value);
	g_hash_table_iter_init(&at, usage->issuers);
	while (g_hash_table_iter_next(&at, NULL, &value))
		g_ptr_array_add(usage->sorted, value);
	g_ptr_array_sort(usage->sorted, by_count);
}

/* NULL: no event names it. */
static const struct usage_issuer *usage_find(struct usage *usage, const char *key_id)
{
	return !key_id ? NULL : g_hash_table_lookup(usage->issuers, key_id);
}

/* --- what is told of it ------------------------------------------------------------------------
 */

static bool is_known(const struct devid_account *account, const char *key_id)
{
	for (size_t i = 0; i < devid_account_signing_count(account); i++)
		if (g_strcmp0(devid_account_signing(account, i)->key_id, key_id) == 0)
			return true;
	return false;
}

static void issuer_json(JsonBuilder *builder, const struct usage_issuer *issuer)
{
	g_autofree char *last =
		!issuer || issuer->last_use == 0 ? NULL : moment_utc(issuer->last_use);

	json_number(builder, "identities", !issuer ? 0 : (gint64)issuer->identities);
	json_number(builder, "moved_on", !issuer ? 0 : (gint64)issuer->moved_on);
	json_text(builder, "last_use", last);
}

static void print_json(struct usage *usage, const struct devid_account *account)
{
	g_autoptr(JsonBuilder) builder = json_begin();
	const GPtrArray *issuers = usage->sorted;

	json_text(builder, "folder", devid_account_folder(account));
	json_number(builder, "limit", (gint64)devid_account_signing_count_limit(account));
	json_number(builder, "events", (gint64)usage->events);
	json_number(builder, "skipped", (gint64)usage->skipped);
	json_begin_array(builder, "signing");
	for (size_t i = 0; i < devid_account_signing_count(account); i++) {
		const struct devid_signing *signing = devid_account_signing(account, i);

		json_builder_begin_object(builder);
		json_text(builder, "name", signing->name);
		json_text(builder, "key_id", signing->key_id);
		issuer_json(builder, usage_find(usage, signing->key_id));
		json_certificate(builder, signing->certificate);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	json_begin_array(builder, "unknown");
	for (guint i = 0; i < issuers->len; i++) {
		const struct usage_issuer *issuer = issuers->pdata[i];

		if (is_known(account, issuer->key_id))
			continue;
		json_builder_begin_object(builder);
		json_text(builder, "key_id", issuer->key_id);
		issuer_json(builder, issuer);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	report_builder(builder);
}

static void add_row(struct table *table, const char *name, const struct usage_issuer *issuer,
		    const char *what)
{
	g_autofree char *identities =
		g_strdup_printf("%" G_GUINT64_FORMAT, !issuer ? 0 : issuer->identities);
	g_autofree char *moved =
		g_strdup_printf("%" G_GUINT64_FORMAT, !issuer ? 0 : issuer->moved_on);
	g_autofree char *last = !issuer || issuer->last_use == 0 ? g_strdup("never")
								 : moment_date(issuer->last_use);

	table_cells(table, name, identities, moved, last, what);
}

static void print_unknown(struct usage *usage, const struct devid_account *account,
			  struct table *table)
{
	const GPtrArray *issuers = usage->sorted;
	guint shown = 0, more = 0;

	for (guint i = 0; i < issuers->len; i++) {
		const struct usage_issuer *issuer = issuers->pdata[i];

		if (is_known(account, issuer->key_id))
			continue;
		if (shown++ < UNKNOWN_SHOWN)
			add_row(table, "(unknown)", issuer, issuer->key_id);
		else
			more++;
	}
	if (more > 0) {
		g_autofree char *line =
			g_strdup_printf("and %u more that the account doesn't know", more);

		table_line(table, line, false);
	}
}

/* A slot may be freed where nothing hangs on it any more, and something was seen at all. */
static void print_free(struct usage *usage, const struct devid_account *account)
{
	for (size_t i = 0; usage->events > 0 && i < devid_account_signing_count(account); i++) {
		const struct devid_signing *signing = devid_account_signing(account, i);
		const struct usage_issuer *issuer = usage_find(usage, signing->key_id);

		if (!issuer || issuer->identities == 0)
			report_hint("%s carries no identity of these logs: devid ca remove %s",
				    signing->name, signing->name);
	}
}

static void print_text(struct usage *usage, const struct devid_account *account)
{
	AUTO_TABLE struct table *table =
		table_with("NAME", "IDENTITIES", "MOVED ON", "LAST USE", "SUBJECT OR KEY ID");

	for (size_t i = 0; i < devid_account_signing_count(account); i++) {
		const struct devid_signing *signing = devid_account_signing(account, i);

		add_row(table, signing->name, usage_find(usage, signing->key_id), signing->subject);
	}
	print_unknown(usage, account, table);
	table_print(table, stdout);
	print_lines(stdout, COLOUR_PLAIN, "\n");
	print_line(stdout, "%" G_GUINT64_FORMAT " events", usage->events);
	if (usage->skipped > 0)
		report_warning("%" G_GUINT64_FORMAT
			       " lines are no events, or torn, and were skipped",
			       usage->skipped);
	print_free(usage, account);
}

bool ca_print_usage(const struct devid_account *account, char *const *files, time_t since,
		    bool json, GError **error)
{
	struct usage *usage = usage_new(since);
	bool ok = true;

	for (size_t i = 0; ok && files[i]; i++)
		ok = usage_read(usage, files[i], error);
	sort_issuers(usage);
	if (ok && json)
		print_json(usage, account);
	else if (ok)
		print_text(usage, account);
	usage_free(usage);
	return ok;
}
