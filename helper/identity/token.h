/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS#11 tokens through GnuTLS: our own module, or for a foreign URI every registered one. */
#pragma once

#include <stdbool.h>
#include <devid/result.h>
#include <glib.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>

/* The path of our module: DEVID_MODULE, else where it was installed. */
const char *token_module_path(void);
/* Whether it may be loaded: DEVID_MODULE is not root's to follow everywhere. */
bool token_module_may_load(GError **error);
bool token_load_own(GError **error);
bool token_load_all(GError **error);
enum devid_result token_result(int gnutls_code);
/* `uri` may be an identity's (without a type). `pin` NULL: GnuTLS's own callback is asked, which is
 * the whole process's. The caller ends the key with gnutls_privkey_deinit(). */
bool token_open_key(const char *uri, gnutls_pin_callback_t pin, void *data, gnutls_privkey_t *key,
		    GError **error);
/* A signature with the key behind `uri`, verified with the certificate; an RSA key signs as TLS 1.3
 * wants it, or, where it is our `own` and is not offered for that, as TLS 1.2 does. */
bool token_test_sign(const char *uri, gnutls_x509_crt_t certificate, bool own, GError **error);
