/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Office: a server that only the office's network reaches, known by its certificate. Only what
 * comes over TLS with that certificate counts, and only 2xx: a redirect leads away, 403 may be what
 * the world gets. No proxy is used: behind one, every place looks the same.
 */
#include <string.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include "base/auto-gnutls.h"
#include "base/certificate.h"
#include "base/text.h"
#include "office.h"

#define HTTPS_PORT	443
#define ADDRESS_SECONDS 2 /* for one of a name's addresses */
#define STATUS_LINE_MAX 512
#define PRIORITY	"-VERS-TLS1.1:-VERS-TLS1.0:-VERS-DTLS-ALL"
#define HASH_BYTES	32

struct probe {
	GSocketConnection *connection;
	GSocket *socket;
	GCancellable *cancellable;
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	char *host, *path;
	guint16 port;
};

static void probe_clear(struct probe *probe)
{
	if (probe->session)
		gnutls_deinit(probe->session);
	if (probe->credentials)
		gnutls_certificate_free_credentials(probe->credentials);
	g_clear_object(&probe->connection);
	g_free(probe->host);
	g_free(probe->path);
}

/* `address` was accepted by office-keys.c. */
static void probe_address(struct probe *probe, const char *address)
{
	g_autoptr(GUri) uri = g_uri_parse(address, G_URI_FLAGS_ENCODED, NULL);
	const char *path = g_uri_get_path(uri), *query = g_uri_get_query(uri);
	int port = g_uri_get_port(uri);

	probe->host = g_strdup(g_uri_get_host(uri));
	probe->port = (guint16)(port < 0 ? HTTPS_PORT : port);
	probe->path = g_strconcat(*path ? path : "/", query ? "?" : NULL, query, NULL);
}

static bool probe_connect(struct probe *probe)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketConnectable) address = g_network_address_new(probe->host, probe->port);

	g_socket_client_set_enable_proxy(client, false);
	g_socket_client_set_timeout(client, ADDRESS_SECONDS);
	probe->connection = g_socket_client_connect(client, address, probe->cancellable, NULL);
	if (!probe->connection)
		return false;
	probe->socket = g_socket_connection_get_socket(probe->connection);
	g_socket_set_blocking(probe->socket, false);
	return true;
}

/* Waits for what the session wants next. false: cancelled, too late, or `status` is an error that
 * ends the session.
 */
static bool probe_wait(struct probe *probe, gssize status)
{
	GIOCondition condition = gnutls_record_get_direction(probe->session) ? G_IO_OUT : G_IO_IN;

	if (status != GNUTLS_E_AGAIN && status != GNUTLS_E_INTERRUPTED)
		return status < 0 && !gnutls_error_is_fatal((int)status);
	return g_socket_condition_wait(probe->socket, condition, probe->cancellable, NULL);
}

static bool probe_handshake(struct probe *probe)
{
	const gnutls_datum_t http = { (unsigned char *)"http/1.1", strlen("http/1.1") };
	int status;

	if (gnutls_init(&probe->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) != 0 ||
	    gnutls_certificate_allocate_credentials(&probe->credentials) != 0 ||
	    gnutls_credentials_set(probe->session, GNUTLS_CRD_CERTIFICATE, probe->credentials) !=
		    0 ||
	    gnutls_set_default_priority_append(probe->session, PRIORITY, NULL, 0) != 0 ||
	    gnutls_alpn_set_protocols(probe->session, &http, 1, 0) != 0)
		return false;
	if (!g_hostname_is_ip_address(probe->host) &&
	    gnutls_server_name_set(probe->session, GNUTLS_NAME_DNS, probe->host,
				   strlen(probe->host)) != 0)
		return false;
	gnutls_transport_set_int(probe->session, g_socket_get_fd(probe->socket));
	do {
		status = gnutls_handshake(probe->session);
	} while (status != 0 && probe_wait(probe, status));
	return status == 0;
}

/* Whether a pin is the SHA-256 of the server's certificate or of its key. */
static bool probe_is_pinned(struct probe *probe, char **pins)
{
	g_autofree char *certificate = NULL, *key = NULL;
	guint8 hash[HASH_BYTES];
	g_auto(gnutls_x509_crt_t) leaf = NULL;
	size_t length = sizeof(hash);
	unsigned count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(probe->session, &count);

	if (!chain || count == 0 ||
	    gnutls_fingerprint(GNUTLS_DIG_SHA256, &chain[0], hash, &length) != 0)
		return false;
	certificate = text_hex(hash, length);
	length = sizeof(hash);
	leaf = certificate_from_der(chain[0].data, chain[0].size);
	if (leaf && gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256, hash, &length) == 0)
		key = text_hex(hash, length);
	return g_strv_contains((const char *const *)pins, certificate) ||
	       (key && g_strv_contains((const char *const *)pins, key));
}

static bool probe_send(struct probe *probe)
{
	bool literal = strchr(probe->host, ':') != NULL;
	g_autofree char *port =
		probe->port == HTTPS_PORT ? g_strdup("") : g_strdup_printf(":%u", probe->port);
	g_autofree char *request = g_strdup_printf(
		"GET %s HTTP/1.1\r\nHost: %s%s%s%s\r\nUser-Agent: devid\r\nConnection: close\r\n\r\n",
		probe->path, literal ? "[" : "", probe->host, literal ? "]" : "", port);
	gsize length = strlen(request), sent = 0;

	while (sent < length) {
		gssize status = gnutls_record_send(probe->session, request + sent, length - sent);

		if (status > 0)
			sent += (gsize)status;
		else if (!probe_wait(probe, status))
			return false;
	}
	return true;
}

/* The three digits of "HTTP/1.1 200 …"; 0: that is not what was answered. */
static int probe_status(struct probe *probe)
{
	char line[STATUS_LINE_MAX + 1] = "";
	const char *rest = line;
	gsize length = 0;

	while (!strchr(line, '\n') && length < STATUS_LINE_MAX) {
		gssize status =
			gnutls_record_recv(probe->session, line + length, STATUS_LINE_MAX - length);

		if (status > 0)
			length += (gsize)status;
		else if (!probe_wait(probe, status))
			return 0;
		line[length] = '\0';
	}
	if (!g_str_has_prefix(line, "HTTP/1.") || !g_ascii_isdigit(line[strlen("HTTP/1.")]))
		return 0;
	rest += strlen("HTTP/1.1");
	if (rest[0] != ' ' || !g_ascii_isdigit(rest[1]) || !g_ascii_isdigit(rest[2]) ||
	    !g_ascii_isdigit(rest[3]) || g_ascii_isdigit(rest[4]))
		return 0;
	return 100 * (rest[1] - '0') + 10 * (rest[2] - '0') + rest[3] - '0';
}

void office_ask_probe(const struct office *office, GCancellable *cancellable,
		      struct office_finding *finding)
{
	struct probe probe = { .cancellable = cancellable };
	int status;

	probe_address(&probe, office->probe);
	if (!probe_connect(&probe)) {
		office_found(finding, DEVID_ANSWER_UNKNOWN, "%s can't be reached", office->probe);
	} else if (!probe_handshake(&probe)) {
		office_found(finding, DEVID_ANSWER_UNKNOWN, "%s made no TLS connection",
			     office->probe);
	} else if (!probe_is_pinned(&probe, office->probe_pins)) {
		office_found(finding, DEVID_ANSWER_FAIL, "%s has another certificate",
			     office->probe);
	} else if (!probe_send(&probe) || (status = probe_status(&probe)) == 0) {
		office_found(finding, DEVID_ANSWER_UNKNOWN, "%s gave no answer", office->probe);
	} else {
		office_found(finding, status / 100 == 2 ? DEVID_ANSWER_PASS : DEVID_ANSWER_FAIL,
			     "%s answers %d with the pinned certificate", office->probe, status);
	}
	probe_clear(&probe);
}
