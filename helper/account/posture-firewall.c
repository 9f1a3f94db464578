/* Firewall=: whether one of the firewalls that are known is active. */
#include <errno.h>
#include <string.h>
#include "posture-private.h"

#define UFW_FILE     "/etc/ufw/ufw.conf"
#define UFW_FILE_MAX 65536

/* ufw's unit is active also where ufw is switched off: its own file says which. */
static enum devid_answer ufw_enabled(const struct posture_place *place, char **found)
{
	int error;
	g_autoptr(GBytes) bytes = posture_read(place, UFW_FILE, UFW_FILE_MAX, &error);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	gboolean enabled = FALSE;

	if (!bytes && error != ENOENT) {
		*found = g_strdup_printf(UFW_FILE " can't be read: %s", g_strerror(error));
		return DEVID_ANSWER_UNKNOWN;
	}
	text = bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes))
		     : g_strdup("");
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
	const char *unit;
	/* NULL: an active unit is enough */
	enum devid_answer (*ask)(const struct posture_place *place, char **found);
} firewalls[] = {
	{ "nftables", "nftables.service", NULL },
	{ "ufw", "ufw.service", ufw_enabled },
	{ "firewalld", "firewalld.service", NULL },
};

static const struct firewall *find_firewall(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(firewalls); i++)
		if (strcmp(firewalls[i].name, name) == 0)
			return &firewalls[i];
	return NULL;
}

static char *accept_one(const char *text)
{
	if (find_firewall(text))
		return NULL;
	return g_strdup_printf("has \"%s\", which is none of: any, nftables, ufw, firewalld", text);
}

char *firewall_accept(const char *value)
{
	return strcmp(value, "any") == 0 ? NULL : posture_accept_each(value, accept_one);
}

static void ask_one(struct unit_link *link, struct posture_sum *any,
		    const struct firewall *firewall)
{
	struct posture_sum all = { { NULL } };
	char *found;
	enum devid_answer answer = unit_ask(link, firewall->unit, "active", &found);

	posture_sum_add(&all, answer, found);
	if (answer != DEVID_ANSWER_FAIL && firewall->ask) {
		answer = firewall->ask(link->place, &found);
		posture_sum_add(&all, answer, found);
	}
	answer = posture_sum_all(&all, &found);
	posture_sum_add(any, answer, found);
}

enum devid_answer firewall_run(const char *value, const struct posture_place *place, char **message)
{
	AUTO_UNIT_LINK struct unit_link link = { place, NULL };
	struct posture_sum sum = { { NULL } };
	g_auto(GStrv) words = NULL;

	g_free(conf_set_list(value, &words));
	for (gsize i = 0; i < G_N_ELEMENTS(firewalls); i++)
		if (strcmp(value, "any") == 0 ||
		    (words && g_strv_contains((const char *const *)words, firewalls[i].name)))
			ask_one(&link, &sum, &firewalls[i]);
	return posture_sum_any(&sum, message);
}
