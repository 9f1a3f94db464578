/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tokens through GnuTLS: our own module alone, or every registered one for a foreign URI. */
#include <config.h>
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/pkcs11.h>
#include <internal/test-hook.h>
#include <internal/trust.h>

#include "base/auto-gnutls.h"
#include "base/error.h"
#include "base/row.h"
#include "token-uri.h"
#include "token.h"

const char *token_module_path(void)
{
	const char *path = TEST_HOOK("DEVID_MODULE");

	return path && *path != '\0' ? path : DEVID_MODULE_PATH;
}

bool token_module_may_load(GError **error)
{
	char fault[PATH_BUFFER];

	/* One that isn't there is told by whoever loads it. */
	if (path_may_run(token_module_path(), fault) || errno == ENOENT)
		return true;
	return devid_error_set(error, DEVID_DENIED, NULL, TEST_HOOK_NAME("unset DEVID_MODULE"),
			       TEST_HOOK_NAME("DEVID_MODULE=") "%s: %s: " PATH_NOT_ROOTS,
			       token_module_path(), fault);
}

static bool add_own_module(GError **error)
{
	int code;

	if (!token_module_may_load(error))
		return false;
	code = gnutls_pkcs11_add_provider(token_module_path(), NULL);
	if (code >= 0)
		return true;
	return devid_error_set(error, DEVID_NOT_FOUND, NULL, "is devid installed as a whole?",
			       "module %s: it can't be loaded: %s", token_module_path(),
			       gnutls_strerror(code));
}

bool token_load_own(GError **error)
{
	static bool loaded;
	int code;

	if (loaded)
		return true;
	code = gnutls_pkcs11_init(GNUTLS_PKCS11_FLAG_MANUAL, NULL);
	if (code < 0)
		return devid_error_set(error, DEVID_FAILED, NULL, NULL, "PKCS#11: %s",
				       gnutls_strerror(code));
	loaded = add_own_module(error);
	return loaded;
}

bool token_load_all(GError **error)
{
	static bool loaded;
	int code;

	if (loaded)
		return true;
	code = gnutls_pkcs11_init(GNUTLS_PKCS11_FLAG_AUTO, NULL);
	if (code < 0)
		return devid_error_set(error, DEVID_FAILED, NULL,
				       "p11-kit list-modules shows which module is at fault",
				       "PKCS#11: %s", gnutls_strerror(code));
	if (!token_module_may_load(error))
		return false;
	/* Where it isn't registered (a build tree), our own tokens are to be seen all the same. */
	gnutls_pkcs11_add_provider(token_module_path(), NULL);
	loaded = true;
	return true;
}

static const struct row {
	int code;
	enum devid_result result;
} results[] = {
	{ GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE, DEVID_KEY_MISSING },
	{ GNUTLS_E_PKCS11_REQUESTED_OBJECT_NOT_AVAILBLE, DEVID_KEY_MISSING },
	{ GNUTLS_E_PKCS11_KEY_ERROR, DEVID_KEY_MISSING },
	{ GNUTLS_E_PKCS11_PIN_ERROR, DEVID_PASSWORD },
	{ GNUTLS_E_PKCS11_PIN_EXPIRED, DEVID_PASSWORD },
	{ GNUTLS_E_PKCS11_PIN_LOCKED, DEVID_PASSWORD },
	{ GNUTLS_E_PKCS11_USER_ERROR, DEVID_STORE_LOCKED },
	{ GNUTLS_E_PKCS11_DEVICE_ERROR, DEVID_STORE_TIMEOUT },
	{ GNUTLS_E_MEMORY_ERROR, DEVID_NO_MEMORY },
};

enum devid_result token_result(int code)
{
	const struct row *row = ROW_NUMBERED(results, code);

	return row ? row->result : DEVID_FAILED;
}

/* The key behind the URI of an identity, which names both its halves. */
bool token_open_key(const char *uri, gnutls_pin_callback_t pin, void *data, gnutls_privkey_t *key,
		    GError **error)
{
	g_autofree char *whole = token_uri_of_key(uri, error);
	g_auto(gnutls_privkey_t) made = NULL;
	int code;

	*key = NULL;
	if (!whole)
		return false;
	code = gnutls_privkey_init(&made);
	if (code >= 0 && pin)
		gnutls_privkey_set_pin_function(made, pin, data);
	if (code >= 0)
		code = gnutls_privkey_import_url(made, whole, 0);
	if (code >= 0) {
		*key = g_steal_pointer(&made);
		return true;
	}
	return devid_error_set(error, token_result(code), NULL, NULL, "key %.*s: %s",
			       token_uri_shown(uri), uri, gnutls_strerror(code));
}

/* The algorithm that a TLS 1.3 client would sign with, or without `pss` one of TLS 1.2. */
static gnutls_sign_algorithm_t choose_algorithm(gnutls_pubkey_t public, bool pss)
{
	gnutls_digest_algorithm_t hash = GNUTLS_DIG_SHA256;
	int algorithm = gnutls_pubkey_get_pk_algorithm(public, NULL);

	if (algorithm == GNUTLS_PK_RSA)
		return pss ? GNUTLS_SIGN_RSA_PSS_RSAE_SHA256 : GNUTLS_SIGN_RSA_SHA256;
	if (gnutls_pubkey_get_preferred_hash_algorithm(public, &hash, NULL) < 0)
		hash = GNUTLS_DIG_SHA256;
	return gnutls_pk_to_sign((gnutls_pk_algorithm_t)algorithm, hash);
}

static int sign_and_verify(gnutls_privkey_t key, gnutls_pubkey_t public, bool pss, bool *verified)
{
	guint8 text[32];
	gnutls_datum_t data = { text, sizeof(text) };
	g_auto(gnutls_datum_t) signature = { NULL, 0 };
	gnutls_sign_algorithm_t algorithm = choose_algorithm(public, pss);
	int code = gnutls_rnd(GNUTLS_RND_NONCE, text, sizeof(text));

	if (code >= 0)
		code = gnutls_privkey_sign_data2(key, algorithm, 0, &data, &signature);
	if (code < 0)
		return code;
	*verified = gnutls_pubkey_verify_data2(public, algorithm, 0, &data, &signature) >= 0;
	return 0;
}

bool token_test_sign(const char *uri, gnutls_x509_crt_t certificate, bool own, GError **error)
{
	g_auto(gnutls_privkey_t) key = NULL;
	g_auto(gnutls_pubkey_t) public = NULL;
	bool verified = false;
	int code;

	if (!token_open_key(uri, NULL, NULL, &key, error))
		return false;
	code = gnutls_pubkey_init(&public);
	if (code >= 0)
		code = gnutls_pubkey_import_x509(public, certificate, 0);
	if (code >= 0)
		code = sign_and_verify(key, public, true, &verified);
	if (own && code == GNUTLS_E_PKCS11_UNSUPPORTED_FEATURE_ERROR)
		code = sign_and_verify(key, public, false, &verified);
	if (code >= 0 && verified)
		return true;
	if (code >= 0)
		devid_error_set(error, DEVID_MISMATCH, NULL, NULL,
				"%.*s: its signature is not by the certificate's key",
				token_uri_shown(uri), uri);
	else
		devid_error_set(error, token_result(code), NULL, NULL, "%.*s: it can't sign: %s",
				token_uri_shown(uri), uri, gnutls_strerror(code));
	return false;
}
