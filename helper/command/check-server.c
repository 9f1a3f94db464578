/* A TLS handshake with the device key: what a server asks for, and what it says to the answer.
 *
 * In TLS 1.3 the client's handshake is over before the server has seen its certificate (RFC 8446
 * section 4.4): a refusal comes as an alert to whoever reads next, or as a closed connection. So
 * this client goes on reading for a while.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <gio/gio.h>
#include <gnutls/abstract.h>

#include "check-server.h"
#include "describe.h"
#include "foreign-token.h"

#define BOUND_MS 10000
/* How long a server may take to speak against a certificate once the handshake stands. */
#define AFTERTHOUGHT_MS 1000
#define PORT_DEFAULT	443

struct attempt {
	const struct identity *identity;
	struct server_report *report;
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t session;
	gnutls_privkey_t key;
	gnutls_pcert_st *sent; /* the leaf and its chain */
	unsigned sent_count;
	GSocketConnection *connection;
	struct foreign_token token; /* for its PIN, where the key is on a foreign one */
	gint64 deadline;	    /* g_get_monotonic_time() */
};

static int remaining_ms(const struct attempt *attempt)
{
	gint64 left = (attempt->deadline - g_get_monotonic_time()) / 1000;

	return (int)CLAMP(left, 0, BOUND_MS);
}

static gboolean parse_address(const char *address, struct server_report *report, GError **error)
{
	g_autoptr(GError) inner = NULL;
	g_autoptr(GNetworkAddress) parsed = NULL;

	const char *colon = strchr(address, ':');
	bool doubtful = strchr(address, '/') != NULL ||
			(colon != NULL && strchr(colon + 1, ':') != NULL && *address != '[' &&
			 !g_hostname_is_ip_address(address));

	if (!doubtful)
		parsed = G_NETWORK_ADDRESS(g_network_address_parse(address, PORT_DEFAULT, &inner));
	if (parsed == NULL || *g_network_address_get_hostname(parsed) == '\0' ||
	    g_network_address_get_port(parsed) == 0) {
		devid_error_set(error, DEVID_USAGE, NULL,
				"as in vpn.example.com:443 or [2001:db8::1]:443",
				"--server %s: not HOST:PORT", address);
		return FALSE;
	}
	report->host = g_strdup(g_network_address_get_hostname(parsed));
	report->port = g_network_address_get_port(parsed);
	return TRUE;
}

struct connecting {
	GSocketConnection *connection;
	GError *error;
	gboolean done;
	gboolean late;
};

static void connected(GObject *source, GAsyncResult *result, gpointer data)
{
	struct connecting *connecting = data;

	connecting->connection = g_socket_client_connect_to_host_finish(G_SOCKET_CLIENT(source),
									result, &connecting->error);
	connecting->done = TRUE;
}

static gboolean too_late(gpointer data)
{
	struct connecting *connecting = data;

	connecting->late = TRUE;
	return G_SOURCE_CONTINUE;
}

/* Looking a name up has no bound of its own: the whole is asynchronous and given up at the
 * deadline. */
static gboolean reach(struct attempt *attempt)
{
	g_autoptr(GMainContext) context = g_main_context_new();
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_autoptr(GSource) timer = g_timeout_source_new((guint)remaining_ms(attempt));
	struct connecting connecting = { NULL, NULL, FALSE, FALSE };

	g_main_context_push_thread_default(context);
	g_socket_client_set_enable_proxy(client, FALSE);
	g_source_set_callback(timer, too_late, &connecting, NULL);
	g_source_attach(timer, context);
	g_socket_client_connect_to_host_async(client, attempt->report->host, attempt->report->port,
					      cancel, connected, &connecting);
	while (!connecting.done) {
		g_main_context_iteration(context, TRUE);
		if (connecting.late && !g_cancellable_is_cancelled(cancel))
			g_cancellable_cancel(cancel);
	}
	g_source_destroy(timer);
	g_main_context_pop_thread_default(context);
	attempt->connection = connecting.connection;
	if (connecting.connection != NULL)
		return TRUE;
	attempt->report->outcome = connecting.late ? SERVER_SILENT : SERVER_UNREACHABLE;
	attempt->report->detail = g_strdup(connecting.error->message);
	attempt->report->result = connecting.late ? DEVID_TIMEOUT : DEVID_IO;
	g_clear_error(&connecting.error);
	return FALSE;
}

static bool names_issuer(const struct identity *identity, const gnutls_datum_t *name)
{
	for (size_t i = 0; i < identity->chain_count; i++) {
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

	(void)algorithms;
	(void)algorithm_count;
	report->asked = true;
	g_ptr_array_set_size(report->issuers, 0);
	for (int i = 0; i < count; i++) {
		char *name = devid_name_to_string(&names[i]);

		g_ptr_array_add(report->issuers,
				g_strdup(name != NULL ? name : "(unreadable name)"));
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

static gboolean prepare_trust(struct attempt *attempt, const char *ca_file, GError **error)
{
	int code;

	code = gnutls_certificate_allocate_credentials(&attempt->credentials);
	if (code >= 0 && ca_file == NULL) {
		/* A machine without a trust store is no obstacle: the server is called untrusted.
		 */
		gnutls_certificate_set_x509_system_trust(attempt->credentials);
		return TRUE;
	}
	if (code >= 0)
		code = gnutls_certificate_set_x509_trust_file(attempt->credentials, ca_file,
							      GNUTLS_X509_FMT_PEM);
	if (code > 0)
		return TRUE;
	devid_error_set(error, DEVID_BAD_DATA, NULL, NULL, "--ca-file %s: %s", ca_file,
			code == 0 ? "no certificate in it" : gnutls_strerror(code));
	return FALSE;
}

/* Whoever has the key knows better than PKCS#11 why it can't be had: a key that the agent doesn't lend is
 * hidden; a PIN was wrong.
 */
static gboolean open_key(struct attempt *attempt, const char *uri, GError **error)
{
	g_autofree char *object = NULL;
	g_autoptr(GError) failure = NULL, reason = NULL;

	if (attempt->identity->foreign &&
	    !foreign_token_open(&attempt->token, uri, NULL, &object, error))
		return FALSE;
	if (token_open_key(uri, &attempt->key, &failure))
		return TRUE;
	if (!attempt->identity->foreign)
		agent_try_key(attempt->identity, &reason);
	else if (attempt->token.pin_refused || attempt->token.pin_error != NULL)
		foreign_error(&attempt->token, "login", GNUTLS_E_PKCS11_PIN_ERROR, &reason);
	g_propagate_error(error,
			  reason != NULL ? g_steal_pointer(&reason) : g_steal_pointer(&failure));
	return FALSE;
}

static gboolean prepare(struct attempt *attempt, const char *ca_file, GError **error)
{
	g_autofree char *uri = g_strconcat(attempt->identity->uri, attempt->identity->query, NULL);
	int code;

	if (!(attempt->identity->foreign ? token_load_all(error) : token_load_own(error)) ||
	    !prepare_trust(attempt, ca_file, error))
		return FALSE;
	code = prepare_chain(attempt);
	if (code >= 0)
		code = gnutls_init(&attempt->session,
				   GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	if (code >= 0)
		code = gnutls_set_default_priority(attempt->session);
	if (code >= 0)
		code = gnutls_credentials_set(attempt->session, GNUTLS_CRD_CERTIFICATE,
					      attempt->credentials);
	if (code < 0) {
		devid_error_set(error, DEVID_FAILED, NULL, NULL, "TLS: %s", gnutls_strerror(code));
		return FALSE;
	}
	gnutls_session_set_ptr(attempt->session, attempt);
	gnutls_certificate_set_retrieve_function2(attempt->credentials, choose_certificate);
	if (!g_hostname_is_ip_address(attempt->report->host))
		gnutls_server_name_set(attempt->session, GNUTLS_NAME_DNS, attempt->report->host,
				       strlen(attempt->report->host));
	return open_key(attempt, uri, error);
}

/* False: the deadline passed. */
static gboolean wait_io(const struct attempt *attempt, int timeout_ms)
{
	int fd = g_socket_get_fd(g_socket_connection_get_socket(attempt->connection));
	struct pollfd poll_fd = { fd, POLLIN, 0 };

	if (gnutls_record_get_direction(attempt->session) == 1)
		poll_fd.events = POLLOUT;
	return poll(&poll_fd, 1, timeout_ms) > 0;
}

/* Whether an alert may speak of the client's certificate (RFC 8446 section 6.2). */
static const gnutls_alert_description_t refusing_alerts[] = {
	GNUTLS_A_BAD_CERTIFICATE,     GNUTLS_A_UNSUPPORTED_CERTIFICATE,
	GNUTLS_A_CERTIFICATE_REVOKED, GNUTLS_A_CERTIFICATE_EXPIRED,
	GNUTLS_A_CERTIFICATE_UNKNOWN, GNUTLS_A_UNKNOWN_CA,
	GNUTLS_A_ACCESS_DENIED,	      GNUTLS_A_CERTIFICATE_REQUIRED,
	GNUTLS_A_DECRYPT_ERROR,
};

static void take_alert(struct attempt *attempt)
{
	gnutls_alert_description_t alert = gnutls_alert_get(attempt->session);
	const char *name = gnutls_alert_get_strname(alert);

	attempt->report->alert = g_strdup(name != NULL ? name : "unknown");
	if (g_str_has_prefix(attempt->report->alert, "GNUTLS_A_"))
		memmove(attempt->report->alert, attempt->report->alert + 9,
			strlen(attempt->report->alert + 9) + 1);
	attempt->report->outcome = SERVER_HANDSHAKE;
	attempt->report->result = DEVID_FAILED;
	for (size_t i = 0; i < G_N_ELEMENTS(refusing_alerts); i++)
		if (refusing_alerts[i] == alert && attempt->report->asked) {
			attempt->report->outcome = SERVER_REFUSED;
			attempt->report->result = DEVID_CHECK_FAILED;
		}
	/* What TLS 1.2 servers say to a certificate they can't use. */
	if (alert == GNUTLS_A_HANDSHAKE_FAILURE && attempt->report->asked) {
		attempt->report->outcome = SERVER_REFUSED;
		attempt->report->result = DEVID_CHECK_FAILED;
	}
}

static bool is_key_error(int code)
{
	return (code <= GNUTLS_E_PKCS11_ERROR &&
		code >= GNUTLS_E_PKCS11_REQUESTED_OBJECT_NOT_AVAILBLE) ||
	       code == GNUTLS_E_PK_SIGN_FAILED;
}

/* PKCS#11 has one code for many causes; the agent has words. */
static void explain_key(struct attempt *attempt)
{
	g_autoptr(GError) error = NULL;

	if (attempt->identity->foreign || agent_try_key(attempt->identity, &error))
		return;
	g_free(attempt->report->detail);
	attempt->report->detail = g_strdup(error->message);
	attempt->report->result = devid_error_result(error);
}

static void take_failure(struct attempt *attempt, int code)
{
	struct server_report *report = attempt->report;

	if (code == GNUTLS_E_FATAL_ALERT_RECEIVED) {
		take_alert(attempt);
		return;
	}
	report->detail = g_strdup(gnutls_strerror(code));
	if (is_key_error(code)) {
		report->outcome = SERVER_KEY;
		report->result = token_result(code);
		explain_key(attempt);
	} else if (report->asked && (code == GNUTLS_E_PREMATURE_TERMINATION ||
				     code == GNUTLS_E_PULL_ERROR || code == GNUTLS_E_PUSH_ERROR)) {
		report->outcome = SERVER_CLOSED;
		report->result = DEVID_CHECK_FAILED;
	} else {
		report->outcome = SERVER_HANDSHAKE;
		report->result = DEVID_FAILED;
	}
}

static void take_version(struct attempt *attempt)
{
	gnutls_protocol_t version = gnutls_protocol_get_version(attempt->session);

	if (attempt->report->version == NULL && version != 0)
		attempt->report->version = g_strdup(gnutls_protocol_get_name(version));
}

static void silent(struct attempt *attempt)
{
	attempt->report->outcome = SERVER_SILENT;
	attempt->report->result = DEVID_TIMEOUT;
}

static gboolean shake_hands(struct attempt *attempt)
{
	int code;

	gnutls_transport_set_int(attempt->session, g_socket_get_fd(g_socket_connection_get_socket(
							   attempt->connection)));
	while ((code = gnutls_handshake(attempt->session)) < 0) {
		if (gnutls_error_is_fatal(code)) {
			take_version(attempt);
			take_failure(attempt, code);
			return FALSE;
		}
		if (code == GNUTLS_E_AGAIN && !wait_io(attempt, remaining_ms(attempt))) {
			silent(attempt);
			return FALSE;
		}
	}
	return TRUE;
}

static void take_session(struct attempt *attempt)
{
	struct server_report *report = attempt->report;
	gnutls_datum_t text = { NULL, 0 };
	unsigned status = 0;

	take_version(attempt);
	report->cipher = g_strdup(gnutls_cipher_get_name(gnutls_cipher_get(attempt->session)));
	if (gnutls_certificate_verify_peers3(attempt->session, report->host, &status) < 0)
		return;
	report->trusted = status == 0;
	if (status != 0 &&
	    gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) >= 0) {
		report->distrust = g_strndup((const char *)text.data, text.size);
		g_strstrip(report->distrust);
		gnutls_free(text.data);
	}
}

/* Reads on, so as to hear of a refusal. Data that comes is an answer to a certificate that stood.
 */
static void listen_on(struct attempt *attempt)
{
	gint64 until = g_get_monotonic_time() + AFTERTHOUGHT_MS * 1000;
	struct server_report *report = attempt->report;
	char byte[256];
	ssize_t code;

	report->outcome = report->asked ? SERVER_ACCEPTED : SERVER_NOT_ASKED;
	report->result = DEVID_OK;
	for (;;) {
		gint64 left = (MIN(until, attempt->deadline) - g_get_monotonic_time()) / 1000;

		code = gnutls_record_recv(attempt->session, byte, sizeof(byte));
		if (code > 0)
			return;
		if (code == 0) {
			code = GNUTLS_E_PREMATURE_TERMINATION;
			break;
		}
		if (gnutls_error_is_fatal((int)code))
			break;
		if (code == GNUTLS_E_AGAIN && (left <= 0 || !wait_io(attempt, (int)left)))
			return;
	}
	if (!report->asked && code != GNUTLS_E_FATAL_ALERT_RECEIVED)
		return;
	take_failure(attempt, (int)code);
}

static void attempt_clear(struct attempt *attempt)
{
	for (unsigned i = 0; i < attempt->sent_count; i++)
		gnutls_pcert_deinit(&attempt->sent[i]);
	g_free(attempt->sent);
	if (attempt->session != NULL)
		gnutls_deinit(attempt->session);
	if (attempt->key != NULL)
		gnutls_privkey_deinit(attempt->key);
	foreign_token_close(&attempt->token);
	if (attempt->credentials != NULL)
		gnutls_certificate_free_credentials(attempt->credentials);
	g_clear_object(&attempt->connection);
}
#define AUTO_ATTEMPT __attribute__((cleanup(attempt_clear)))

gboolean check_server(const char *address, const char *ca_file, const struct identity *identity,
		      struct server_report *report, GError **error)
{
	AUTO_ATTEMPT struct attempt attempt = {
		.identity = identity,
		.report = report,
		.token = FOREIGN_TOKEN_INIT,
		.deadline = g_get_monotonic_time() + BOUND_MS * 1000,
	};

	*report = (struct server_report){ .trusted = -1 };
	report->issuers = g_ptr_array_new_with_free_func(g_free);
	if (!parse_address(address, report, error) || !prepare(&attempt, ca_file, error))
		return FALSE;
	/* What was prepared (a keyring that asked for its password) is not the server's time. */
	attempt.deadline = g_get_monotonic_time() + BOUND_MS * 1000;
	if (!reach(&attempt))
		return TRUE;
	if (!shake_hands(&attempt))
		return TRUE;
	take_session(&attempt);
	listen_on(&attempt);
	return TRUE;
}

void server_report_clear(struct server_report *report)
{
	g_free(report->host);
	g_free(report->version);
	g_free(report->cipher);
	g_free(report->alert);
	g_free(report->detail);
	g_free(report->distrust);
	g_clear_pointer(&report->issuers, g_ptr_array_unref);
}
