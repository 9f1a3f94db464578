/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A ruleset of nftables, as libnftables tells it in JSON: whether what no rule accepts is kept
 * out. */
#include <string.h>
#include <json-glib/json-glib.h>
#include <devid/policy.h>
#include "base/json-value.h"
#include "base/row.h"
#include "posture-ruleset.h"

#define JUMPS_MAX 16 /* as the kernel has it */
#define RULES_MAX \
	100000 /* that are gone through, those of a chain each time that it is jumped to */

#define ITEMS	   "nftables"
#define NESTED_MAX 1000 /* expressions stand in each other */

/* How a chain, or a rule, ends. */
enum end {
	END_NONE,
	END_RETURN,
	END_ACCEPT,
	END_DROP,
	END_UNKNOWN, /* a program decides, or it has no end */
};

struct walk {
	JsonObject *ruleset; /* with its "nftables": chains and rules */
	GHashTable *rules;   /* GPtrArray of rules, by the chain's key */
	const char *listing;
	const char *protocol; /* "ipv4", "ipv6" */
	const char *family;   /* "ip", "ip6" */
	guint steps;
};

/* A base chain on input, and where its jumps lead. */
struct chain {
	const char *family, *table, *name;
};

/* "" where it has none that is a text. */
static const char *member_text(JsonObject *object, const char *name)
{
	const char *text = json_value_text(object, name);

	return text ? text : "";
}

static char *chain_key(const struct chain *chain)
{
	return g_strjoin("\n", chain->family, chain->table, chain->name, NULL);
}

static void index_rules(struct walk *walk)
{
	for (guint i = 0; i < json_value_count(walk->ruleset, ITEMS); i++) {
		JsonObject *rule =
			json_value_object(json_value_item(walk->ruleset, ITEMS, i), "rule");
		const struct chain chain = { member_text(rule, "family"),
					     member_text(rule, "table"),
					     member_text(rule, "chain") };
		char *key;
		GPtrArray *list;

		if (!rule)
			continue;
		key = chain_key(&chain);
		list = g_hash_table_lookup(walk->rules, key);
		if (!list) {
			list = g_ptr_array_new();
			g_hash_table_insert(walk->rules, g_strdup(key), list);
		}
		g_ptr_array_add(list, rule);
		g_free(key);
	}
}

/* What a statement is to its rule, beside a verdict. */
enum part {
	PART_NOTHING,	/* it lets everything through to what follows */
	PART_CONDITION, /* it holds the rule back from some */
	PART_STRANGE,	/* it may, or not */
	PART_NEVER,	/* the rule is for the other protocol */
	PART_VERDICT,
};

static enum part part_match(const struct walk *walk, JsonObject *match)
{
	JsonObject *meta = json_value_object(json_value_object(match, "left"), "meta");
	bool same = strcmp(member_text(match, "right"), walk->protocol) == 0;

	if (strcmp(member_text(meta, "key"), "nfproto") != 0 || !*member_text(match, "right"))
		return PART_CONDITION;
	return same == (strcmp(member_text(match, "op"), "!=") != 0) ? PART_NOTHING : PART_NEVER;
}

/* A match or target of iptables. */
static enum part part_xt(JsonObject *xt, enum end *end)
{
	const char *name = member_text(xt, "name");

	if (strcmp(member_text(xt, "type"), "target") != 0)
		return PART_CONDITION;
	if (strcmp(name, "LOG") == 0 || strcmp(name, "NFLOG") == 0)
		return PART_NOTHING;
	if (strcmp(name, "REJECT") != 0)
		return PART_STRANGE;
	*end = END_DROP;
	return PART_VERDICT;
}

static const struct verdict {
	const char *name;
	enum part part;
	enum end end;
} verdicts[] = {
	{ "accept", PART_VERDICT, END_ACCEPT },	  { "drop", PART_VERDICT, END_DROP },
	{ "reject", PART_VERDICT, END_DROP },	  { "return", PART_VERDICT, END_RETURN },
	{ "queue", PART_VERDICT, END_UNKNOWN },	  { "continue", PART_NOTHING, END_NONE },
	{ "counter", PART_NOTHING, END_NONE },	  { "log", PART_NOTHING, END_NONE },
	{ "limit", PART_CONDITION, END_NONE },	  { "quota", PART_CONDITION, END_NONE },
	{ "ct count", PART_CONDITION, END_NONE }, { "vmap", PART_CONDITION, END_NONE },
};

static enum end run_chain(struct walk *walk, const struct chain *chain, guint depth);

/* `statement` has one member, named for what it is. */
static enum part part_of(struct walk *walk, const struct chain *chain, JsonObject *statement,
			 guint depth, enum end *end)
{
	g_autoptr(GList) names = statement ? json_object_get_members(statement) : NULL;
	const char *name = names ? names->data : "";
	const struct verdict *verdict = ROW_CALLED(verdicts, name);
	JsonObject *value = json_value_object(statement, name);

	if (strcmp(name, "match") == 0)
		return part_match(walk, value);
	if (strcmp(name, "xt") == 0)
		return part_xt(value, end);
	if (strcmp(name, "jump") == 0 || strcmp(name, "goto") == 0) {
		const struct chain other = { chain->family, chain->table,
					     member_text(value, "target") };

		*end = run_chain(walk, &other, depth + 1);
		/* Nothing comes back from where it went. */
		if (*end == END_NONE && *name == 'g')
			*end = END_RETURN;
		return PART_VERDICT;
	}
	if (!verdict)
		return PART_STRANGE;
	*end = verdict->end;
	return verdict->part;
}

/* Where it is not certain what a rule is for, it lets in and keeps nothing out. */
static enum end run_rule(struct walk *walk, const struct chain *chain, JsonObject *rule,
			 guint depth)
{
	bool strange = false;

	if (!json_value_is_array(rule, "expr") || walk->steps++ >= RULES_MAX)
		return END_UNKNOWN;
	for (guint i = 0; i < json_value_count(rule, "expr"); i++) {
		enum end end = END_NONE;
		enum part part =
			part_of(walk, chain, json_value_item(rule, "expr", i), depth, &end);

		if (part == PART_CONDITION || part == PART_NEVER)
			return END_NONE;
		if (part == PART_STRANGE)
			strange = true;
		if (part == PART_VERDICT)
			return strange && end == END_DROP ? END_NONE : end;
	}
	return END_NONE;
}

static enum end run_chain(struct walk *walk, const struct chain *chain, guint depth)
{
	g_autofree char *key = chain_key(chain);
	const GPtrArray *rules = g_hash_table_lookup(walk->rules, key);

	if (depth > JUMPS_MAX)
		return END_UNKNOWN;
	for (guint i = 0; rules && i < rules->len; i++) {
		enum end end = run_rule(walk, chain, rules->pdata[i], depth);

		if (end != END_NONE)
			return end == END_RETURN ? END_NONE : end;
	}
	return END_NONE;
}

/* A dormant table has no hooks. Its flags stand in the first lines of its block. */
static bool is_dormant(const struct walk *walk, const struct chain *chain)
{
	g_autofree char *head = g_strdup_printf("table %s %s {", chain->family, chain->table);
	g_auto(GStrv) lines = g_strsplit(walk->listing, "\n", -1);
	bool inside = false, known = false;

	for (char **line = lines; *line; line++) {
		if (g_str_has_prefix(*line, "table "))
			inside = g_str_has_prefix(*line, head);
		known = known || inside;
		if (inside && g_str_has_prefix(*line, "\tflags ") && strstr(*line, "dormant"))
			return true;
	}
	return !known;
}

static enum devid_answer judge_base(struct walk *walk, const struct chain *chain,
				    const char *policy)
{
	enum end end = run_chain(walk, chain, 0);

	if (end == END_UNKNOWN)
		return DEVID_ANSWER_UNKNOWN;
	return end == END_DROP || (end == END_NONE && strcmp(policy, "drop") == 0)
		       ? DEVID_ANSWER_PASS
		       : DEVID_ANSWER_FAIL;
}

/* All base chains on input are passed through: one that drops is enough. */
static enum devid_answer judge_all(struct walk *walk, const char *words, char **found)
{
	struct chain best = { NULL };
	enum devid_answer answer = DEVID_ANSWER_FAIL;

	for (guint i = 0; i < json_value_count(walk->ruleset, ITEMS); i++) {
		JsonObject *object =
			json_value_object(json_value_item(walk->ruleset, ITEMS, i), "chain");
		const struct chain chain = { member_text(object, "family"),
					     member_text(object, "table"),
					     member_text(object, "name") };
		enum devid_answer one;

		if (strcmp(member_text(object, "hook"), "input") != 0 ||
		    strcmp(member_text(object, "type"), "filter") != 0 ||
		    (strcmp(chain.family, walk->family) != 0 &&
		     strcmp(chain.family, "inet") != 0) ||
		    is_dormant(walk, &chain) || answer == DEVID_ANSWER_PASS)
			continue;
		one = judge_base(walk, &chain, member_text(object, "policy"));
		if (!best.name || one == DEVID_ANSWER_PASS || answer == DEVID_ANSWER_FAIL) {
			answer = one;
			best = chain;
		}
	}
	if (!best.name)
		*found = g_strdup_printf("no ruleset filters what comes in over %s", words);
	else
		*found = g_strdup_printf(
			"what comes in over %s and is not accepted %s (table %s %s, "
			"chain %s)",
			words,
			answer == DEVID_ANSWER_PASS   ? "is kept out"
			: answer == DEVID_ANSWER_FAIL ? "is let in"
						      : "goes where it can't be followed",
			best.family, best.table, best.name);
	return answer;
}

enum devid_answer posture_ruleset_judge(const char *json, const char *listing,
					enum ruleset_over over, char **found)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	struct walk walk = { .listing = listing,
			     .protocol = over == RULESET_IPV4 ? "ipv4" : "ipv6",
			     .family = over == RULESET_IPV4 ? "ip" : "ip6" };
	enum devid_answer answer;

	walk.ruleset = json_value_bounded(parser, json, NESTED_MAX);
	if (!json_value_is_array(walk.ruleset, ITEMS)) {
		*found = g_strdup("what nft tells of the ruleset can't be read");
		return DEVID_ANSWER_UNKNOWN;
	}
	walk.rules = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					   (GDestroyNotify)g_ptr_array_unref);
	index_rules(&walk);
	answer = judge_all(&walk, over == RULESET_IPV4 ? "IPv4" : "IPv6", found);
	g_hash_table_unref(walk.rules);
	return answer;
}
