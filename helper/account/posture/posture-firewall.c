/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Firewall=: whether what comes in is kept out, by the ruleset that the kernel has, whoever loaded
 * it; and whether it is one of the firewalls that are known that keeps it. A unit that is active
 * says nothing of the ruleset.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include "base/row.h"
#include "base/text.h"
#include "posture-program.h"
#include "posture-ruleset.h"
#include "posture-support.h"
#include "posture-table.h"
#include "posture-unit.h"

#define UFW_FILE     "/etc/ufw/ufw.conf"
#define UFW_FILE_MAX 65536
#define NFT_PROGRAM  "/usr/sbin/nft"
#define NFT_MAX	     (16 * 1024 * 1024)

/* What is known of the ruleset, asked for once. */
struct look {
	const struct posture_place *place;
	struct unit_link link;
	enum devid_answer answer; /* 0: not asked */
	char *found;
};

/* NULL with *found: why not. What sets hold is left out. */
static char *ask_nft(bool json, gint64 deadline, char **found)
{
	const char *const arguments[] = { "nft", json ? "-jt" : "-t", "list", "ruleset", NULL };
	g_autofree char *text = NULL;
	enum posture_program_end end;
	int status;

	end = posture_program_run(NFT_PROGRAM, arguments, NFT_MAX, deadline, &text, &status);
	if (end == POSTURE_PROGRAM_ENDED && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return g_steal_pointer(&text);
	*found = g_strdup(end == POSTURE_PROGRAM_NOT_STARTED
				  ? "the ruleset can't be read: " NFT_PROGRAM " can't be started"
			  : end == POSTURE_PROGRAM_LATE
				  ? "the ruleset can't be read: nft did not answer"
				  : "the ruleset can't be read: nft can't tell");
	return NULL;
}

/* Whether the kernel has no IPv6 at all, or has it switched off everywhere. */
static bool lacks_ipv6(void)
{
	static const char *const switches[] = { "/proc/sys/net/ipv6/conf/all/disable_ipv6",
						"/proc/sys/net/ipv6/conf/default/disable_ipv6" };
	const struct posture_place here = { .root = "" };
	int error;
	g_autoptr(GBytes) addresses = posture_read(&here, "/proc/net/if_inet6", 1 << 20, &error);

	if (!addresses)
		return error == ENOENT;
	if (g_bytes_get_size(addresses) > 0)
		return false;
	for (gsize i = 0; i < G_N_ELEMENTS(switches); i++) {
		g_autoptr(GBytes) value = posture_read(&here, switches[i], 16, &error);

		if (!value || g_bytes_get_size(value) < 1 ||
		    *(const char *)g_bytes_get_data(value, NULL) != '1')
			return false;
	}
	return true;
}

/* What nft doesn't show: tables of the older iptables. */
static bool has_legacy(enum ruleset_over over)
{
	const struct posture_place here = { .root = "" };
	int error;
	g_autoptr(GBytes) names = posture_read(&here,
					       over == RULESET_IPV4 ? "/proc/net/ip_tables_names"
								    : "/proc/net/ip6_tables_names",
					       65536, &error);

	return names && g_bytes_get_size(names) > 0;
}

static void judge_over(struct posture_sum *sum, const char *json, const char *listing,
		       enum ruleset_over over)
{
	char *found;
	enum devid_answer answer = posture_ruleset_judge(json, listing, over, &found);

	if (answer == DEVID_ANSWER_FAIL && has_legacy(over)) {
		g_free(found);
		found = g_strdup("the rules of iptables-legacy can't be told");
		answer = DEVID_ANSWER_UNKNOWN;
	}
	posture_sum_add(sum, answer, found);
}

static enum devid_answer look_at_ruleset(char **found)
{
	gint64 deadline = g_get_monotonic_time() + POSTURE_PROGRAM_BOUND;
	g_autofree char *json = NULL, *listing = NULL;
	struct posture_sum sum = { { NULL } };

	if (geteuid() != 0) {
		*found = g_strdup("the ruleset is for root alone to read: sudo devid posture");
		return DEVID_ANSWER_UNKNOWN;
	}
	json = ask_nft(true, deadline, found);
	listing = json ? ask_nft(false, deadline, found) : NULL;
	if (!listing)
		return DEVID_ANSWER_UNKNOWN;
	judge_over(&sum, json, listing, RULESET_IPV4);
	if (!lacks_ipv6())
		judge_over(&sum, json, listing, RULESET_IPV6);
	return posture_sum_all(&sum, found);
}

static enum devid_answer ruleset_keeps(struct look *look, char **found)
{
	if (!look->answer)
		look->answer = look_at_ruleset(&look->found);
	*found = g_strdup(look->found);
	return look->answer;
}

/* ufw's unit is active also where ufw is switched off: its own file says which. */
static enum devid_answer ufw_enabled(const struct posture_place *place, char **found)
{
	int error;
	g_autoptr(GBytes) bytes = posture_read(place, UFW_FILE, UFW_FILE_MAX, &error);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	bool enabled = false;

	if (!bytes && error != ENOENT) {
		*found = g_strdup_printf(UFW_FILE " can't be read: %s", g_strerror(error));
		return DEVID_ANSWER_UNKNOWN;
	}
	text = bytes ? text_from_bytes(bytes) : g_strdup("");
	lines = g_strsplit(text, "\n", -1);
	/* A shell reads it: the last one counts. */
	for (gsize i = 0; lines[i]; i++)
		if (g_str_has_prefix(g_strstrip(lines[i]), "ENABLED="))
			enabled = g_ascii_strcasecmp(lines[i], "ENABLED=yes") == 0 ||
				  g_ascii_strcasecmp(lines[i], "ENABLED=\"yes\"") == 0;
	*found = g_strdup(enabled ? "ufw is enabled" : "ufw is not enabled (" UFW_FILE ")");
	return enabled ? DEVID_ANSWER_PASS : DEVID_ANSWER_FAIL;
}

static const struct firewall {
	const char *name;
	const char *unit; /* NULL: the ruleset alone counts */
	enum devid_answer (*ask)(const struct posture_place *place,
				 char **found); /* NULL: no more */
} firewalls[] = {
	{ "nftables", NULL, NULL },
	{ "ufw", "ufw.service", ufw_enabled },
	{ "firewalld", "firewalld.service", NULL },
};

char *posture_firewall_accept(const char *text)
{
	if (ROW_CALLED(firewalls, text))
		return NULL;
	return g_strdup_printf("has \"%s\", which is none of: any, nftables, ufw, firewalld", text);
}

/* What is not active keeps nothing; what is, keeps what the ruleset says. */
static enum devid_answer ask_one(struct look *look, const struct firewall *firewall, char **found)
{
	struct posture_sum all = { { NULL } };
	enum devid_answer answer = DEVID_ANSWER_PASS;

	if (firewall->unit)
		answer = posture_unit_ask(&look->link, firewall->unit, "active", &all);
	if (answer != DEVID_ANSWER_FAIL && firewall->ask) {
		answer = firewall->ask(look->place, found);
		posture_sum_add(&all, answer, *found);
	}
	if (answer != DEVID_ANSWER_FAIL) {
		answer = ruleset_keeps(look, found);
		posture_sum_add(&all, answer, *found);
	}
	return posture_sum_all(&all, found);
}

enum devid_answer posture_firewall_run(char **words, const struct posture_place *place,
				       char **message)
{
	struct look look = { .place = place, .link = { place, NULL } };
	struct posture_sum sum = { { NULL } };
	enum devid_answer answer = DEVID_ANSWER_UNKNOWN;
	bool any = strcmp(*words, "any") == 0;

	/* Where the ruleset can't be told none can pass. */
	for (gsize i = 0; i < G_N_ELEMENTS(firewalls) && answer != DEVID_ANSWER_PASS &&
			  look.answer != DEVID_ANSWER_UNKNOWN;
	     i++) {
		char *found;

		if (!any && !g_strv_contains((const char *const *)words, firewalls[i].name))
			continue;
		answer = ask_one(&look, &firewalls[i], &found);
		posture_sum_add(&sum, answer, found);
	}
	posture_unit_link_clear(&look.link);
	g_free(look.found);
	return posture_sum_any(&sum, message);
}
