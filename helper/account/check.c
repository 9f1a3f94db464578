/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chain check: the account's verdict on a device certificate, in words. */
#include <string.h>
#include <devid/check.h>
#include <devid/reason.h>
#include "base/certificate.h"
#include "base/moment.h"
#include "account-private.h"
#include "check-path.h"
#include "check-rules.h"
#include "revocation.h"

/* The words that administrators search for: never translated, never changed. */
#define BRACKETS_BEGIN "Certificate error."

void devid_verdict_free(struct devid_verdict *verdict)
{
	if (!verdict)
		return;
	g_free(verdict->brackets);
	g_free(verdict->message);
	g_free(verdict->hint);
	g_free(verdict->signing_name);
	g_free(verdict->issuer_key_id);
	g_free(verdict);
}

static char *brackets(const struct devid_account *account)
{
	GString *line = g_string_new(BRACKETS_BEGIN);

	for (size_t i = 0; i < devid_account_signing_count(account); i++) {
		const struct devid_signing *signing = devid_account_signing(account, i);

		g_string_append_printf(line, " [%s]", signing->subject ? signing->subject : "");
	}
	return g_string_free(line, false);
}

/* Fills the verdict from a reason's row; takes `message` (NULL: the row's cause). */
static void refuse(struct devid_verdict *verdict, const struct devid_account *account,
		   const char *word, char *message)
{
	const struct devid_reason *row = devid_reason_find(word);

	verdict->reason = row->word;
	verdict->result = row->result;
	verdict->message = message ? message : g_strdup(row->cause);
	verdict->hint = g_strdup(row->hint);
	if (row->result == DEVID_CHECK_FAILED)
		verdict->brackets = brackets(account);
}

struct findings {
	const struct devid_account *account;
	time_t at;
	const struct devid_signing *anchor; /* of the path that was accepted, or came furthest */
	const char *reason; /* of the path that came furthest; NULL: no path, or accepted */
	char *message;
	unsigned rank;
};

static bool judge(const struct check_path *path, void *data)
{
	struct findings *findings = data;
	char *message = NULL;
	unsigned rank;
	const char *reason = check_rules(findings->account, path, findings->at, &message, &rank);

	if (reason && findings->reason && rank <= findings->rank) {
		g_free(message);
		return false;
	}
	g_free(findings->message);
	findings->reason = reason;
	findings->message = message;
	findings->rank = rank;
	findings->anchor = path->anchor;
	return !reason;
}

static void refuse_unknown(struct devid_verdict *verdict, const struct devid_account *account,
			   gnutls_x509_crt_t leaf, bool other_key)
{
	g_autofree char *issuer = devid_issuer_to_string(leaf);

	refuse(verdict, account, other_key ? "issuer-key-mismatch" : "issuer-unknown",
	       g_strdup_printf(other_key
				       ? "issued by a CA that has a signing certificate's name and "
					 "another key (issuer: %s)"
				       : "not issued by any signing certificate of the account "
					 "(issuer: %s)",
			       issuer ? issuer : ""));
}

static void check_chain(struct devid_verdict *verdict, const struct devid_account *account,
			const gnutls_x509_crt_t *chain, size_t count, time_t at)
{
	struct findings findings = { .account = account, .at = at };
	const char *never = check_not_a_device(account, chain[0]);
	bool other_key = false;

	verdict->issuer_key_id = certificate_authority_key_id(chain[0]);
	if (never) {
		refuse(verdict, account, never, NULL);
		return;
	}
	if (check_paths(account, chain, count, judge, &findings, &other_key)) {
		verdict->reason = "ok";
		verdict->result = DEVID_OK;
	} else if (findings.reason && strcmp(findings.reason, "issuer-key-mismatch") != 0) {
		refuse(verdict, account, findings.reason, findings.message);
	} else {
		g_free(findings.message);
		refuse_unknown(verdict, account, chain[0], other_key || findings.reason);
		return;
	}
	verdict->signing_name = g_strdup(findings.anchor->name);
	if (!verdict->issuer_key_id)
		verdict->issuer_key_id = g_strdup(findings.anchor->key_id);
}

/* The next moment at which a certificate begins or ends, or a list does: before it, the same
 * question has the same answer.
 */
static time_t next_change(const struct devid_account *account, const gnutls_x509_crt_t *chain,
			  size_t count, time_t at)
{
	time_t best = revocation_next_change(&account->revocation, at);

	for (size_t i = 0; i < devid_account_signing_count(account); i++)
		best = moment_next(best,
				   gnutls_x509_crt_get_activation_time(
					   devid_account_signing(account, i)->certificate),
				   at);
	for (size_t i = 0; i < count; i++) {
		best = moment_next(best, gnutls_x509_crt_get_activation_time(chain[i]), at);
		best = moment_next(best,
				   moment_after(gnutls_x509_crt_get_expiration_time(chain[i])), at);
	}
	return best;
}

enum devid_result devid_check(const struct devid_account *account, const gnutls_x509_crt_t *chain,
			      size_t count, time_t at, struct devid_verdict **verdict)
{
	struct devid_verdict *made = g_new0(struct devid_verdict, 1);

	*verdict = made;
	if (account->state == DEVID_ACCOUNT_NONE)
		refuse(made, account, "no-account", NULL);
	else if (account->state == DEVID_ACCOUNT_UNUSABLE)
		refuse(made, account, "account-broken", g_strdup(account->problem));
	else if (count == 0)
		refuse(made, account, "no-certificate", NULL);
	else if (devid_account_signing_count(account) == 0)
		refuse(made, account, "no-signing-certificate", NULL);
	else
		check_chain(made, account, chain, count, at);
	if (count && account->state == DEVID_ACCOUNT_READY)
		made->valid_until = next_change(account, chain, count, at);
	return DEVID_OK;
}
