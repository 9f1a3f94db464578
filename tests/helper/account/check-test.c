/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chain check, case by case: what is uploaded, what the device has, when, and the word that
 * comes out.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "harness.h"

#define NOON HARNESS_NOON
#define DAY  86400

struct check_case {
	const char *what;
	const char *signing; /* uploaded; a '+' in front stands for Chain=path */
	const char *chain;   /* leaf first */
	const char *reason;
	time_t at;	    /* 0: NOON */
	const char *conf;   /* after [Account] and Chain= */
	const char *files;  /* of make.sh, into the account's folder */
	const char *served; /* signing_name, where it matters */
};

static const struct check_case cases[] = {
	/* the issuer is what counts */
	{ "issuer uploaded", "inter", "device inter", "ok", .served = "inter" },
	{ "issuer uploaded, the device has no chain", "inter", "device", "ok" },
	{ "intermediate uploaded and root not, path", "+inter", "device inter", "ok" },
	{ "root uploaded and intermediate not, issuer", "root", "device inter", "issuer-unknown" },
	{ "root uploaded and intermediate not, path", "+root", "device inter", "ok",
	  .served = "root" },
	{ "path without the intermediate", "+root", "device", "issuer-unknown" },
	{ "intermediates in any order", "+root", "by-sub root inter sub", "ok" },
	{ "issued by the root itself", "root", "rooted", "ok" },
	{ "several signing certificates", "comma inter japan root", "device", "ok",
	  .served = "inter" },
	{ "nothing in common", "japan", "device inter", "issuer-unknown" },
	{ "nothing in common, path", "+japan", "device inter", "issuer-unknown" },
	{ "no device certificate", "inter", "", "no-certificate" },
	{ "no signing certificate", "", "device", "no-signing-certificate" },
	{ "an RSA CA", "rsa-ca", "by-rsa", "ok" },

	/* 2040-01-01 */
	{ "an RSA CA that signs by PSS", "rsa-ca", "by-pss", "ok", .at = 2208988800 },

	/* a CA of the same name */
	{ "same name, other key identifier", "inter", "by-namesake", "issuer-key-mismatch" },
	{ "same name, other key identifier, path", "+inter root", "by-namesake namesake",
	  "issuer-key-mismatch" },
	{ "no key identifiers, right key", "inter-bare", "device-bare", "ok" },
	{ "no key identifiers, wrong key", "inter-bare", "by-namesake-bare",
	  "issuer-key-mismatch" },
	{ "identifier in the leaf alone", "inter-bare", "device", "ok" },
	{ "identifier in the leaf alone, wrong key", "namesake-bare", "device",
	  "issuer-key-mismatch" },
	{ "identifier in the CA alone", "inter", "device-bare", "ok" },
	{ "identifier in the CA alone, wrong key", "inter", "by-namesake-bare",
	  "issuer-key-mismatch" },
	{ "both of a name uploaded", "inter namesake", "by-namesake", "ok", .served = "namesake" },
	{ "both of a name uploaded, no identifiers", "inter-bare namesake-bare", "by-namesake-bare",
	  "ok", .served = "namesake-bare" },

	/* what is no device certificate */
	{ "a signing certificate as device certificate", "japan", "japan", "leaf-is-signing" },
	{ "an uploaded intermediate as device certificate", "inter root", "inter",
	  "leaf-is-signing" },

	{ "a CA's certificate as device certificate", "inter", "leaf-ca", "leaf-is-ca" },
	{ "a CA's certificate as device certificate, path", "+root", "leaf-ca inter",
	  "leaf-is-ca" },
	{ "a CA that nobody here knows, as device certificate", "japan", "leaf-ca", "leaf-is-ca" },
	{ "the CA flag without keyCertSign", "inter", "ca-flag", "leaf-is-ca" },
	{ "the cross-signed twin of a signing certificate", "inter root", "inter-cross",
	  "leaf-is-signing" },
	{ "a device certificate with a signing certificate's key", "inter", "inter-key",
	  "leaf-is-signing" },
	{ "with the key of another signing certificate", "inter japan", "inter-key",
	  "leaf-is-signing" },

	/* names that other tools wrote */
	{ "issuer's name as PrintableString", "inter", "by-printable", "ok", .served = "inter" },
	{ "and the other way round", "inter-printable", "device", "ok" },
	{ "in another case", "inter", "by-case", "ok" },
	{ "with blanks more", "inter", "by-blanks", "ok" },
	{ "an intermediate by another tool, path", "+root", "by-printable inter", "ok" },
	{ "a name of one more letter", "inter", "by-sub", "issuer-unknown" },
	{ "list by the same CA, as PrintableString", "inter", "device", "ok",
	  .conf = "[Revocation]\nCRL=crl-printable.pem\n", .files = "crl-printable.pem" },
	{ "list by the same CA, as PrintableString, on it", "inter", "revoked", "revoked",
	  .conf = "[Revocation]\nCRL=crl-printable.pem\n", .files = "crl-printable.pem" },

	/* dates: 2024-01-01 to 2025-01-01, to the second */
	{ "a second before it begins", "inter", "dated", "not-yet-valid", .at = 1704067199 },
	{ "when it begins", "inter", "dated", "ok", .at = 1704067200 },
	{ "when it ends", "inter", "dated", "ok", .at = 1735689600 },
	{ "a second after it ends", "inter", "dated", "expired", .at = 1735689601 },
	{ "CA ended when the leaf began", "ended", "ended-edge", "ok" },
	{ "CA ended a second before", "ended", "ended-past", "issuer-ended-before" },
	{ "CA ended when the leaf began, path", "+ended", "ended-edge", "ok" },
	{ "CA ended a second before, path", "+ended", "ended-past", "issuer-ended-before" },
	{ "ended CA of the path is no anchor", "+root", "by-ended-inter ended-inter",
	  "chain-expired" },
	{ "ended CA is the anchor", "ended-inter", "by-ended-inter ended-inter", "ok" },
	{ "ended CA is the anchor, path", "+ended-inter", "by-ended-inter ended-inter", "ok" },
	{ "signing certificate a second before it begins", "later", "by-later",
	  "issuer-not-yet-valid", .at = 1719791999 },
	{ "signing certificate when it begins", "later", "by-later", "ok", .at = 1719792000 },
	{ "signing certificate that begins later, path", "+later", "by-later",
	  "issuer-not-yet-valid" },
	{ "CA of the path is not valid yet", "+root", "by-future-inter future-inter",
	  "chain-not-yet-valid" },

	/* who may issue */
	{ "intermediate without the CA flag", "+root", "by-notca notca", "chain-not-ca" },
	{ "intermediate without basic constraints", "+root", "by-nobasic nobasic", "chain-not-ca" },
	{ "intermediate without keyCertSign", "+root", "by-nousage nousage", "chain-not-ca" },
	{ "a leaf as issuer", "+root", "device inter dated", "ok" },
	{ "pathLen 0 and a leaf below", "root-pl0", "rooted", "ok" },
	{ "pathLen 0 and an intermediate", "+root-pl0", "device inter", "chain-too-long" },
	{ "pathLen 1 and an intermediate", "+root-pl1", "device inter", "ok" },
	{ "pathLen 1 and two", "+root-pl1", "by-sub sub inter", "chain-too-long" },
	{ "pathLen 0 and a self-issued one", "+root-pl0", "by-rollover rollover", "ok" },
	{ "CAs that certify each other", "+root", "by-cross cross-a-by-b cross-b-by-a",
	  "issuer-unknown" },
	{ "CAs that certify each other, one uploaded", "+cross-b",
	  "by-cross cross-b-by-a cross-a-by-b", "ok" },

	/* name constraints */
	{ "DNS name within", "nc-dns", "nc-dns-in", "ok" },
	{ "DNS name outside", "nc-dns", "nc-dns-out", "name-constraints" },
	{ "no DNS name", "nc-dns", "nc-dns-none", "ok" },
	{ "subject within", "nc-dir", "nc-dir-in", "ok" },
	{ "subject within but for case", "nc-dir", "nc-dir-case", "ok" },
	{ "subject outside", "nc-dir", "nc-dir-out", "name-constraints" },
	{ "subject shorter than the constraint", "nc-dir", "nc-dir-short", "name-constraints" },
	{ "alternative directory name outside", "nc-dir", "nc-dir-san", "name-constraints" },
	{ "subject not excluded", "nc-not", "nc-not-in", "ok" },
	{ "subject excluded", "nc-not", "nc-not-out", "name-constraints" },
	{ "host name in the common name, within", "nc-dns", "nc-dns-cn", "ok" },
	{ "host name in the common name, outside", "nc-dns", "nc-dns-cn-out", "name-constraints" },
	{ "a DNS name stands above the common name", "nc-dns", "nc-dns-cn-san", "ok" },
	{ "a CA's common name is no host's", "+nc-dns", "nc-dns-sub-in nc-dns-sub", "ok" },
	{ "but the leaf's names count", "+nc-dns", "nc-dns-sub-out nc-dns-sub",
	  "name-constraints" },
	{ "DNS name not excluded", "nc-nodns", "nc-nodns-in", "ok" },
	{ "DNS name excluded, in another case", "nc-nodns", "nc-nodns-case", "name-constraints" },
	{ "DNS name with a NUL", "nc-nodns", "nc-nodns-nul", "name-constraints" },
	{ "DNS name with a dot at its end", "nc-nodns", "nc-nodns-dot", "name-constraints" },
	{ "DNS name that is not ASCII", "nc-nodns", "nc-nodns-utf8", "name-constraints" },
	{ "mail address within", "nc-mail", "nc-mail-in", "ok" },
	{ "mail address outside", "nc-mail", "nc-mail-out", "name-constraints" },
	{ "mail address in the subject", "nc-mail", "nc-mail-subject", "name-constraints" },
	{ "IP address within", "nc-ip", "nc-ip-in", "ok" },
	{ "IP address outside", "nc-ip", "nc-ip-out", "name-constraints" },
	{ "IP address of the other family", "nc-ip", "nc-ip-six", "name-constraints" },
	{ "other name under a constraint of its kind", "nc-other", "nc-other-has",
	  "name-constraints" },
	{ "other names constrained, none there", "nc-other", "nc-other-none", "ok" },
	{ "URI within", "nc-uri", "nc-uri-has", "ok" },
	{ "URI whose host is outside", "nc-uri", "nc-uri-out", "name-constraints" },
	{ "URI without a host", "nc-uri", "nc-uri-no-host", "name-constraints" },
	{ "constrained URI absent", "nc-uri", "nc-uri-none", "ok" },
	{ "constraint two above, within", "+root", "nc-below-in nc-below nc-above", "ok" },
	{ "constraint two above, outside", "+root", "nc-below-out nc-below nc-above",
	  "name-constraints" },
	{ "constraint above the anchor", "+nc-below", "nc-below-out nc-below nc-above", "ok" },

	/* what it is made with */
	{ "MD5", "rsa-ca", "md5", "weak-signature" },
	{ "SHA-1", "inter", "sha1", "weak-signature" },
	{ "SHA-1 between", "+root", "by-sha1-inter sha1-inter", "weak-signature" },
	{ "SHA-1 on the anchor itself", "sha1-root", "by-sha1-root", "ok" },
	{ "SHA-1 on an uploaded intermediate", "sha1-inter", "by-sha1-inter", "ok" },
	{ "RSA-1024", "inter", "rsa1024", "weak-key" },
	{ "unknown critical extension", "inter", "critical", "critical-extension" },
	{ "critical policies", "inter", "policies", "ok" },
	{ "no policy is \"any\"", "inhibit", "by-inhibit", "ok" },
	{ "policies demanded", "demand", "by-demand", "critical-extension" },
	{ "policies demanded, path", "+root", "by-demand demand", "critical-extension" },
	{ "policies mapped", "mapping", "by-mapping", "critical-extension" },
	{ "a CA with an Ed25519 key", "ed-ca", "by-ed", "ok" },
	{ "a CA with a PSS key without parameters", "pss-ca", "by-pss-ca", "ok" },
	{ "a CA bound to PSS", "pss-bound", "pss-good", "ok" },
	{ "with a longer salt than it must be", "pss-bound", "pss-long", "ok" },
	{ "with a shorter one", "pss-bound", "pss-short", "signature-parameters" },
	{ "with another hash", "pss-bound", "pss-hash", "signature-parameters" },
	{ "without PSS", "pss-bound", "pss-plain", "signature-parameters" },
	{ "by another key, as the bound one allows", "pss-bound", "pss-forged",
	  "issuer-key-mismatch" },
	{ "by another key, as it doesn't", "pss-bound", "pss-forged-plain",
	  "signature-parameters" },
	{ "the twin that is not bound", "pss-twin", "pss-short", "ok" },
	{ "list by a CA bound to PSS", "pss-bound", "pss-good", "ok",
	  .conf = "[Revocation]\nCRL=crl-bound.pem\n", .files = "crl-bound.pem" },
	{ "list by it without PSS", "pss-bound", "pss-good", "crl-untrusted",
	  .conf = "[Revocation]\nCRL=crl-twin.pem\n", .files = "crl-twin.pem" },

	/* revoked by number */
	{ "serial listed", "inter", "revoked", "revoked",
	  .conf = "[Revocation]\nSerials=0a:11:22:33:44:55\n" },
	{ "serial listed, another notation", "inter", "revoked", "revoked",
	  .conf = "[Revocation]\nSerials=ff; 000A1122334455\n" },
	{ "serial listed is another's", "inter", "device", "ok",
	  .conf = "[Revocation]\nSerials=0a:11:22:33:44:55\n" },
	{ "serial of an intermediate", "+root", "device inter", "ok",
	  .conf = "[Revocation]\nSerials=01\n" },

	{ "serial in a file", "inter", "revoked", "revoked",
	  .conf = "[Revocation]\nSerialsFile=serials\n", .files = "serials" },
	{ "serial in a file beside others in the account", "inter", "revoked", "revoked",
	  .conf = "[Revocation]\nSerials=01\nSerialsFile=serials\n", .files = "serials" },
	{ "serial in the account beside a file of others", "inter", "revoked", "revoked",
	  .conf = "[Revocation]\nSerials=0A1122334455\nSerialsFile=empty\n", .files = "empty" },
	{ "an empty file revokes nothing", "inter", "revoked", "ok",
	  .conf = "[Revocation]\nSerialsFile=empty\n", .files = "empty" },
	{ "the beginning of a serial is another", "inter", "revoked", "ok",
	  .conf = "[Revocation]\nSerials=0A11223344; 0A112233445500\n" },
	{ "intermediate's serial, path", "+root", "device inter", "revoked",
	  .conf = "[Revocation]\nSerials=0b:00:00:c0:ff:ee\n" },
	{ "a signing certificate's serial is not asked", "inter", "device", "ok",
	  .conf = "[Revocation]\nSerials=0b:00:00:c0:ff:ee\n" },

	/* two CAs at once, as when one takes over from the other */
	{ "rollover: issued by the old one", "inter comma", "device", "ok", .served = "inter" },
	{ "rollover: issued by the new one", "inter comma", "by-comma", "ok", .served = "comma" },
	{ "rollover: the old one is gone", "comma", "device", "issuer-unknown" },
	{ "rollover: the new one is not there yet", "inter", "by-comma", "issuer-unknown" },
	{ "rollover: the old one has ended", "ended comma", "ended-edge", "ok", .served = "ended" },
	{ "rollover: a list of the old one alone", "inter comma", "by-comma", "crl-missing",
	  .conf = "[Revocation]\nCRL=crl-inter.pem\n", .files = "crl-inter.pem" },

	/* revocation lists, current from 2024-06-01 to 2024-07-01 */
	{ "list, not on it", "inter", "device", "ok", .conf = "[Revocation]\nCRL=crl-inter.pem\n",
	  .files = "crl-inter.pem" },
	{ "list, on it", "inter", "revoked", "revoked", .conf = "[Revocation]\nCRL=crl-inter.pem\n",
	  .files = "crl-inter.pem" },
	{ "list in DER, on it", "inter", "revoked", "revoked",
	  .conf = "[Revocation]\nCRL=crl-inter.der\n", .files = "crl-inter.der" },
	{ "list out of date", "inter", "device", "crl-stale",
	  .conf = "[Revocation]\nCRL=crl-inter.pem\n", .files = "crl-inter.pem", .at = 1719792001 },
	{ "list on its last second", "inter", "device", "ok",
	  .conf = "[Revocation]\nCRL=crl-inter.pem\n", .files = "crl-inter.pem", .at = 1719792000 },
	{ "list not yet current", "inter", "device", "crl-stale",
	  .conf = "[Revocation]\nCRL=crl-inter.pem\n", .files = "crl-inter.pem", .at = 1717199999 },
	{ "list out of date, on it all the same", "inter", "revoked", "revoked",
	  .conf = "[Revocation]\nCRL=crl-inter.pem\n", .files = "crl-inter.pem",
	  .at = NOON + 60 * DAY },
	{ "list by a CA of the same name", "inter", "device", "crl-untrusted",
	  .conf = "[Revocation]\nCRL=crl-namesake.pem\n", .files = "crl-namesake.pem" },
	{ "list by another CA", "inter", "device", "crl-missing",
	  .conf = "[Revocation]\nCRL=crl-root.pem\n", .files = "crl-root.pem" },
	{ "list by an issuer that may not sign lists", "nolist", "by-nolist", "crl-untrusted",
	  .conf = "[Revocation]\nCRL=crl-nolist.pem\n", .files = "crl-nolist.pem" },
	{ "two lists in two files", "inter", "revoked", "revoked",
	  .conf = "[Revocation]\nCRL=crl-root.pem; crl-inter.pem\n",
	  .files = "crl-root.pem crl-inter.pem" },
	{ "two lists in one file", "inter", "revoked", "revoked",
	  .conf = "[Revocation]\nCRL=crl-both.pem\n", .files = "crl-both.pem" },
	{ "a long list, on it", "inter", "revoked", "revoked",
	  .conf = "[Revocation]\nCRL=crl-long.pem\n", .files = "crl-long.pem" },
	{ "a long list, not on it", "inter", "device", "ok",
	  .conf = "[Revocation]\nCRL=crl-long.pem\n", .files = "crl-long.pem" },
	{ "an older list without it beside", "inter", "revoked", "revoked",
	  .conf = "[Revocation]\nCRL=crl-empty.pem;crl-inter.pem\n",
	  .files = "crl-empty.pem crl-inter.pem" },
	{ "path: no list for the intermediate is needed", "+root", "device inter", "ok",
	  .conf = "[Revocation]\nCRL=crl-inter.pem\n", .files = "crl-inter.pem" },

	{ "path: the intermediate is on its issuer's list", "+root", "device inter", "revoked",
	  .conf = "[Revocation]\nCRL=crl-inter.pem; crl-root-inter.pem\n",
	  .files = "crl-inter.pem crl-root-inter.pem" },

	/* what the account asks for */
	{ "usage there", "inter", "device", "ok",
	  .conf = "[Certificate]\nRequireEKU=clientAuth\n" },
	{ "usage there, by OID", "inter", "device", "ok",
	  .conf = "[Certificate]\nRequireEKU=1.3.6.1.5.5.7.3.2\n" },
	{ "usage not there", "inter", "device-noeku", "eku-missing",
	  .conf = "[Certificate]\nRequireEKU=clientAuth\n" },
	{ "one of two usages there", "inter", "device", "eku-missing",
	  .conf = "[Certificate]\nRequireEKU=clientAuth, ipsecIKE\n" },
	{ "extension there", "inter", "ext-bool", "ok",
	  .conf = "[Certificate]\nRequireExtension=1.3.6.1.4.1.32473.7\n" },
	{ "extension not there", "inter", "device", "extension-missing",
	  .conf = "[Certificate]\nRequireExtension=1.3.6.1.4.1.32473.7\n" },
	{ "value, UTF8String", "inter", "ext-utf8", "ok",
	  .conf = "[Certificate]\nRequireExtension=1.3.6.1.4.1.32473.7=gamma;alpha\n" },
	{ "value, OCTET STRING", "inter", "ext-octets", "ok",
	  .conf = "[Certificate]\nRequireExtension=1.3.6.1.4.1.32473.7=alpha\n" },
	{ "value, bytes", "inter", "ext-bool", "ok",
	  .conf = "[Certificate]\nRequireExtension=1.3.6.1.4.1.32473.7=hex:0101FF\n" },
	{ "another value", "inter", "ext-beta", "extension-missing",
	  .conf = "[Certificate]\nRequireExtension=1.3.6.1.4.1.32473.7=gamma;alpha\n" },
	{ "value with a NUL in it", "inter", "ext-nul", "extension-missing",
	  .conf = "[Certificate]\nRequireExtension=1.3.6.1.4.1.32473.7=alpha\n" },
};

static void judge_verdict(const struct check_case *row, const struct devid_account *account,
			  const struct devid_verdict *verdict)
{
	const struct devid_reason *reason = devid_reason_find(row->reason);

	if (strcmp(verdict->reason, row->reason) != 0)
		fail_msg("%s: %s (%s), not %s: %s", row->what, verdict->reason,
			 verdict->message ? verdict->message : "", row->reason,
			 devid_account_problem(account) ? devid_account_problem(account) : "");
	assert_non_null(reason);
	assert_int_equal(verdict->result, reason->result);
	if (row->served)
		assert_string_equal(verdict->signing_name, row->served);
	if (verdict->result == DEVID_OK) {
		assert_null(verdict->brackets);
		assert_null(verdict->message);
		assert_non_null(verdict->issuer_key_id);
		return;
	}
	assert_non_null(verdict->message);
	assert_null(strchr(verdict->message, '\n'));
	assert_true(g_str_has_prefix(verdict->brackets, "Certificate error."));
}

static void run_case(void **state)
{
	const struct check_case *row = *state;
	bool path = *row->signing == '+';
	g_autofree char *conf = g_strdup_printf("[Account]\nChain=%s\n%s", path ? "path" : "issuer",
						row->conf ? row->conf : "");
	g_autofree char *folder = harness_account(conf, row->signing + path);
	struct devid_account *account;
	struct devid_verdict *verdict = NULL;
	struct harness_chain chain;

	if (row->files)
		harness_copy_files(folder, row->files);
	account = harness_load(folder);
	harness_chain_load(&chain, row->chain);
	assert_int_equal(devid_check(account, chain.certificates, chain.count,
				     row->at ? row->at : NOON, &verdict),
			 DEVID_OK);
	judge_verdict(row, account, verdict);
	devid_verdict_free(verdict);
	harness_chain_clear(&chain);
	devid_account_free(account);
}

static void brackets_name_every_signing_certificate(void **state)
{
	g_autofree char *folder = harness_account(NULL, "comma japan root");
	static const char *const chains[] = { "device", "" };

	for (gsize i = 0; i < G_N_ELEMENTS(chains); i++) {
		struct devid_verdict *verdict = harness_verdict(folder, chains[i], NOON);

		assert_string_equal(
			verdict->brackets,
			"Certificate error. "
			"[C=JP, O=Comma\\, Plus\\+ & Sons\\; \\\"Ltd\\\", CN=\\ edge #, OU=a+UID=b] "
			"[C=JP, ST=東京都, O=例示株式会社, CN=デバイス認証局] "
			"[C=JP, ST=Tokyo, O=Example, CN=Root CA]");
		devid_verdict_free(verdict);
	}
}

static void unknown_issuer_is_named(void **state)
{
	g_autofree char *folder = harness_account(NULL, "root");
	struct devid_verdict *verdict = harness_verdict(folder, "by-japan", NOON);

	assert_string_equal(verdict->message,
			    "not issued by any signing certificate of the account (issuer: C=JP, "
			    "ST=東京都, O=例示株式会社, CN=デバイス認証局)");
	assert_non_null(strstr(verdict->hint, "devid ca add"));
	devid_verdict_free(verdict);
}

static void no_account_has_no_brackets(void **state)
{
	g_autofree char *folder = harness_folder();
	struct devid_verdict *verdict = harness_verdict(folder, "device", NOON);

	assert_int_equal(verdict->result, DEVID_NO_ACCOUNT);
	assert_string_equal(verdict->reason, "no-account");
	assert_null(verdict->brackets);
	devid_verdict_free(verdict);
}

static void broken_account_allows_nothing(void **state)
{
	g_autofree char *folder = harness_account("[Account]\nChian=path\n", "inter");
	struct devid_verdict *verdict = harness_verdict(folder, "device", NOON);

	assert_int_equal(verdict->result, DEVID_ACCOUNT_BROKEN);
	assert_non_null(strstr(verdict->message, "account.conf:2: unknown key Chian"));
	assert_null(verdict->brackets);
	devid_verdict_free(verdict);
}

static void verdict_waits_for_a_signing_certificate(void **state)
{
	g_autofree char *folder = harness_account(NULL, "later");
	struct devid_verdict *verdict = harness_verdict(folder, "by-later", NOON);

	assert_int_equal(verdict->valid_until, 1719792000);
	devid_verdict_free(verdict);
}

/* valid_until: before that moment the verdict is the same, at it, it may change. */
static void verdict_tells_until_when(void **state)
{
	static const struct {
		const char *chain;
		time_t at;
		time_t until;
	} rows[] = {
		{ "dated", 1704067199, 1704067200 },
		{ "dated", 1704067200, 1735689601 },
		{ "dated", 1735689600, 1735689601 },
		{ "dated", 1735689601, 0 },
	};
	g_autofree char *folder = harness_account(NULL, "inter");
	g_autofree char *listed = harness_account("[Revocation]\nCRL=crl-inter.pem\n", "inter");
	struct devid_verdict *verdict;

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		verdict = harness_verdict(folder, rows[i].chain, rows[i].at);
		assert_int_equal(verdict->valid_until, rows[i].until);
		devid_verdict_free(verdict);
	}
	harness_copy_files(listed, "crl-inter.pem");
	verdict = harness_verdict(listed, "dated", NOON);
	assert_int_equal(verdict->valid_until, 1719792001);
	devid_verdict_free(verdict);
}

static void issuer_key_id_is_the_leafs(void **state)
{
	g_autofree char *folder = harness_account(NULL, "inter");
	struct devid_account *account = harness_load(folder);
	struct devid_verdict *verdict = harness_verdict(folder, "device", NOON);
	struct devid_verdict *bare = harness_verdict(folder, "device-bare", NOON);

	assert_string_equal(verdict->issuer_key_id, devid_account_signing(account, 0)->key_id);
	assert_string_equal(bare->issuer_key_id, devid_account_signing(account, 0)->key_id);
	assert_int_equal(strlen(verdict->issuer_key_id), 40);
	devid_verdict_free(verdict);
	devid_verdict_free(bare);
	devid_account_free(account);
}

/* Twenty certificates of one name without key identifiers: every order would be a path. */
static void many_namesakes_end_in_time(void **state)
{
	g_autofree char *folder = harness_account("[Account]\nChain=path\n", "japan");
	struct devid_account *account = harness_load(folder);
	struct devid_verdict *verdict = NULL;
	struct harness_chain chain = { .count = 20 };
	gint64 begin = g_get_monotonic_time();
	gnutls_x509_privkey_t key;

	assert_true(gnutls_x509_privkey_init(&key) >= 0);
	assert_true(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
						 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
						 0) >= 0);
	for (guint8 i = 0; i < chain.count; i++) {
		gnutls_x509_crt_t *made = &chain.certificates[i];

		assert_true(gnutls_x509_crt_init(made) >= 0);
		gnutls_x509_crt_set_version(*made, 3);
		gnutls_x509_crt_set_dn(*made, "CN=One of many", NULL);
		gnutls_x509_crt_set_key(*made, key);
		gnutls_x509_crt_set_serial(*made, &(guint8){ i + 1 }, 1);
		gnutls_x509_crt_set_activation_time(*made, NOON - DAY);
		gnutls_x509_crt_set_expiration_time(*made, NOON + DAY);
		gnutls_x509_crt_set_basic_constraints(*made, i > 0, -1);
		assert_true(gnutls_x509_crt_sign2(*made, *made, key, GNUTLS_DIG_SHA256, 0) >= 0);
	}
	assert_int_equal(devid_check(account, chain.certificates, chain.count, NOON, &verdict),
			 DEVID_OK);
	assert_string_equal(verdict->reason, "issuer-unknown");
	assert_true(g_get_monotonic_time() - begin < 5 * G_USEC_PER_SEC);
	gnutls_x509_privkey_deinit(key);
	devid_verdict_free(verdict);
	harness_chain_clear(&chain);
	devid_account_free(account);
}

static const struct CMUnitTest others[] = {
	cmocka_unit_test(brackets_name_every_signing_certificate),
	cmocka_unit_test(unknown_issuer_is_named),
	cmocka_unit_test(no_account_has_no_brackets),
	cmocka_unit_test(broken_account_allows_nothing),
	cmocka_unit_test(verdict_tells_until_when),
	cmocka_unit_test(verdict_waits_for_a_signing_certificate),
	cmocka_unit_test(issuer_key_id_is_the_leafs),
	cmocka_unit_test(many_namesakes_end_in_time),
};

int main(void)
{
	struct CMUnitTest tests[G_N_ELEMENTS(cases) + G_N_ELEMENTS(others)];

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		tests[i] = (struct CMUnitTest){ cases[i].what, run_case, NULL, NULL,
						(void *)&cases[i] };
	memcpy(tests + G_N_ELEMENTS(cases), others, sizeof(others));
	return cmocka_run_group_tests_name("chain check", tests, harness_begin, harness_end);
}
