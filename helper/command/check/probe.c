/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A TLS handshake with the device key: what a server asks for, and what it says to the answer.
 *
 * In TLS 1.3 the client's handshake is over before the server has seen its certificate (RFC 8446
 * section 4.4): a refusal comes as an alert to whoever reads next, or as a closed connection. So
 * this client goes on reading for a while.
 */
#include <poll.h>
#include <string.h>

#include "base/error.h"
#include "identity/agent.h"
#include "identity/foreign-token.h"
#include "identity/token.h"
#include "attempt.h"
#include "probe.h"
#include "server-words.h"

/* How long a server may take to speak against a certificate once the handshake stands. */
#define AFTERTHOUGHT_MS 1000

/* False: the deadline passed. */
static bool wait_io(const struct attempt *attempt, int timeout_ms)
{
	int fd = g_socket_get_fd(g_socket_connection_get_socket(attempt->connection));
	struct pollfd poll_fd = { fd, POLLIN, 0 };

	if (gnutls_record_get_direction(attempt->session) == 1)
		poll_fd.events = POLLOUT;
	return poll(&poll_fd, 1, timeout_ms) > 0;
}

static void take_alert(struct attempt *attempt)
{
	struct server_report *report = attempt->report;
	const char *name = gnutls_alert_get_strname(gnutls_alert_get(attempt->session));

	if (name && g_str_has_prefix(name, "GNUTLS_A_"))
		name += strlen("GNUTLS_A_");
	report->alert = g_strdup(name ? name : "unknown");
	if (report->asked && server_alert_refuses(report->alert)) {
		report->outcome = SERVER_REFUSED;
		report->result = DEVID_CHECK_FAILED;
	} else {
		report->outcome = SERVER_HANDSHAKE;
		report->result = DEVID_FAILED;
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

	if (!attempt->identity || attempt->identity->foreign ||
	    agent_try_key(attempt->identity, &error))
		return;
	g_free(attempt->report->detail);
	attempt->report->detail = g_strdup(error->message);
	attempt->report->result = devid_error_result(error);
}

void probe_take_failure(struct attempt *attempt, int code)
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
	/* GnuTLS looks at our certificate too, in TLS 1.2 and before: it was no server that
	 * refused. */
	if (code == GNUTLS_E_KEY_USAGE_VIOLATION && report->asked) {
		g_free(report->detail);
		report->detail = g_strdup("the device certificate's key usage lacks "
					  "digitalSignature, and so it may not sign");
		report->result = DEVID_CHECK_FAILED;
	}
}

static void take_version(struct attempt *attempt)
{
	gnutls_protocol_t version = gnutls_protocol_get_version(attempt->session);

	if (!attempt->report->version && version != 0)
		attempt->report->version = g_strdup(gnutls_protocol_get_name(version));
}

static void silent(struct attempt *attempt)
{
	attempt->report->outcome = SERVER_SILENT;
	attempt->report->result = DEVID_TIMEOUT;
}

/* It never waits for the server; what it takes is ours: a keyring that asks for its password before
 * the key signs. */
static int shake_once(struct attempt *attempt)
{
	gint64 begun = g_get_monotonic_time();
	int code = gnutls_handshake(attempt->session);

	attempt->deadline += g_get_monotonic_time() - begun;
	return code;
}

bool probe_shake_hands(struct attempt *attempt)
{
	int code, left;

	gnutls_transport_set_int(attempt->session, g_socket_get_fd(g_socket_connection_get_socket(
							   attempt->connection)));
	while ((code = shake_once(attempt)) < 0) {
		if (gnutls_error_is_fatal(code)) {
			take_version(attempt);
			probe_take_failure(attempt, code);
			return false;
		}
		left = attempt_remaining_ms(attempt);
		if (left == 0 || (code == GNUTLS_E_AGAIN && !wait_io(attempt, left))) {
			silent(attempt);
			return false;
		}
	}
	return true;
}

void probe_take_session(struct attempt *attempt)
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

/* Reads on, so as to hear of a refusal. Data that comes is an answer to a certificate that
 * stood. */
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
		/* Warnings without end are no reason to listen on. */
		if (left <= 0 || (code == GNUTLS_E_AGAIN && !wait_io(attempt, (int)left)))
			return;
	}
	if (!report->asked && code != GNUTLS_E_FATAL_ALERT_RECEIVED)
		return;
	probe_take_failure(attempt, (int)code);
}

bool check_server(const char *address, const char *ca_file, const struct identity *identity,
		  struct server_report *report, GError **error)
{
	AUTO_ATTEMPT struct attempt attempt = {
		.identity = identity,
		.report = report,
		.token = FOREIGN_TOKEN_INIT,
		.deadline = g_get_monotonic_time() + SERVER_BOUND_MS * 1000,
	};

	*report = (struct server_report){ .had_none = !identity, .trusted = -1 };
	report->issuers = g_ptr_array_new_with_free_func(g_free);
	if (!attempt_parse_address(address, report, error) ||
	    !attempt_prepare(&attempt, ca_file, error))
		return false;
	/* What was prepared (a keyring that asked for its password) is not the server's time. */
	attempt.deadline = g_get_monotonic_time() + SERVER_BOUND_MS * 1000;
	if (attempt_connect(&attempt) && probe_shake_hands(&attempt)) {
		probe_take_session(&attempt);
		listen_on(&attempt);
	}
	return true;
}

void probe_report_clear(struct server_report *report)
{
	g_free(report->host);
	g_free(report->version);
	g_free(report->cipher);
	g_free(report->alert);
	g_free(report->detail);
	g_free(report->distrust);
	g_clear_pointer(&report->issuers, g_ptr_array_unref);
}
