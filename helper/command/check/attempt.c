/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a handshake needs before it can begin: certificates, the key, whom to trust; the server's
 * address as people write it, and a connection that is made in time. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/gio-ready.h"
#include "base/input.h"
#include "identity/agent.h"
#include "identity/token.h"
#include "attempt.h"

#define CA_FILE_MAX  (4 * 1024 * 1024)
#define PORT_DEFAULT 443

static bool names_issuer(const struct identity *identity, const gnutls_datum_t *name)
{
	for (size_t i = 0; identity && i < identity->chain_count; i++) {
		gnutls_datum_t issuer = { NULL, 0 };
		bool same;

		if (gnutls_x509_crt_get_raw_issuer_dn(identity->chain[i], &issuer) < 0)
			continue;
		same = issuer.size == name->size &&
		       memcmp(issuer.data, name->data, name->size) == 0;
		gnutls_free(issuer.data);
		if (same)
			return true;
	}
	return false;
}

/* Called when the server asks for a certificate. Ours is sent whatever issuers it names: it is for
 * the server to refuse, and for us to tell what it said.
 */
static int choose_certificate(gnutls_session_t session, const gnutls_datum_t *names, int count,
			      const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
			      gnutls_pcert_st **certificates, unsigned *certificate_count,
			      gnutls_privkey_t *key)
{
	struct attempt *attempt = gnutls_session_get_ptr(session);
	struct server_report *report = attempt->report;

	report->asked = true;
	g_ptr_array_set_size(report->issuers, 0);
	for (int i = 0; i < count; i++) {
		char *name = devid_name_to_string(&names[i]);

		g_ptr_array_add(report->issuers, g_strdup(name ? name : "(unreadable name)"));
		free(name);
		report->ours_named =
			report->ours_named || names_issuer(attempt->identity, &names[i]);
	}
	*certificates = attempt->sent;
	*certificate_count = attempt->sent_count;
	*key = attempt->key;
	return 0;
}

/* A self-signed end of the chain is the server's own to have. */
static int prepare_chain(struct attempt *attempt)
{
	const struct identity *identity = attempt->identity;

	if (!identity)
		return 0;
	attempt->sent = g_new0(gnutls_pcert_st, identity->chain_count + 1);
	for (size_t i = 0; i < identity->chain_count; i++) {
		int code;

		if (i > 0 && gnutls_x509_crt_check_issuer(identity->chain[i], identity->chain[i]))
			continue;
		code = gnutls_pcert_import_x509(&attempt->sent[attempt->sent_count],
						identity->chain[i], 0);
		if (code < 0)
			return code;
		attempt->sent_count++;
	}
	return 0;
}

bool attempt_trust_file(gnutls_certificate_credentials_t credentials, const char *ca_file,
			GError **error)
{
	g_autoptr(GBytes) bytes = input_read(ca_file, CA_FILE_MAX, error);
	gnutls_datum_t data;
	gsize length;
	int code;

	if (!bytes) {
		g_prefix_error(error, "--ca-file ");
		return false;
	}
	data.data = (unsigned char *)g_bytes_get_data(bytes, &length);
	data.size = (unsigned)length;
	code = length == 0 ? 0
			   : gnutls_certificate_set_x509_trust_mem(credentials, &data,
								   GNUTLS_X509_FMT_PEM);
	if (code > 0)
		return true;
	return devid_error_set(error, DEVID_BAD_DATA, NULL, "name a PEM file of CA certificates",
			       "--ca-file %s: %s", ca_file,
			       code == 0 ? "no certificate in it" : gnutls_strerror(code));
}

bool attempt_new_credentials(const char *ca_file, gnutls_certificate_credentials_t *credentials,
			     GError **error)
{
	int code = gnutls_certificate_allocate_credentials(credentials);

	if (code < 0)
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "%s",
				       gnutls_strerror(code));
	gnutls_certificate_set_retrieve_function2(*credentials, choose_certificate);
	if (ca_file)
		return attempt_trust_file(*credentials, ca_file, error);
	/* A machine without a trust store is no obstacle: the server is called untrusted. */
	gnutls_certificate_set_x509_system_trust(*credentials);
	return true;
}

/* Whoever has the key knows better than PKCS#11 why it can't be had: a key that the agent doesn't
 * lend is hidden; a PIN was wrong.
 */
static bool open_key(struct attempt *attempt, const char *uri, GError **error)
{
	g_autofree char *object = NULL;
	g_autoptr(GError) failure = NULL, reason = NULL;
	bool opened;

	if (!attempt->identity->foreign)
		opened = token_open_key(uri, NULL, NULL, &attempt->key, &failure);
	else if (foreign_token_open(&attempt->token, uri, NULL, &object, error))
		opened = token_open_key(uri, foreign_token_pin, &attempt->token, &attempt->key,
					&failure);
	else
		return false;
	foreign_token_opened(&attempt->token);
	if (opened)
		return true;
	if (!attempt->identity->foreign)
		agent_try_key(attempt->identity, &reason);
	else if (attempt->token.pin_refused || attempt->token.pin_error)
		foreign_error(&attempt->token, "login", GNUTLS_E_PKCS11_PIN_ERROR, &reason);
	g_propagate_error(error, reason ? g_steal_pointer(&reason) : g_steal_pointer(&failure));
	return false;
}

bool attempt_prepare(struct attempt *attempt, const char *ca_file, GError **error)
{
	const struct identity *identity = attempt->identity;
	g_autofree char *uri = !identity ? NULL : g_strconcat(identity->uri, identity->query, NULL);
	int code;

	if ((identity && !(identity->foreign ? token_load_all(error) : token_load_own(error))) ||
	    (!attempt->credentials &&
	     !attempt_new_credentials(ca_file, &attempt->credentials, error)))
		return false;
	code = prepare_chain(attempt);
	if (code >= 0)
		code = gnutls_init(&attempt->session,
				   GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	if (code >= 0)
		code = gnutls_set_default_priority(attempt->session);
	if (code >= 0)
		code = gnutls_credentials_set(attempt->session, GNUTLS_CRD_CERTIFICATE,
					      attempt->credentials);
	if (code < 0)
		return devid_error_set(error, DEVID_FAILED, NULL, NULL, "TLS: %s",
				       gnutls_strerror(code));
	gnutls_session_set_ptr(attempt->session, attempt);
	if (!g_hostname_is_ip_address(attempt->report->host))
		gnutls_server_name_set(attempt->session, GNUTLS_NAME_DNS, attempt->report->host,
				       strlen(attempt->report->host));
	return !identity || open_key(attempt, uri, error);
}

void attempt_clear(struct attempt *attempt)
{
	for (unsigned i = 0; i < attempt->sent_count; i++)
		gnutls_pcert_deinit(&attempt->sent[i]);
	g_free(attempt->sent);
	if (attempt->session)
		gnutls_deinit(attempt->session);
	if (attempt->key)
		gnutls_privkey_deinit(attempt->key);
	foreign_token_close(&attempt->token);
	if (attempt->credentials && !attempt->borrowed)
		gnutls_certificate_free_credentials(attempt->credentials);
	g_clear_object(&attempt->connection);
}

/* --- the way to the server ------------------------------------------------------------------- */

int attempt_remaining_ms(const struct attempt *attempt)
{
	gint64 left = (attempt->deadline - g_get_monotonic_time()) / 1000;

	return (int)CLAMP(left, 0, SERVER_BOUND_MS);
}

bool attempt_parse_address(const char *address, struct server_report *report, GError **error)
{
	g_autoptr(GError) inner = NULL;
	g_autoptr(GNetworkAddress) parsed = NULL;

	const char *colon = strchr(address, ':');
	bool doubtful =
		strchr(address, '/') || (colon && strchr(colon + 1, ':') && *address != '[' &&
					 !g_hostname_is_ip_address(address));

	if (!doubtful)
		parsed = G_NETWORK_ADDRESS(g_network_address_parse(address, PORT_DEFAULT, &inner));
	if (!parsed || *g_network_address_get_hostname(parsed) == '\0' ||
	    g_network_address_get_port(parsed) == 0)
		return devid_error_set(error, DEVID_USAGE, NULL,
				       "as in vpn.example.com:443 or [2001:db8::1]:443",
				       "--server %s: not HOST:PORT", address);
	report->host = g_strdup(g_network_address_get_hostname(parsed));
	report->port = g_network_address_get_port(parsed);
	return true;
}

struct connecting {
	GSocketConnection *connection;
	GError *error;
	bool done;
	bool late;
};

static void connected(GObject *source, GAsyncResult *result, gpointer data)
{
	struct connecting *connecting = data;

	connecting->connection = g_socket_client_connect_to_host_finish(G_SOCKET_CLIENT(source),
									result, &connecting->error);
	connecting->done = true;
}

static gboolean too_late(gpointer data)
{
	struct connecting *connecting = data;

	connecting->late = true;
	return G_SOURCE_CONTINUE;
}

/* Looking a name up has no bound of its own: the whole is asynchronous and given up at the
 * deadline. */
bool attempt_connect(struct attempt *attempt)
{
	g_autoptr(GMainContext) context = g_main_context_new();
	g_autoptr(GSocketClient) client = NULL;
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_autoptr(GSource) timer = g_timeout_source_new((guint)attempt_remaining_ms(attempt));
	struct connecting connecting = { NULL, NULL, false, false };

	gio_ready();
	client = g_socket_client_new();
	g_main_context_push_thread_default(context);
	g_socket_client_set_enable_proxy(client, false);
	g_source_set_callback(timer, too_late, &connecting, NULL);
	g_source_attach(timer, context);
	g_socket_client_connect_to_host_async(client, attempt->report->host, attempt->report->port,
					      cancel, connected, &connecting);
	while (!connecting.done) {
		g_main_context_iteration(context, true);
		if (connecting.late && !g_cancellable_is_cancelled(cancel))
			g_cancellable_cancel(cancel);
	}
	g_source_destroy(timer);
	g_main_context_pop_thread_default(context);
	attempt->connection = connecting.connection;
	if (connecting.connection)
		return true;
	attempt->report->outcome = connecting.late ? SERVER_SILENT : SERVER_UNREACHABLE;
	attempt->report->detail = g_strdup(connecting.error->message);
	attempt->report->result = connecting.late ? DEVID_TIMEOUT : DEVID_IO;
	g_clear_error(&connecting.error);
	return false;
}
