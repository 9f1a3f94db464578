/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What VPN clients write when it fails, as a table: the words of theirs, and the cause of ours. */
#include <string.h>
#include <sys/wait.h>
#include <devid/reason.h>

#include "base/error.h"
#include "cause.h"

/* The first row that one of the last lines holds decides; so what is certain stands first. */
static const struct {
	const char *client;
	const char *words;
	const char *reason;
} causes[] = {
	{ "openvpn", "Interactive authentication required", "root-needed" },
	{ "openvpn", ": Access denied", "root-needed" },
	{ "openvpn", ".service not found", "client-missing" },
	{ "openconnect", "Login failed", "sign-in-wrong" },
	{ "openconnect", "User input required in non-interactive mode", "sign-in-needed" },
	{ "openconnect", "failed verification", "gateway-untrusted" },
	{ "openconnect", "SSL certificate didn't match", "gateway-untrusted" },
	{ "openconnect", "certificate does not match", "gateway-untrusted" },
	{ "openconnect", "specified via --servercert match", "gateway-untrusted" },
	{ "openconnect", "getaddrinfo failed", "gateway-unreachable" },
	{ "openconnect", "Failed to connect to", "gateway-unreachable" },
	{ "openconnect", "Failed to reconnect", "gateway-unreachable" },
	{ "openconnect", "Client certificate has expired", "expired" },
	{ "openconnect", "PKCS #11 error", "key-failed" },
	{ "openconnect", "from PKCS#11", "key-failed" },
	{ "openconnect", "PKCS#11 URL", "key-failed" },
	{ "openconnect", "Error signing", "key-failed" },
	{ "openconnect", "Cookie is no longer valid", "session-ended" },
	{ "openconnect", "Cookie was rejected", "session-ended" },
	{ "openconnect", "Session terminated by server", "session-ended" },
	{ "openconnect", "Received server disconnect", "session-ended" },
	{ "openconnect", "Server terminated session", "session-ended" },
	/* Our side's word, of the gateway's: what a gateway says comes as an alert. */
	{ "openconnect", "Error in the certificate", "gateway-untrusted" },
	{ "openconnect", "fatal alert", "gateway-refused" },
	{ "openconnect", "Operation not permitted", "root-needed" },
	{ "openconnect", "Failed to open tun", "root-needed" },
	{ "openconnect", "TUNSETIFF failed", "root-needed" },
	{ "openconnect", "Unexpected 401", "gateway-refused" },
	{ "openconnect", "Unexpected 403", "gateway-refused" },
	{ "openconnect", "Failed to read from TLS", "gateway-closed" },
	{ "openconnect", "Error reading HTTP response", "gateway-closed" },
	{ "openconnect", "SSL connection failure", "gateway-closed" },
	{ "openconnect", "Failed to open HTTPS connection", "gateway-unreachable" },
	{ "openconnect", "Failed to write to TLS", "gateway-closed" },
	{ "openconnect", "Failed to complete authentication", "gateway-closed" },
	{ "openvpn", "certificate verify failed", "gateway-untrusted" },
	{ "openvpn", "VERIFY ERROR", "gateway-untrusted" },
	{ "openvpn", "AUTH_FAILED", "sign-in-wrong" },
	{ "openvpn", "Cannot resolve host", "gateway-unreachable" },
	{ "openvpn", "PKCS#11: Cannot", "key-failed" },
	{ "openvpn", "EVP lib", "key-failed" },
	{ "openvpn", "key negotiation failed", "gateway-closed" },
	{ "openvpn", "TLS handshake failed", "gateway-closed" },
	{ "openvpn", "Operation not permitted", "root-needed" },
	{ "openvpn", "Inactivity timeout", "session-ended" },
	{ "openvpn", "server restarting", "session-ended" },
	{ "openvpn", "process exiting", "session-ended" },
	{ "strongswan", "AUTHENTICATION_FAILED", "gateway-refused" },
	{ "strongswan", "no trusted", "gateway-untrusted" },
	{ "strongswan", "no private key found", "key-failed" },
	{ "strongswan", "C_Sign() failed", "key-failed" },
	{ "strongswan", "peer not responding", "gateway-unreachable" },
	{ "strongswan", "Permission denied", "root-needed" },
	{ "strongswan", "connecting to", "client-missing" },
};

/* Other modules of p11-kit's, as those for TPMs, write to the client's standard error too. */
static bool is_noise(const char *line)
{
	static const char *const levels[] = { "WARNING:", "ERROR:" };

	for (size_t i = 0; i < G_N_ELEMENTS(levels); i++)
		if (g_str_has_prefix(line, levels[i]) && g_ascii_islower(line[strlen(levels[i])]))
			return true;
	return false;
}

static const char *line_with(const GPtrArray *lines, const char *words)
{
	for (guint i = !lines ? 0 : lines->len; i > 0; i--)
		if (strstr(g_ptr_array_index(lines, i - 1), words) &&
		    !is_noise(g_ptr_array_index(lines, i - 1)))
			return g_ptr_array_index(lines, i - 1);
	return NULL;
}

void vpn_cause(const struct vpn_session *session, const char *client, int status, GError **error)
{
	const char *gateway = session->connection->gateway, *line = NULL, *reason = "client-failed";
	const struct devid_reason *row;
	g_autofree char *detail = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(causes) && !line; i++) {
		if (strcmp(causes[i].client, client) != 0)
			continue;
		line = line_with(session->lines, causes[i].words);
		if (line)
			reason = causes[i].reason;
	}
	row = devid_reason_find(reason);
	if (!line && session->lines && session->lines->len > 0)
		line = g_ptr_array_index(session->lines, session->lines->len - 1);
	detail = line		       ? g_strdup(line)
		 : WIFSIGNALED(status) ? g_strdup_printf("signal %d", WTERMSIG(status))
				       : g_strdup_printf("exit status %d", WEXITSTATUS(status));
	devid_error_set(error, row->result, reason, NULL, "%s: %s (%s: %s)", gateway, row->cause,
			client, detail);
}
