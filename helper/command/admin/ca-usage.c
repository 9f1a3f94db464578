/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid ca list --used-by: what each signing certificate still carries, by the event logs of many
 * machines. */

#include "base/json-build.h"
#include "base/moment.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "identity/json.h"
#include "ca.h"
#include "usage.h"

/* What is shown of issuers that the account doesn't know; --json has all. */
#define UNKNOWN_SHOWN 20

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
	const GPtrArray *issuers = usage_issuers(usage);

	json_text(builder, "folder", devid_account_folder(account));
	json_number(builder, "limit", (gint64)devid_account_signing_count_limit(account));
	json_number(builder, "events", (gint64)usage_events(usage));
	json_number(builder, "skipped", (gint64)usage_skipped(usage));
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
	const GPtrArray *issuers = usage_issuers(usage);
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
	for (size_t i = 0; usage_events(usage) > 0 && i < devid_account_signing_count(account);
	     i++) {
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
	print_line(stdout, "%" G_GUINT64_FORMAT " events", usage_events(usage));
	if (usage_skipped(usage) > 0)
		report_warning("%" G_GUINT64_FORMAT
			       " lines are no events, or torn, and were skipped",
			       usage_skipped(usage));
	print_free(usage, account);
}

gboolean ca_print_usage(const struct devid_account *account, char *const *files, time_t since,
			bool json, GError **error)
{
	struct usage *usage = usage_new(since);
	gboolean ok = TRUE;

	for (size_t i = 0; ok && files[i]; i++)
		ok = usage_read(usage, files[i], error);
	usage_issuers(usage);
	if (ok && json)
		print_json(usage, account);
	else if (ok)
		print_text(usage, account);
	usage_free(usage);
	return ok;
}
