/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Office: a name that only the office's own name server answers as the account says. A network that
 * answers every name (a captive portal) is told by a name that can't exist beside it.
 */
#include <string.h>
#include <gnutls/gnutls.h>
#include <gnutls/crypto.h>
#include "base/text.h"
#include "office.h"

#define GUARD_BYTES 8

/* A name beside `name` that nobody has. */
static char *guard_name(const char *name)
{
	guint8 bytes[GUARD_BYTES];
	g_autofree char *hex = NULL;

	if (gnutls_rnd(GNUTLS_RND_NONCE, bytes, sizeof(bytes)) != 0)
		return NULL;
	hex = text_hex(bytes, sizeof(bytes));
	return g_strconcat("devid-", hex, strchr(name, '.'), NULL);
}

static bool is_expected(const struct office *office, GList *addresses, char **first)
{
	for (GList *link = addresses; link; link = link->next) {
		g_autofree char *address = g_inet_address_to_string(link->data);

		if (g_strv_contains((const char *const *)office->dns_answers, address))
			return true;
		if (!*first)
			*first = g_steal_pointer(&address);
	}
	return false;
}

/* Whether the answer stands: the guard is not answered, and that is what the server says. */
static void ask_guard(const struct office *office, GResolver *resolver, GCancellable *cancellable,
		      struct office_finding *finding)
{
	g_autofree char *guard = guard_name(office->dns_name);
	g_autoptr(GError) error = NULL;
	GList *addresses =
		guard ? g_resolver_lookup_by_name(resolver, guard, cancellable, &error) : NULL;

	if (addresses)
		office_found(finding, DEVID_ANSWER_FAIL,
			     "names that don't exist are answered here too: a captive portal, or a "
			     "wildcard beside %s",
			     office->dns_name);
	else if (g_error_matches(error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND))
		office_found(finding, DEVID_ANSWER_PASS, "%s is answered as it must be",
			     office->dns_name);
	else
		office_found(finding, DEVID_ANSWER_UNKNOWN,
			     "the name server did not say that a name beside %s does not exist",
			     office->dns_name);
	g_resolver_free_addresses(addresses);
}

void office_ask_name(const struct office *office, GCancellable *cancellable,
		     struct office_finding *finding)
{
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	g_autoptr(GError) error = NULL;
	g_autofree char *other = NULL;
	GList *addresses =
		g_resolver_lookup_by_name(resolver, office->dns_name, cancellable, &error);

	if (addresses && is_expected(office, addresses, &other))
		ask_guard(office, resolver, cancellable, finding);
	else if (addresses)
		office_found(finding, DEVID_ANSWER_FAIL, "%s is answered with %s", office->dns_name,
			     other);
	else if (g_error_matches(error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND))
		office_found(finding, DEVID_ANSWER_FAIL, "%s does not exist here",
			     office->dns_name);
	else
		office_found(finding, DEVID_ANSWER_UNKNOWN, "no name server answered for %s",
			     office->dns_name);
	g_resolver_free_addresses(addresses);
}
