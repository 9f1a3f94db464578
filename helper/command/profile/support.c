/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the configurations of clients share: names, quoting, and words that no file format can trip
 * over. */
#include <string.h>
#include <gio/gio.h>
#include <internal/record.h>

#include "base/certificate.h"
#include "base/error.h"
#include "command/check/attempt.h"
#include "profile.h"
#include "support.h"

#define SYSTEM_STORE "/etc/ssl/certs/ca-certificates.crt"
#define WORD_MAX     255

static void file_free(void *data)
{
	struct profile_file *file = data;

	g_free(file->path);
	g_free(file->part);
	g_string_free(file->text, true);
	g_free(file);
}

GPtrArray *profile_files_new(void)
{
	return g_ptr_array_new_with_free_func(file_free);
}

struct profile_file *profile_file_add(GPtrArray *files, char *path, mode_t mode)
{
	struct profile_file *file = g_new0(struct profile_file, 1);

	file->path = path;
	file->mode = mode;
	file->text = g_string_new(NULL);
	g_ptr_array_add(files, file);
	return file;
}

/* --- words */

/* Each of these ends a word, a string or a line in one of the formats, or begins something
 * there. */
static bool is_plain_word(const char *word, const char *more)
{
	if (*word == '\0' || *word == '-' || strlen(word) > WORD_MAX ||
	    !g_utf8_validate(word, -1, NULL))
		return false;
	for (const char *at = word; *at != '\0'; at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);

		if (character < 0x80
			    ? !g_ascii_isalnum((char)character) && !strchr(more, (int)character)
			    : !g_unichar_isgraph(character))
			return false;
	}
	return true;
}

static bool word_error(GError **error, const char *option, const char *word)
{
	return devid_error_set(error, DEVID_USAGE, NULL, "devid help profile",
			       "profile: %s %s: it has a character that configuration files give a "
			       "meaning, or is empty",
			       option, word);
}

/* Host and port: "vpn.example.com", "vpn.example.com:443", "192.0.2.1", "[2001:db8::1]:443". */
static bool split_gateway(struct profile_request *profile, GError **error)
{
	g_autoptr(GSocketConnectable) address = g_network_address_parse(profile->gateway, 0, NULL);
	const char *end = strchr(profile->gateway, ']'), *colon = strrchr(profile->gateway, ':');
	bool has_port = colon && (end ? colon == end + 1 : strchr(profile->gateway, ':') == colon);
	guint64 port = 0;

	if (!address || !is_plain_word(profile->gateway, ".-:[]_") ||
	    (has_port && !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL)))
		return word_error(error, "--gateway", profile->gateway);
	profile->host = g_strdup(g_network_address_get_hostname(G_NETWORK_ADDRESS(address)));
	if (has_port)
		profile->port = g_strdup_printf("%" G_GUINT64_FORMAT, port);
	return true;
}

static bool check_gateway(struct profile_request *profile, const struct profile *client,
			  GError **error)
{
	if (!profile->gateway || !client->gateway)
		return true;
	if (strcmp(client->gateway, "SSID") == 0)
		return strlen(profile->gateway) <= 32 && is_plain_word(profile->gateway, " .-_:+&")
			       ? true
			       : word_error(error, "--gateway", profile->gateway);
	if (strcmp(client->gateway, "INTERFACE") == 0)
		return strlen(profile->gateway) <= 15 && is_plain_word(profile->gateway, ".-_")
			       ? true
			       : word_error(error, "--gateway", profile->gateway);
	return split_gateway(profile, error);
}

/* Clients that are given a file without a certificate fail, and most of them tell no reason. */
static bool has_certificates(const char *ca_file, GError **error)
{
	gnutls_certificate_credentials_t credentials = NULL;
	int code = gnutls_certificate_allocate_credentials(&credentials);
	bool trusted;

	if (code < 0)
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "%s",
				       gnutls_strerror(code));
	trusted = attempt_trust_file(credentials, ca_file, error);
	gnutls_certificate_free_credentials(credentials);
	return trusted;
}

/* What a daemon reads must not lie where its unit hides it: ProtectHome=, PrivateTmp=. */
static bool check_ca_file(const struct profile_request *profile, const struct profile *client,
			  GError **error)
{
	static const char *const hidden[] = { "/home/", "/root/", "/run/user/", "/tmp/",
					      "/var/tmp/" };

	if (!profile->ca_file && client->ca_needed)
		return devid_error_set(
			error, DEVID_USAGE, NULL, "--ca-file FILE: the CA of the network's server",
			"profile: %s: without --ca-file any server could pass for yours",
			client->name);
	if (!profile->ca_file)
		return true;
	if (!is_plain_word(profile->ca_file, "/.-_+@ "))
		return word_error(error, "--ca-file", profile->ca_file);
	for (size_t i = 0; client->token == PROFILE_SYSTEM && i < G_N_ELEMENTS(hidden); i++)
		if (g_str_has_prefix(profile->ca_file, hidden[i]))
			return devid_error_set(
				error, DEVID_USAGE, NULL, "put it below /etc, as in /etc/ssl/",
				"profile: --ca-file %s: hidden from %s, which runs as a "
				"service",
				profile->ca_file, client->name);
	return has_certificates(profile->ca_file, error);
}

/* Two texts of which one character was replaced are still told apart. */
static char *plain_name(const char *text)
{
	GString *name = g_string_new(NULL);
	bool replaced = false;

	for (const char *at = text; *at != '\0'; at++) {
		bool good = g_ascii_isalnum(*at) ||
			    (at > text && (*at == '.' || *at == '-' || *at == '_'));

		g_string_append_c(name, good ? *at : '-');
		replaced |= !good;
	}
	if (replaced) {
		g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

		g_string_append_printf(name, "-%.8s", sum);
		if (name->str[0] == '-')
			g_string_prepend(name, "devid");
	}
	return g_string_free(name, false);
}

bool profile_request_check(struct profile_request *profile, const struct profile *client,
			   GError **error)
{
	const char *for_name;

	if (!check_gateway(profile, client, error) || !check_ca_file(profile, client, error))
		return false;
	if (profile->user && !is_plain_word(profile->user, ".-_@/+\\$:"))
		return word_error(error, "--user", profile->user);
	for_name = profile->host      ? profile->host
		   : profile->gateway ? profile->gateway
				      : profile->identity->record->label;
	profile->name = plain_name(for_name);
	return true;
}

void profile_request_clear(struct profile_request *profile)
{
	g_clear_pointer(&profile->name, g_free);
	g_clear_pointer(&profile->gateway, g_free);
	g_clear_pointer(&profile->host, g_free);
	g_clear_pointer(&profile->port, g_free);
}

const char *profile_ca_file(const struct profile_request *profile)
{
	return profile->ca_file ? profile->ca_file : SYSTEM_STORE;
}

bool profile_host_is_address(const struct profile_request *profile)
{
	return profile->host && g_hostname_is_ip_address(profile->host);
}

char *profile_common_name(const struct profile_request *profile)
{
	g_autofree char *name = certificate_common_name(profile->identity->chain[0]);

	if (name && strlen(name) <= WORD_MAX && is_plain_word(name, ".-_@/ "))
		return g_steal_pointer(&name);
	return plain_name(profile->identity->record->label);
}

char *profile_quoted(const char *text)
{
	GString *quoted = g_string_new("\"");

	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(quoted, '\\');
		g_string_append_c(quoted, *text);
	}
	g_string_append_c(quoted, '"');
	return g_string_free(quoted, false);
}

char *profile_id(const struct identity *identity)
{
	const struct record_bytes *id = &identity->record->id;
	char *hex = g_malloc(2 * id->length + 1);

	hex_encode(id->data, id->length, hex);
	return hex;
}

char *profile_own_path(const struct profile_request *profile, const char *client)
{
	return g_strdup_printf("%s/.config/devid/clients/%s-%s.conf", profile->home, client,
			       profile->name);
}
