/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* C_GenerateKeyPair on a foreign token: see foreign-key.h. Not by GnuTLS, whose templates say more
 * than some tokens take (of tpm2-pkcs11's keys one that doesn't decrypt "doesn't verify").
 */
#include <string.h>
#include <gnutls/gnutls.h>
#include <gnutls/pkcs11.h>
#include <p11-kit/pkcs11.h>
#include "base/error.h"
#include "foreign-key.h"

static const guint8 exponent[] = { 1, 0, 1 };

/* namedCurve OIDs (RFC 5480 section 2.1.1.1). */
static const struct curve {
	guint bits;
	guint8 oid[10];
	gsize length;
} curves[] = {
	{ 256, { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 }, 10 },
	{ 384, { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 }, 7 },
	{ 521, { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23 }, 7 },
};

/* What foreign_error() has words for; anything else says that the token makes no such keys. */
static const struct {
	CK_RV rv;
	int code;
} codes[] = {
	{ CKR_DEVICE_ERROR, GNUTLS_E_PKCS11_DEVICE_ERROR },
	{ CKR_DEVICE_MEMORY, GNUTLS_E_PKCS11_DEVICE_ERROR },
	{ CKR_DEVICE_REMOVED, GNUTLS_E_PKCS11_DEVICE_ERROR },
	{ CKR_TOKEN_NOT_PRESENT, GNUTLS_E_PKCS11_DEVICE_ERROR },
	{ CKR_TOKEN_WRITE_PROTECTED, GNUTLS_E_PKCS11_TOKEN_ERROR },
	{ CKR_SESSION_READ_ONLY, GNUTLS_E_PKCS11_SESSION_ERROR },
	{ CKR_SESSION_COUNT, GNUTLS_E_PKCS11_SESSION_ERROR },
	{ CKR_USER_NOT_LOGGED_IN, GNUTLS_E_PKCS11_USER_ERROR },
};

struct session {
	CK_FUNCTION_LIST *p11;
	CK_SESSION_HANDLE handle;
	CK_OBJECT_HANDLE key;
};

static bool refuse(struct foreign_token *token, const char *what, CK_RV rv, GError **error)
{
	int code = GNUTLS_E_PKCS11_UNSUPPORTED_FEATURE_ERROR;

	for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
		if (codes[i].rv == rv)
			code = codes[i].code;
	foreign_error(token, what, code, error);
	return false;
}

/* One to write in. Who lists private keys by GnuTLS meanwhile logs in, and that holds for all
 * sessions. */
static bool open_session(struct foreign_token *token, struct session *session, GError **error)
{
	g_autoptr(GPtrArray) keys = NULL;
	unsigned long slot;
	void *module;
	int code = gnutls_pkcs11_token_get_ptr(token->url, &module, &slot, 0);
	CK_RV rv;

	if (code < 0) {
		foreign_error(token, "no key was made", code, error);
		return false;
	}
	session->p11 = module;
	rv = session->p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					 &session->handle);
	if (rv != CKR_OK)
		return refuse(token, "no key was made", rv, error);
	keys = foreign_find(token, FOREIGN_PRIVATE, NULL, NULL, error);
	return keys;
}

static bool generate(struct foreign_token *token, struct session *session,
		     const struct foreign_wish *wish, GError **error)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG bits = wish->bits;
	gsize id_length;
	void *id = (void *)g_bytes_get_data(wish->id, &id_length);
	void *label = (void *)wish->label;
	bool ec = wish->type == KEY_EC;
	CK_MECHANISM mechanism = { ec ? CKM_EC_KEY_PAIR_GEN : CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[7] = { { CKA_TOKEN, &yes, sizeof(yes) },
				   { CKA_VERIFY, &yes, sizeof(yes) },
				   { CKA_LABEL, label, strlen(label) },
				   { CKA_ID, id, id_length } };
	CK_ATTRIBUTE private[] = { { CKA_TOKEN, &yes, sizeof(yes) },
				   { CKA_PRIVATE, &yes, sizeof(yes) },
				   { CKA_SENSITIVE, &yes, sizeof(yes) },
				   { CKA_EXTRACTABLE, &no, sizeof(no) },
				   { CKA_SIGN, &yes, sizeof(yes) },
				   { CKA_LABEL, label, strlen(label) },
				   { CKA_ID, id, id_length } };
	CK_ULONG count = 4;
	CK_OBJECT_HANDLE other;
	CK_RV rv;

	for (gsize i = 0; ec && i < G_N_ELEMENTS(curves); i++)
		if (curves[i].bits == wish->bits)
	public[count++] = (CK_ATTRIBUTE){ CKA_EC_PARAMS, (void *)curves[i].oid, curves[i].length };
	if (!ec) {
		public[count++] = (CK_ATTRIBUTE){ CKA_MODULUS_BITS, &bits, sizeof(bits) };
		public[count++] =
			(CK_ATTRIBUTE){ CKA_PUBLIC_EXPONENT, (void *)exponent, sizeof(exponent) };
	}
	rv = session->p11->C_GenerateKeyPair(session->handle, &mechanism, public, count, private,
					     G_N_ELEMENTS(private), &other, &session->key);
	return rv == CKR_OK || refuse(token, "no key was made", rv, error);
}

/* Whatever the template said: a token may know better. */
static bool stays(struct foreign_token *token, const struct session *session, GError **error)
{
	CK_BBOOL sensitive = CK_FALSE, extractable = CK_TRUE;
	CK_ATTRIBUTE asked[] = { { CKA_SENSITIVE, &sensitive, sizeof(sensitive) },
				 { CKA_EXTRACTABLE, &extractable, sizeof(extractable) } };
	CK_RV rv = session->p11->C_GetAttributeValue(session->handle, session->key, asked, 2);

	if (rv != CKR_OK)
		return refuse(token, "the key that it made can't be looked at", rv, error);
	return (sensitive && !extractable) ||
	       devid_error_set(error, DEVID_UNSUPPORTED, "token-refused",
			       "use another token, or another store",
			       "token %s: a key that it makes could be taken out of it",
			       token->label);
}

bool foreign_key_make(struct foreign_token *token, const struct foreign_wish *wish, bool *made,
		      GError **error)
{
	struct session session = { 0 };
	bool good;

	token->making = true;
	*made = open_session(token, &session, error) && generate(token, &session, wish, error);
	good = *made && stays(token, &session, error);
	if (session.handle)
		(void)session.p11->C_CloseSession(session.handle);
	return good;
}
