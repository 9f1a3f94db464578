/* Firewall=: whether one of the firewalls that are known is active. */
#include <string.h>
#include "posture-private.h"

static const char *const firewalls[] = { "nftables", "ufw", "firewalld", NULL };

static char *accept_one(const char *text)
{
	g_autofree char *words = NULL;

	if (g_strv_contains(firewalls, text))
		return NULL;
	words = g_strjoinv(", ", (char **)firewalls);
	return g_strdup_printf("has \"%s\", which is none of: any, %s", text, words);
}

char *firewall_accept(const char *value)
{
	return strcmp(value, "any") == 0 ? NULL : posture_accept_each(value, accept_one);
}
