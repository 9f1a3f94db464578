/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sharing a log's room: see event-share.h. */
#include <string.h>
#include "base/json-build.h"
#include "base/json-value.h"
#include "event-line.h"
#include "event-lines.h"
#include "event-share.h"

#define DAY_LENGTH 10 /* of 2026-11-29T… */

/* Two lines of one day in which all of these are alike are told as one. */
static const char *const alike[] = { "event_type",
				     "event_sub_type",
				     "action",
				     "reason",
				     "label",
				     "client_cert_serial",
				     "client_cert_issuer",
				     "client_cert_name",
				     "failure_reason",
				     "rule_name",
				     "user_name",
				     "device_name",
				     "program",
				     "client_address",
				     "token" };

struct kept {
	JsonObject *object; /* of the newest of them */
	char *owner;
	char *first, *last; /* RFC 3339 in UTC: compare as text */
	gint64 count;
	guint order; /* in which the last one came */
	char *line;
	gsize width, used; /* of the owner's bytes, by this line and the newer ones */
};

struct sharing {
	JsonParser *parser;
	GHashTable *by_key; /* struct kept in `all` */
	GPtrArray *all;
	guint read;
};

static void kept_free(void *data)
{
	struct kept *kept = data;

	json_object_unref(kept->object);
	g_free(kept->owner);
	g_free(kept->first);
	g_free(kept->last);
	g_free(kept->line);
	g_free(kept);
}

static char *key_of(JsonObject *object, const char *time)
{
	GString *key = g_string_new_len(time, (gssize)MIN(strlen(time), DAY_LENGTH));

	for (gsize i = 0; i < G_N_ELEMENTS(alike); i++) {
		const char *value = json_value_text(object, alike[i]);

		g_string_append_printf(key, "\n%s", value ? value : "");
	}
	return g_string_free(key, FALSE);
}

/* Users without a name are one: whoever has a range of numbers for name spaces has no more room by
 * it. */
static char *owner_of(JsonObject *object)
{
	const char *user = json_value_text(object, "user_name");
	const char *serial = json_value_text(object, "client_cert_serial");
	const char *issuer = json_value_text(object, "client_cert_issuer");

	if (json_value_text(object, "client_address"))
		return g_strdup_printf("\n%s\n%s", serial ? serial : "", issuer ? issuer : "");
	if (!user || user[strspn(user, "0123456789")] == '\0')
		return g_strdup("");
	return g_strdup(user);
}

static void take(struct sharing *sharing, const char *line, gsize length)
{
	JsonObject *object = event_line_parse(sharing->parser, line, length);
	const char *time = json_value_text(object, "time");
	const char *first = json_value_text(object, "first");
	struct kept *kept;
	char *key;

	if (!time)
		return;
	if (!first)
		first = time;
	key = key_of(object, time);
	kept = g_hash_table_lookup(sharing->by_key, key);
	if (!kept) {
		kept = g_new0(struct kept, 1);
		kept->owner = owner_of(object);
		kept->first = g_strdup(first);
		g_ptr_array_add(sharing->all, kept);
		g_hash_table_insert(sharing->by_key, key, kept);
	} else {
		g_free(key);
	}
	if (strcmp(first, kept->first) < 0) {
		g_free(kept->first);
		kept->first = g_strdup(first);
	}
	kept->count += event_count(object);
	kept->order = sharing->read++;
	if (kept->last && strcmp(time, kept->last) < 0)
		return;
	g_free(kept->last);
	kept->last = g_strdup(time);
	g_clear_pointer(&kept->object, json_object_unref);
	kept->object = json_object_ref(object);
}

static void write_line(struct kept *kept)
{
	JsonNode *root = json_node_new(JSON_NODE_OBJECT);

	if (kept->count > 1) {
		json_object_set_string_member(kept->object, "first", kept->first);
		json_object_set_string_member(kept->object, "last", kept->last);
		json_object_set_int_member(kept->object, "count", kept->count);
	}
	json_node_set_object(root, kept->object);
	kept->line = json_line(root, &kept->width);
}

static gint by_age(gconstpointer a, gconstpointer b)
{
	const struct kept *one = *(const struct kept *const *)a;
	const struct kept *other = *(const struct kept *const *)b;
	int order = strcmp(one->last, other->last);

	return order ? order : (one->order > other->order) - (one->order < other->order);
}

static gint by_use(gconstpointer a, gconstpointer b)
{
	const struct kept *one = *(const struct kept *const *)a;
	const struct kept *other = *(const struct kept *const *)b;

	if (one->used != other->used)
		return one->used < other->used ? -1 : 1;
	return by_age(b, a);
}

/* What of its owner's bytes each line is at, counted from the newest one. */
static void measure(const GPtrArray *all)
{
	g_autoptr(GHashTable) used = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = all->len; i-- > 0;) {
		struct kept *kept = all->pdata[i];
		gsize before = GPOINTER_TO_SIZE(g_hash_table_lookup(used, kept->owner));

		write_line(kept);
		kept->used = before + kept->width;
		g_hash_table_insert(used, kept->owner, GSIZE_TO_POINTER(kept->used));
	}
}

/* The lines of those who have used least, until the room is full. */
static void choose(GPtrArray *all, gsize room)
{
	gsize sum = 0;
	guint fit;

	g_ptr_array_sort(all, by_use);
	for (fit = 0; fit < all->len; fit++) {
		sum += ((struct kept *)all->pdata[fit])->width;
		if (sum > room)
			break;
	}
	g_ptr_array_set_size(all, (gint)fit);
	g_ptr_array_sort(all, by_age);
}

char *event_share(struct event_lines *lines, gsize room, gsize *length)
{
	struct sharing sharing = {
		.parser = json_parser_new(),
		.by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.all = g_ptr_array_new_with_free_func(kept_free),
	};
	GString *out = g_string_new(NULL);
	const char *line;
	gsize width;

	while ((line = event_lines_next(lines, &width)))
		take(&sharing, line, width);
	g_ptr_array_sort(sharing.all, by_age);
	measure(sharing.all);
	choose(sharing.all, room);
	for (guint i = 0; i < sharing.all->len; i++)
		g_string_append(out, ((struct kept *)sharing.all->pdata[i])->line);
	g_ptr_array_unref(sharing.all);
	g_hash_table_unref(sharing.by_key);
	g_object_unref(sharing.parser);
	*length = out->len;
	return g_string_free(out, FALSE);
}
