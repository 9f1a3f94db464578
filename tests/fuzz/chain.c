/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chain check on certificates that nobody vouches for: DER after DER, the first is the signing
 * certificate, the next the device's. What is accepted was issued by it.
 */
#include <string.h>
#include "fuzz.h"
#include <devid/devid.h>
#include "account/account-private.h"
#include "account/certificate-fact.h"
#include "account/certificate-list.h"
#include "account/check-path.h"
#include "base/certificate.h"
#include "base/der.h"

#define CERTIFICATES_MAX 6
#define NOON		 1718452800

static size_t read_certificates(struct der rest, gnutls_x509_crt_t *certificates)
{
	size_t count = 0;

	while (rest.length && count < CERTIFICATES_MAX) {
		struct der before = rest, content;

		if (!der_expect(&rest, DER_SEQUENCE, &content))
			break;
		certificates[count] =
			certificate_parse(before.data, before.length - rest.length, NULL);
		if (!certificates[count])
			break;
		count++;
	}
	return count;
}

/* Where GnuTLS finds the issuer, by the bytes of its name, it finds the signature right as well. */
static void agrees_with_gnutls(gnutls_x509_crt_t leaf, gnutls_x509_crt_t issuer)
{
	const unsigned flags = GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
			       GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS |
			       GNUTLS_VERIFY_DO_NOT_ALLOW_SAME;
	unsigned status = 0;

	FUZZ_CHECK(gnutls_x509_crt_list_verify(&leaf, 1, &issuer, 1, NULL, 0, flags, &status) >= 0);
	FUZZ_CHECK(
		(status & GNUTLS_CERT_SIGNER_NOT_FOUND) ||
		!(status & (GNUTLS_CERT_SIGNATURE_FAILURE | GNUTLS_CERT_SIGNER_NOT_CA |
			    GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS | GNUTLS_CERT_INSECURE_ALGORITHM)));
}

static void judge(const struct devid_account *account, const gnutls_x509_crt_t *chain, size_t count)
{
	struct devid_verdict *verdict = NULL;

	FUZZ_CHECK(devid_check(account, chain, count, NOON, &verdict) == DEVID_OK);
	FUZZ_CHECK(devid_reason_find(verdict->reason));
	FUZZ_CHECK((verdict->result == DEVID_OK) == (strcmp(verdict->reason, "ok") == 0));
	FUZZ_CHECK((verdict->result == DEVID_OK) == !verdict->message);
	if (verdict->result == DEVID_OK && account->chain_mode == DEVID_CHAIN_ISSUER) {
		FUZZ_CHECK(check_link(chain[0], devid_account_signing(account, 0)->certificate) ==
			   CHECK_LINK_FITS);
		FUZZ_CHECK(!certificate_claims_ca(chain[0]));
		agrees_with_gnutls(chain[0], devid_account_signing(account, 0)->certificate);
		FUZZ_CHECK(gnutls_x509_crt_get_activation_time(chain[0]) <= NOON);
		FUZZ_CHECK(gnutls_x509_crt_get_expiration_time(chain[0]) >= NOON);
		FUZZ_CHECK(!certificate_signature_weak(chain[0]) &&
			   !certificate_key_weak(chain[0]));
	}
	devid_verdict_free(verdict);
}

static struct devid_signing *make_signing(gnutls_x509_crt_t certificate)
{
	struct devid_signing *signing = g_new0(struct devid_signing, 1);

	signing->name = g_strdup("first");
	signing->path = g_strdup("/nonexistent/signing/first.pem");
	signing->certificate = certificate;
	signing->subject = devid_subject_to_string(certificate);
	signing->key_id = certificate_key_id(certificate);
	return signing;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gnutls_x509_crt_t certificates[CERTIFICATES_MAX];
	size_t count = read_certificates((struct der){ data, size }, certificates);
	struct devid_account *account = NULL;

	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	if (count == 0)
		return 0;
	FUZZ_CHECK(devid_account_load("/nonexistent", true, &account) == DEVID_OK);
	account->state = DEVID_ACCOUNT_READY;
	g_ptr_array_add(account->signing, make_signing(certificates[0]));
	for (int mode = DEVID_CHAIN_ISSUER; mode <= DEVID_CHAIN_PATH; mode++) {
		devid_account_set_chain_mode(account, mode);
		judge(account, certificates + 1, count - 1);
	}
	devid_account_free(account);
	for (size_t i = 1; i < count; i++)
		gnutls_x509_crt_deinit(certificates[i]);
	return 0;
}
