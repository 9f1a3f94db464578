/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of an [Office NAME] section. What they take is brought into one form here, so that
 * looking compares text with text.
 */
#include <string.h>
#include <gio/gio.h>
#include "base/conf.h"
#include "office-keys.h"

#define HOST_MAX     253
#define DNS_NAME_MAX 200 /* leaves room for a name beside it: office-name.c */

#define LABEL_MAX  63
#define MAC_BYTES  6
#define SHA256_HEX 64
#define VALUES_MAX 16

struct office *office_new(const char *name)
{
	struct office *office = g_new0(struct office, 1);

	office->name = g_strdup(name);
	return office;
}

void office_free(struct office *office)
{
	if (!office)
		return;
	g_free(office->name);
	g_free(office->gateway);
	g_free(office->mac);
	g_free(office->dns_name);
	g_strfreev(office->dns_answers);
	g_free(office->probe);
	g_strfreev(office->probe_pins);
	g_free(office);
}

/* An address that one machine of a network can have, as text in its only form; else NULL. */
static char *host_address(const char *value)
{
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(value);

	if (!address || g_inet_address_get_is_any(address) ||
	    g_inet_address_get_is_loopback(address) || g_inet_address_get_is_multicast(address))
		return NULL;
	return g_inet_address_to_string(address);
}

static char *set_gateway(void *target, const char *value)
{
	struct office *office = target;
	g_autofree char *address = host_address(value);

	/* The device is that of the route. */
	if (!address || strchr(value, '%'))
		return g_strdup("is no IPv4 address of a gateway, nor an IPv6 one");
	office->gateway = g_steal_pointer(&address);
	return NULL;
}

/* Six octets in hex between colons or dashes; not all zero, not of a group. */
static char *set_mac(void *target, const char *value)
{
	struct office *office = target;
	g_autoptr(GString) mac = g_string_new(NULL);
	int octet, all = 0, first = 0;

	for (int i = 0; i < MAC_BYTES; i++) {
		if (!g_ascii_isxdigit(value[0]) || !g_ascii_isxdigit(value[1]) ||
		    (i < MAC_BYTES - 1 ? value[2] != ':' && value[2] != '-' : value[2] != '\0'))
			return g_strdup("is no MAC address (such as 00:11:22:33:44:55)");
		octet = g_ascii_xdigit_value(value[0]) << 4 | g_ascii_xdigit_value(value[1]);
		if (i == 0)
			first = octet;
		all |= octet;
		g_string_append_printf(mac, "%s%02x", i > 0 ? ":" : "", octet);
		value += 3;
	}
	if (all == 0 || first & 1)
		return g_strdup("is no MAC address that one gateway can have");
	office->mac = g_string_free(g_steal_pointer(&mac), false);
	return NULL;
}

/* Labels of letters, digits, '-' and '_' between single dots. */
static bool is_host_name(const char *name)
{
	gsize length = strlen(name), label = 0;

	if (length == 0 || length > HOST_MAX)
		return false;
	for (gsize i = 0; i <= length; i++) {
		if (name[i] == '.' || name[i] == '\0') {
			if (label == 0 || label > LABEL_MAX || name[i - 1] == '-')
				return false;
			label = 0;
		} else if (g_ascii_isalnum(name[i]) || name[i] == '_' ||
			   (name[i] == '-' && label > 0)) {
			label++;
		} else {
			return false;
		}
	}
	return true;
}

/* With a dot inside, since a single label is completed by whatever domain a network hands out. */
static char *set_dns_name(void *target, const char *value)
{
	struct office *office = target;
	g_autofree char *name = g_ascii_strdown(value, -1);

	if (g_str_has_suffix(name, "."))
		name[strlen(name) - 1] = '\0';
	if (strlen(name) > DNS_NAME_MAX)
		return g_strdup_printf("is longer than %d bytes", DNS_NAME_MAX);
	if (!is_host_name(name) || !strchr(name, '.') || g_hostname_is_ip_address(name))
		return g_strdup("is no full host name (such as office.example.com)");
	office->dns_name = g_steal_pointer(&name);
	return NULL;
}

/* Values of a list, each brought into its form by `read`; NULL of that: it is none, but `other`. */
static char *set_each(const char *value, char ***target, const char *title,
		      char *(*read)(const char *value), const char *other)
{
	char *why = conf_set_list(value, target);

	if (!why && g_strv_length(*target) > VALUES_MAX)
		return g_strdup_printf("names more than %d %s", VALUES_MAX, title);
	for (char **each = *target; !why && *each; each++) {
		g_autofree char *given = *each;

		*each = read(given);
		if (!*each) {
			*each = g_strdup("");
			why = g_strdup_printf("names %s, which is %s", given, other);
		}
	}
	return why;
}

static char *set_dns_answer(void *target, const char *value)
{
	struct office *office = target;

	return set_each(value, &office->dns_answers, "addresses", host_address,
			"no address of a server");
}

/* https://HOST[:PORT][/PATH], in characters that a request may hold as they are. */
static char *set_probe(void *target, const char *value)
{
	struct office *office = target;
	g_autoptr(GUri) uri = g_uri_parse(value, G_URI_FLAGS_ENCODED, NULL);
	const char *host = uri ? g_uri_get_host(uri) : NULL;

	for (const char *c = value; *c; c++)
		if (!g_ascii_isgraph(*c))
			return g_strdup("holds a character that an address can't have");
	if (!host || strcmp(g_uri_get_scheme(uri), "https") != 0)
		return g_strdup("is no address https://HOST[:PORT]/PATH");
	if (g_uri_get_userinfo(uri) || g_uri_get_fragment(uri))
		return g_strdup("holds a user's name or a fragment");
	if (strchr(host, '%') || g_uri_get_port(uri) == 0 ||
	    (!g_hostname_is_ip_address(host) && !is_host_name(host)))
		return g_strdup("names no host that can be asked");
	office->probe = g_strdup(value);
	return NULL;
}

/* "sha256:HEX", colons between the octets or not; kept as lower-case hex. */
static char *read_pin(const char *value)
{
	g_autoptr(GString) hex = g_string_new(NULL);

	if (g_ascii_strncasecmp(value, "sha256:", strlen("sha256:")) != 0)
		return NULL;
	for (const char *c = value + strlen("sha256:"); *c; c++) {
		if (*c == ':' && hex->len > 0 && hex->len % 2 == 0 && c[1])
			continue;
		if (!g_ascii_isxdigit(*c))
			return NULL;
		g_string_append_c(hex, g_ascii_tolower(*c));
	}
	return hex->len == SHA256_HEX ? g_string_free(g_steal_pointer(&hex), false) : NULL;
}

static char *set_pins(void *target, const char *value)
{
	struct office *office = target;

	return set_each(value, &office->probe_pins, "certificates", read_pin,
			"not sha256: and 64 hex digits");
}

const struct conf_key office_keys[] = {
	{ "GatewayAddress", set_gateway },
	{ "GatewayMAC", set_mac },
	{ "DNSName", set_dns_name },
	{ "DNSAnswer", set_dns_answer },
	{ "Probe", set_probe },
	{ "ProbeCertificate", set_pins },
};
const gsize office_key_count = G_N_ELEMENTS(office_keys);

char *office_end(void *target)
{
	const struct office *office = target;
	const struct {
		const char *word, *other;
		bool has_word, has_other;
	} pairs[] = {
		{ "GatewayAddress", "GatewayMAC", office->gateway != NULL, office->mac != NULL },
		{ "DNSName", "DNSAnswer", office->dns_name != NULL, office->dns_answers != NULL },
		{ "Probe", "ProbeCertificate", office->probe != NULL, office->probe_pins != NULL },
	};
	bool any = false;

	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
		if (pairs[i].has_word != pairs[i].has_other)
			return g_strdup_printf("[Office %s] has %s= without %s=", office->name,
					       pairs[i].has_word ? pairs[i].word : pairs[i].other,
					       pairs[i].has_word ? pairs[i].other : pairs[i].word);
		any |= pairs[i].has_word;
	}
	return any ? NULL
		   : g_strdup_printf("[Office %s] says nothing that could tell it from another "
				     "network",
				     office->name);
}

void office_found(struct office_finding *finding, enum devid_answer answer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	finding->answer = answer;
	finding->words = g_strdup_vprintf(format, arguments);
	va_end(arguments);
}
