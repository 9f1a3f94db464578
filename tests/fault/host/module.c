/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module as a host uses it: loads, finds the key, signs, and verifies with libcrypto. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include "host.h"

CK_FUNCTION_LIST *p11;

void *host_load(void)
{
	void *module = dlopen(getenv("DEVID_MODULE"), RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get;

	if (!module)
		fprintf(stderr, "# %s\n", dlerror());
	CHECK(module);
	*(void **)&get = dlsym(module, "C_GetFunctionList");
	CHECK(get && get(&p11) == CKR_OK);
	return module;
}

CK_SESSION_HANDLE host_begin(void)
{
	CK_SESSION_HANDLE session;

	CHECK(p11->C_Initialize(NULL) == CKR_OK);
	CHECK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK);
	return session;
}

static CK_RV find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
		  CK_OBJECT_HANDLE *object)
{
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
	};
	CK_ULONG count = 0;
	CK_RV rv = p11->C_FindObjectsInit(session, template, 2);

	if (rv != CKR_OK)
		return rv;
	rv = p11->C_FindObjects(session, object, 1, &count);
	if (rv == CKR_OK)
		rv = p11->C_FindObjectsFinal(session);
	return rv == CKR_OK && count == 0 ? CKR_KEY_HANDLE_INVALID : rv;
}

CK_RV host_find_key(CK_SESSION_HANDLE session, CK_KEY_TYPE type, CK_OBJECT_HANDLE *key)
{
	return find(session, CKO_PRIVATE_KEY, type, key);
}

static CK_RV read_public_key(CK_SESSION_HANDLE session, EVP_PKEY **key)
{
	unsigned char info[1024];
	const unsigned char *at = info;
	CK_ATTRIBUTE attribute = { CKA_PUBLIC_KEY_INFO, info, sizeof(info) };
	CK_OBJECT_HANDLE object;
	CK_RV rv = find(session, CKO_PUBLIC_KEY, CKK_RSA, &object);

	if (rv == CKR_OK)
		rv = p11->C_GetAttributeValue(session, object, &attribute, 1);
	if (rv != CKR_OK)
		return rv;
	*key = d2i_PUBKEY(NULL, &at, (long)attribute.ulValueLen);
	CHECK(*key);
	return CKR_OK;
}

CK_RV host_sign_begin(CK_SESSION_HANDLE session, size_t streamed)
{
	CK_MECHANISM mechanism = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_BYTE *data = calloc(1, streamed + 1);
	CK_OBJECT_HANDLE key;
	CK_RV rv = host_find_key(session, CKK_RSA, &key);

	if (rv == CKR_OK)
		rv = p11->C_SignInit(session, &mechanism, key);
	if (rv == CKR_OK && streamed > 0)
		rv = p11->C_SignUpdate(session, data, streamed);
	free(data);
	return rv;
}

static void verify(EVP_PKEY *key, const CK_BYTE *signature, size_t signature_length,
		   const CK_BYTE *data, size_t length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	CHECK(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1);
	CHECK(EVP_DigestVerify(context, signature, signature_length, data, length) == 1);
	EVP_MD_CTX_free(context);
}

CK_RV host_sign_end(CK_SESSION_HANDLE session, size_t streamed)
{
	CK_BYTE signature[512], *data = calloc(1, streamed + 1);
	CK_ULONG length = sizeof(signature);
	EVP_PKEY *key = NULL;
	CK_RV rv;

	if (streamed > 0)
		rv = p11->C_SignFinal(session, signature, &length);
	else
		rv = p11->C_Sign(session, data, 1, signature, &length);
	if (rv == CKR_OK)
		rv = read_public_key(session, &key);
	if (rv == CKR_OK)
		verify(key, signature, length, data, streamed > 0 ? streamed : 1);
	EVP_PKEY_free(key);
	free(data);
	return rv;
}

CK_RV host_sign(CK_SESSION_HANDLE session)
{
	CK_RV rv = host_sign_begin(session, 0);

	return rv == CKR_OK ? host_sign_end(session, 0) : rv;
}

CK_RV host_sign_blindly(CK_SESSION_HANDLE session)
{
	CK_BYTE signature[512], data[1] = { 0 };
	CK_ULONG length = sizeof(signature);
	CK_RV rv = host_sign_begin(session, 0);

	return rv == CKR_OK ? p11->C_Sign(session, data, 1, signature, &length) : rv;
}
