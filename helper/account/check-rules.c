/* The rules that a whole path is judged by, in a table: the order is the order of what is told. */
#include <string.h>
#include <devid/check.h>
#include <devid/reason.h>
#include "check-rules.h"
#include "moment.h"

struct judged {
	const struct devid_account *account;
	const struct check_path *path;
	time_t at;
	char **message;
};

/* Where a rule speaks of a certificate that is not the device's own, it says which. */
static void tell_subject(const struct judged *judged, size_t index, const char *words)
{
	g_autofree char *name = devid_subject_to_string(judged->path->certificates[index]);

	if (index > 0)
		*judged->message = g_strdup_printf("%s (%s)", words, name ? name : "");
}

static gboolean is_anchor(const struct judged *judged, size_t index)
{
	return index + 1 == judged->path->count;
}

/* A signing certificate must sign others; that it were a device's own is not meant. */
static const char *rule_leaf(const struct judged *judged)
{
	for (size_t i = 0; i < devid_account_signing_count(judged->account); i++)
		if (gnutls_x509_crt_equals(judged->path->certificates[0],
					   devid_account_signing(judged->account, i)->certificate))
			return "leaf-is-signing";
	return NULL;
}

static const char *rule_hash(const struct judged *judged)
{
	for (size_t i = 0; !is_anchor(judged, i); i++)
		if (check_signature_weak(judged->path->certificates[i])) {
			int algorithm = gnutls_x509_crt_get_signature_algorithm(
				judged->path->certificates[i]);
			const char *name = algorithm > 0 ? gnutls_sign_get_name(algorithm) : NULL;

			*judged->message = g_strdup_printf(
				"%s is signed with %s, which is broken or unknown",
				i ? "a certificate of the chain" : "the device certificate",
				name ? name : "an algorithm without a name");
			return "weak-signature";
		}
	return NULL;
}

static const char *rule_key(const struct judged *judged)
{
	for (size_t i = 0; i < judged->path->count; i++)
		if (check_key_weak(judged->path->certificates[i])) {
			unsigned bits = 0;
			int algorithm = gnutls_x509_crt_get_pk_algorithm(
				judged->path->certificates[i], &bits);

			*judged->message = g_strdup_printf(
				"the %s key of %s has %u bits, which is too short",
				gnutls_pk_get_name(algorithm),
				i ? "a certificate of the chain" : "the device certificate", bits);
			return "weak-key";
		}
	return NULL;
}

/* Each signature by itself. Time, constraints and algorithms have rules of their own: of GnuTLS's
 * answer to those the time flags take away the first, and the constraints' bit, which it sets for
 * every directory name that is constrained, is left to check-names.c.
 */
static const char *rule_signature(const struct judged *judged)
{
	const unsigned flags = GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
			       GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS |
			       GNUTLS_VERIFY_DO_NOT_ALLOW_SAME;

	for (size_t i = 0; !is_anchor(judged, i); i++) {
		gnutls_x509_crt_t issuer = judged->path->certificates[i + 1];
		unsigned status = 0;

		if (gnutls_x509_crt_list_verify(&judged->path->certificates[i], 1, &issuer, 1, NULL,
						0, flags, &status) < 0)
			return "check-failed";
		if ((status & ~(unsigned)GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE) == 0 ||
		    status == (GNUTLS_CERT_INVALID | GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE))
			continue;
		if (status & (GNUTLS_CERT_SIGNATURE_FAILURE | GNUTLS_CERT_SIGNER_NOT_FOUND))
			return "issuer-key-mismatch";
		if (status & GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS)
			return "critical-extension";
		if (status & GNUTLS_CERT_SIGNER_NOT_CA)
			return "chain-not-ca";
		if (status & GNUTLS_CERT_INSECURE_ALGORITHM)
			return "weak-signature";
		return "check-failed";
	}
	return NULL;
}

static const char *rule_ca(const struct judged *judged)
{
	for (size_t i = 1; i < judged->path->count; i++)
		if (!check_is_ca(judged->path->certificates[i])) {
			tell_subject(judged, i, devid_reason_find("chain-not-ca")->cause);
			return "chain-not-ca";
		}
	return NULL;
}

/* RFC 5280 section 4.2.1.9: self-issued certificates don't count, nor does the leaf. */
static const char *rule_length(const struct judged *judged)
{
	int between = 0;

	for (size_t i = 1; i < judged->path->count; i++) {
		gnutls_x509_crt_t certificate = judged->path->certificates[i];
		unsigned ca;
		int most = -1;

		if (gnutls_x509_crt_get_basic_constraints(certificate, NULL, &ca, &most) >= 0 &&
		    most >= 0 && between > most) {
			tell_subject(judged, i, "the chain is longer than a CA of it allows");
			return "chain-too-long";
		}
		if (check_link(certificate, certificate) == CHECK_LINK_NONE)
			between++;
	}
	return NULL;
}

static const char *rule_names(const struct judged *judged)
{
	return check_names(judged->path) ? NULL : "name-constraints";
}

/* The anchor serves if it ended no sooner than the device certificate began: renewing a CA must not
 * cut off the devices that it had certified.
 */
static const char *rule_anchor_end(const struct judged *judged)
{
	gnutls_x509_crt_t anchor = judged->path->certificates[judged->path->count - 1];

	return gnutls_x509_crt_get_expiration_time(anchor) <
			       gnutls_x509_crt_get_activation_time(judged->path->certificates[0])
		       ? "issuer-ended-before"
		       : NULL;
}

static char *date(time_t at)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(at);

	return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S UTC")
		    : g_strdup("a time unknown");
}

static const char *rule_dates(const struct judged *judged)
{
	for (size_t i = 0; !is_anchor(judged, i); i++) {
		gnutls_x509_crt_t certificate = judged->path->certificates[i];
		time_t from = gnutls_x509_crt_get_activation_time(certificate);
		time_t until = gnutls_x509_crt_get_expiration_time(certificate);
		gboolean early = from == MOMENT_NONE || judged->at < from;
		g_autofree char *when = NULL;

		if (!early && until != MOMENT_NONE && judged->at <= until)
			continue;
		when = date(early ? from : until);
		*judged->message = g_strdup_printf(
			"%s %s %s", i ? "a certificate of the chain" : "the device certificate",
			early ? "is not valid before" : "expired on", when);
		if (i == 0)
			return early ? "not-yet-valid" : "expired";
		return early ? "chain-not-yet-valid" : "chain-expired";
	}
	return NULL;
}

static const char *rule_revocation(const struct judged *judged)
{
	for (size_t i = 0; !is_anchor(judged, i); i++) {
		const char *word = revocation_check(
			&judged->account->revocation, judged->path->certificates[i],
			judged->path->certificates[i + 1], judged->at, i == 0, judged->message);

		if (word)
			return word;
	}
	return NULL;
}

static const char *rule_requirements(const struct judged *judged)
{
	return requirement_check(&judged->account->require, judged->path->certificates[0],
				 judged->message);
}

/* Weak hashes and keys come before signatures: what they prove is worth nothing. */
static const char *(*const rules[])(const struct judged *) = {
	rule_leaf,  rule_hash,	     rule_key,	 rule_signature,  rule_ca,	     rule_length,
	rule_names, rule_anchor_end, rule_dates, rule_revocation, rule_requirements,
};

const char *check_rules(const struct devid_account *account, const struct check_path *path,
			time_t at, char **message, unsigned *rank)
{
	const struct judged judged = { account, path, at, message };

	for (*rank = 0; *rank < G_N_ELEMENTS(rules); ++*rank) {
		const char *word = rules[*rank](&judged);

		if (word)
			return word;
	}
	return NULL;
}
