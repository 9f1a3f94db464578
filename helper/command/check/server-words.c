/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server's answer to the device certificate means, in words. */
#include <string.h>
#include <devid/reason.h>
#include <glib.h>

#include "probe.h"
#include "server-words.h"

/* The alerts that may speak of the client's certificate (RFC 8446 section 6.2); the last is what
 * TLS 1.2 servers say to one that they can't use. */
static const struct {
	const char *alert; /* as GnuTLS names it, without its prefix */
	const char *words;
} alerts[] = {
	{ "BAD_CERTIFICATE", "it calls the certificate bad" },
	{ "UNSUPPORTED_CERTIFICATE",
	  "it does not take certificates of this kind (key usage, purpose "
	  "or key type)" },
	{ "CERTIFICATE_REVOKED", "it calls the certificate revoked" },
	{ "CERTIFICATE_EXPIRED", "it calls the certificate expired, or not yet valid" },
	{ "CERTIFICATE_UNKNOWN", "it does not accept the certificate and doesn't say why" },
	{ "UNKNOWN_CA", "it does not know, or does not trust, the CA that issued the certificate" },
	{ "ACCESS_DENIED", "it knows the certificate and denies access" },
	{ "CERTIFICATE_REQUIRED", "it says that no certificate reached it" },
	{ "DECRYPT_ERROR", "it could not verify the signature that the key made" },
	{ "HANDSHAKE_FAILURE",
	  "it found nothing in common with us, or could not use the certificate" },
};

/* NULL: it is none of them. */
static const char *refusing_words(const char *alert)
{
	for (size_t i = 0; alert && i < G_N_ELEMENTS(alerts); i++)
		if (strcmp(alerts[i].alert, alert) == 0)
			return alerts[i].words;
	return NULL;
}

bool server_alert_refuses(const char *alert)
{
	return refusing_words(alert) != NULL;
}

static const char *alert_words(const char *alert)
{
	const char *words = refusing_words(alert);

	return words ? words : "it ended the connection";
}

/* Why nobody else tells this: what other programs show of it. */
static const char *after_handshake(const struct server_report *report)
{
	if (g_strcmp0(report->version, "TLS1.3") != 0)
		return "";
	return ". In TLS 1.3 this comes after the client's handshake is done: other programs see no "
	       "more than a broken connection";
}

static char *words_refused(const struct server_report *report)
{
	return g_strdup_printf("%s (alert %s): %s%s",
			       report->had_none ? "the server does not go on without a certificate"
						: devid_reason_find("server-refused")->cause,
			       report->alert, alert_words(report->alert), after_handshake(report));
}

static char *words_closed(const struct server_report *report)
{
	if (report->had_none)
		return g_strdup("the server closed the connection when it got no certificate");
	return g_strdup_printf(
		"the server closed the connection once it had the certificate, without a "
		"word. That is how many servers refuse one%s",
		after_handshake(report));
}

static char *words_accepted(const struct server_report *report)
{
	return g_strdup(report->had_none
				? "the server asked for a certificate, and goes on without"
				: "the server asked for a certificate, the key signed, and "
				  "nothing was said against it");
}

static char *words_not_asked(const struct server_report *report)
{
	return g_strdup("the server did not ask for a certificate: it says nothing of ours");
}

static char *words_handshake(const struct server_report *report)
{
	if (report->alert)
		return g_strdup_printf("the handshake failed (alert %s): %s", report->alert,
				       alert_words(report->alert));
	return g_strdup_printf("the handshake failed %s a certificate was asked for: %s",
			       report->asked ? "once" : "before", report->detail);
}

static char *words_unreachable(const struct server_report *report)
{
	return g_strdup_printf("%s: %s", devid_reason_find("server-unreachable")->cause,
			       report->detail);
}

static char *words_silent(const struct server_report *report)
{
	return g_strdup(report->asked ? "the server went silent in the middle of the handshake"
				      : "the server did not answer within 10 seconds");
}

static char *words_key(const struct server_report *report)
{
	return g_strdup_printf("the key did not sign: %s", report->detail);
}

static const struct {
	const char *word;
	const char *reason; /* of devid/reason.h; NULL: by the result */
	char *(*words)(const struct server_report *report);
} outcomes[] = {
	[SERVER_ACCEPTED] = { "accepted", NULL, words_accepted },
	[SERVER_NOT_ASKED] = { "not-asked", NULL, words_not_asked },
	[SERVER_REFUSED] = { "refused", "server-refused", words_refused },
	[SERVER_CLOSED] = { "closed", "server-refused", words_closed },
	[SERVER_HANDSHAKE] = { "handshake-failed", "server-handshake", words_handshake },
	[SERVER_UNREACHABLE] = { "unreachable", "server-unreachable", words_unreachable },
	[SERVER_SILENT] = { "silent", "server-silent", words_silent },
	[SERVER_KEY] = { "key-failed", NULL, words_key },
};

char *server_report_words(const struct server_report *report)
{
	return outcomes[report->outcome].words(report);
}

const char *server_outcome_word(enum server_outcome outcome)
{
	return outcomes[outcome].word;
}

const char *server_outcome_reason(enum server_outcome outcome)
{
	return outcomes[outcome].reason;
}
