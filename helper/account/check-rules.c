/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules that a whole path is judged by, in a table: the order is the order of what is told. */
#include <string.h>
#include <devid/check.h>
#include <devid/reason.h>
#include "account/policy/requirement.h"
#include "base/moment.h"
#include "certificate-fact.h"
#include "check-names.h"
#include "check-path.h"
#include "check-rules.h"
#include "check-signature.h"
#include "revocation.h"

struct judged {
	const struct devid_account *account;
	const struct check_path *path;
	time_t at;
	char **message;
	size_t index; /* of the certificate that is looked at now */
	gnutls_x509_crt_t certificate;
};

static const char *title(const struct judged *judged)
{
	return judged->index ? "a certificate of the chain" : "the device certificate";
}

/* What a rule says of a certificate that is not the device's own names it. */
static void tell_subject(const struct judged *judged, const char *words)
{
	g_autofree char *name = devid_subject_to_string(judged->certificate);

	*judged->message = g_strdup_printf("%s (%s)", words, name ? name : "");
}

static const char *rule_hash(const struct judged *judged)
{
	int algorithm = gnutls_x509_crt_get_signature_algorithm(judged->certificate);
	const char *name = algorithm > 0 ? gnutls_sign_get_name(algorithm) : NULL;

	if (!certificate_signature_weak(judged->certificate))
		return NULL;
	*judged->message =
		g_strdup_printf("%s is signed with %s, which is broken or unknown", title(judged),
				name ? name : "an algorithm without a name");
	return "weak-signature";
}

static const char *rule_key(const struct judged *judged)
{
	unsigned bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(judged->certificate, &bits);

	if (!certificate_key_weak(judged->certificate))
		return NULL;
	*judged->message = g_strdup_printf("the %s key of %s has %u bits, which is too short",
					   gnutls_pk_get_name(algorithm), title(judged), bits);
	return "weak-key";
}

static const char *rule_signature(const struct judged *judged)
{
	static const char *const words[] = {
		[CHECK_SIGNATURE_GOOD] = NULL,
		[CHECK_SIGNATURE_BAD] = "issuer-key-mismatch",
		[CHECK_SIGNATURE_FORBIDDEN] = "signature-parameters",
		[CHECK_SIGNATURE_WEAK] = "weak-signature",
		[CHECK_SIGNATURE_UNKNOWN] = "check-failed",
	};

	return words[check_signature(judged->certificate,
				     judged->path->certificates[judged->index + 1], false)];
}

/* Extensions that may be critical (RFC 5280 section 4.2): what is judged here, and what says
 * nothing that a check could break. Policies are accepted whichever they are, so an extension that
 * names some or forbids "any" changes nothing; one that demands or maps them is not followed, and
 * refuses.
 */
static const char *const known_extensions[] = {
	"2.5.29.14",	      /* subjectKeyIdentifier */
	"2.5.29.15",	      /* keyUsage */
	"2.5.29.16",	      /* privateKeyUsagePeriod */
	"2.5.29.17",	      /* subjectAltName */
	"2.5.29.18",	      /* issuerAltName */
	"2.5.29.19",	      /* basicConstraints */
	"2.5.29.30",	      /* nameConstraints */
	"2.5.29.31",	      /* cRLDistributionPoints */
	"2.5.29.32",	      /* certificatePolicies */
	"2.5.29.35",	      /* authorityKeyIdentifier */
	"2.5.29.37",	      /* extKeyUsage */
	"2.5.29.54",	      /* inhibitAnyPolicy */
	"1.3.6.1.5.5.7.1.1",  /* authorityInfoAccess */
	"1.3.6.1.5.5.7.1.24", /* TLS features (RFC 7633) */
};

#define OID_MAX 128

/* The first critical extension that isn't known, into `oid`; an unreadable one has no OID. */
static bool has_unknown_critical(gnutls_x509_crt_t certificate, char oid[OID_MAX])
{
	for (unsigned i = 0;; i++) {
		size_t size = OID_MAX;
		unsigned critical = 0;
		bool known = false;
		int result =
			gnutls_x509_crt_get_extension_info(certificate, i, oid, &size, &critical);

		if (result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return false;
		if (result < 0) {
			*oid = '\0';
			return true;
		}
		for (gsize j = 0; j < G_N_ELEMENTS(known_extensions); j++)
			known = known || strcmp(known_extensions[j], oid) == 0;
		if (critical && !known)
			return true;
	}
}

/* The anchor's too: what it says of what it issues can't be followed either. */
static const char *rule_extensions(const struct judged *judged)
{
	char oid[OID_MAX];

	if (!has_unknown_critical(judged->certificate, oid))
		return NULL;
	*judged->message =
		g_strdup_printf("%s has a critical extension that is not understood (%s)",
				title(judged), *oid ? oid : "it can't be read");
	return "critical-extension";
}

static const char *rule_ca(const struct judged *judged)
{
	if (certificate_is_ca(judged->certificate))
		return NULL;
	tell_subject(judged, devid_reason_find("chain-not-ca")->cause);
	return "chain-not-ca";
}

/* RFC 5280 section 4.2.1.9: self-issued certificates don't count, nor does the leaf. */
static const char *rule_length(const struct judged *judged)
{
	int between = 0, most = -1;
	unsigned ca;

	for (size_t i = 1; i < judged->index; i++) {
		gnutls_x509_crt_t below = judged->path->certificates[i];

		between += check_link(below, below) == CHECK_LINK_NONE;
	}
	if (gnutls_x509_crt_get_basic_constraints(judged->certificate, NULL, &ca, &most) < 0 ||
	    most < 0 || between <= most)
		return NULL;
	tell_subject(judged, "the chain is longer than a CA of it allows");
	return "chain-too-long";
}

static const char *rule_names(const struct judged *judged)
{
	return check_names(judged->path) ? NULL : "name-constraints";
}

static char *date(time_t at)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(at);

	return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S UTC")
		    : g_strdup("a time unknown");
}

static const char *rule_anchor_begin(const struct judged *judged)
{
	time_t from = gnutls_x509_crt_get_activation_time(judged->certificate);
	g_autofree char *when = NULL;

	if (from != MOMENT_NONE && judged->at >= from)
		return NULL;
	when = date(from);
	*judged->message = g_strdup_printf("the signing certificate %s is not valid before %s",
					   judged->path->anchor->name, when);
	return "issuer-not-yet-valid";
}

/* The anchor serves if it ended no sooner than the device certificate began: renewing a CA must not
 * cut off the devices that it had certified.
 */
static const char *rule_anchor_end(const struct judged *judged)
{
	return gnutls_x509_crt_get_expiration_time(judged->certificate) <
			       gnutls_x509_crt_get_activation_time(judged->path->certificates[0])
		       ? "issuer-ended-before"
		       : NULL;
}

static const char *rule_dates(const struct judged *judged)
{
	time_t from = gnutls_x509_crt_get_activation_time(judged->certificate);
	time_t until = gnutls_x509_crt_get_expiration_time(judged->certificate);
	bool early = from == MOMENT_NONE || judged->at < from;
	g_autofree char *when = NULL;

	if (!early && until != MOMENT_NONE && judged->at <= until)
		return NULL;
	when = date(early ? from : until);
	*judged->message = g_strdup_printf("%s %s %s", title(judged),
					   early ? "is not valid before" : "expired on", when);
	if (judged->index == 0)
		return early ? "not-yet-valid" : "expired";
	return early ? "chain-not-yet-valid" : "chain-expired";
}

static const char *rule_revocation(const struct judged *judged)
{
	return revocation_check(&judged->account->revocation, judged->certificate,
				judged->path->certificates[judged->index + 1], judged->at,
				judged->index == 0, judged->message);
}

static const char *rule_requirements(const struct judged *judged)
{
	return requirement_check(&judged->account->require, judged->certificate, judged->message);
}

/* Where a certificate stands in its path. */
enum { LEAF = 1, BETWEEN = 2, ANCHOR = 4 };

/* The rules, and of which certificates each speaks; those of the whole path are asked at one of
 * them. Weak hashes and keys come before signatures: what they prove is worth nothing.
 */
static const struct {
	unsigned of;
	const char *(*judge)(const struct judged *judged);
} rules[] = {
	{ LEAF | BETWEEN, rule_hash },
	{ LEAF | BETWEEN | ANCHOR, rule_key },
	{ LEAF | BETWEEN, rule_signature },
	{ LEAF | BETWEEN | ANCHOR, rule_extensions },
	{ BETWEEN | ANCHOR, rule_ca },
	{ BETWEEN | ANCHOR, rule_length },
	{ LEAF, rule_names },
	{ ANCHOR, rule_anchor_begin },
	{ ANCHOR, rule_anchor_end },
	{ LEAF | BETWEEN, rule_dates },
	{ LEAF | BETWEEN, rule_revocation },
	{ LEAF, rule_requirements },
};

const char *check_rules(const struct devid_account *account, const struct check_path *path,
			time_t at, char **message, unsigned *rank)
{
	const char *word = NULL;

	for (*rank = 0; !word && *rank < G_N_ELEMENTS(rules); ++*rank)
		for (size_t i = 0; !word && i < path->count; i++) {
			const struct judged judged = { account, path, at,
						       message, i,    path->certificates[i] };
			unsigned place = i == 0 ? LEAF : i + 1 < path->count ? BETWEEN : ANCHOR;

			if (rules[*rank].of & place)
				word = rules[*rank].judge(&judged);
		}
	return word;
}
