/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes of certificates, which services limit, and which keys a device may have. */
#ifndef DEVID_LIMITS_H
#define DEVID_LIMITS_H

#include <devid/account.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of the PEM file of a DER certificate of `der_size` bytes: RFC 7468 with 64-column lines,
 * LF, the BEGIN and END lines, nothing before or after. Pure arithmetic.
 */
DEVID_PUBLIC size_t devid_pem_size(size_t der_size);

/* All in bytes. */
struct devid_size {
	size_t pem;
	size_t der;
	size_t limit;
	enum devid_size_measure measure;
};

/* The size rule for a device certificate. DEVID_OK; DEVID_TOO_LARGE. `size` is always filled.
 * `*acceptable` (may be NULL) tells whether --accept-size may take it all the same: too large as
 * PEM, not as DER, and the account measures PEM.
 */
DEVID_PUBLIC enum devid_result devid_device_size(const struct devid_account *account,
						 size_t der_size, struct devid_size *size,
						 bool *acceptable) DEVID_MUST_USE;

/* The size rule for a signing certificate: `file_size` bytes as given if PEM, or
 * devid_pem_size() if it came as DER. DEVID_OK; DEVID_TOO_LARGE.
 */
DEVID_PUBLIC enum devid_result devid_signing_size(const struct devid_account *account,
						  size_t file_size) DEVID_MUST_USE;

/* Whether a device key may be used: RSA of 2048 to 4096 bits, NIST P-256, P-384, P-521. DEVID_OK,
 * `*why` NULL; DEVID_UNSUPPORTED, `*why` a static sentence for a person, for anything else.
 */
DEVID_PUBLIC enum devid_result devid_key_supported(gnutls_pubkey_t key,
						   const char **why) DEVID_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
