/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections 4.1 and 5.7: C_CreateObject, C_SetAttributeValue, C_CopyObject, C_DestroyObject. The
 * token may be one that takes certificates and no keys (SPEC_KEYS=no).
 */
#include <string.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include "spec.h"
#include "verify.h"

static CK_SESSION_HANDLE session, reading;
static CK_OBJECT_CLASS certificate_class = CKO_CERTIFICATE, private_class = CKO_PRIVATE_KEY,
		       public_class = CKO_PUBLIC_KEY;
static CK_CERTIFICATE_TYPE x509 = CKC_X_509;
static CK_KEY_TYPE rsa = CKK_RSA, ec = CKK_EC;
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE, neither = 5;
static gnutls_datum_t leaf, subject;

#define CLASS(class)                             \
	{                                        \
		CKA_CLASS, &class, sizeof(class) \
	}
#define KEY_TYPE(type)                            \
	{                                         \
		CKA_KEY_TYPE, &type, sizeof(type) \
	}
#define BOOLEAN(type, to)    \
	{                    \
		type, &to, 1 \
	}
#define TEXT(type, text)                             \
	{                                            \
		type, (char *)text, sizeof(text) - 1 \
	}

static void load_certificate(const char *name)
{
	gnutls_datum_t pem = verify_file(name, "crt");
	gnutls_x509_crt_t crt;

	gnutls_x509_crt_init(&crt);
	assert_int_equal(gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM), 0);
	gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &leaf);
	gnutls_x509_crt_get_raw_dn(crt, &subject);
	gnutls_x509_crt_deinit(crt);
	gnutls_free(pem.data);
}

static int begin(void **state)
{
	if (spec_begin(state) != 0)
		return -1;
	session = spec_session(CKF_RW_SESSION);
	reading = spec_session(0);
	load_certificate("second");
	return 0;
}

static int end(void **state)
{
	gnutls_free(leaf.data);
	gnutls_free(subject.data);
	return spec_end(state);
}

#define CERTIFICATE                                                         \
	CLASS(certificate_class), { CKA_CERTIFICATE_TYPE, BYTES_OF(x509) }, \
		{ CKA_SUBJECT, subject.data, subject.size },                \
	{                                                                   \
		CKA_VALUE, leaf.data, leaf.size                             \
	}

static CK_OBJECT_HANDLE create(CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE object = 0;

	IS(C_CreateObject(session, template, count, &object), CKR_OK);
	FACT(object != 0);
	return object;
}

/* What is to be refused; where it isn't, nothing is left of it. */
static CK_RV try_create(CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE object = 0;
	CK_RV rv = p11->C_CreateObject(session, template, count, &object);

	if (rv == CKR_OK)
		IS(C_DestroyObject(session, object), CKR_OK);
	return rv;
}

static CK_ULONG everything(void)
{
	return spec_count(session, NULL, 0, NULL);
}

/* 4.1.1: what is wrong with a template. Where several things are, each may be the answer. */
static void test_faults(void **state)
{
	CK_ATTRIBUTE certificate[8] = { CERTIFICATE, BOOLEAN(CKA_TOKEN, yes) };
	CK_ATTRIBUTE *more = certificate + 5;
	CK_ATTRIBUTE classless[] = { BOOLEAN(CKA_TOKEN, yes), TEXT(CKA_LABEL, "x") };
	CK_ATTRIBUTE bare_key[] = { CLASS(private_class), BOOLEAN(CKA_TOKEN, yes) };
	CK_ATTRIBUTE half_key[] = { CLASS(private_class),
				    KEY_TYPE(rsa),
				    BOOLEAN(CKA_TOKEN, yes),
				    { CKA_MODULUS, leaf.data, 256 } };
	CK_OBJECT_HANDLE object;
	CK_ULONG before = everything();

	IS(C_CreateObject(session, NULL, 5, &object), CKR_ARGUMENTS_BAD);
	IS(C_CreateObject(session, certificate, 5, NULL), CKR_ARGUMENTS_BAD);
	IS(C_CreateObject(reading, certificate, 5, &object), CKR_SESSION_READ_ONLY);
	ANSWER(NULL, try_create(classless, 2), CKR_TEMPLATE_INCOMPLETE);
	ANSWER(NULL, try_create(bare_key, 2), CKR_TEMPLATE_INCOMPLETE);
	ANSWER(NULL, try_create(half_key, 4), CKR_TEMPLATE_INCOMPLETE);
	ANSWER(NULL, try_create(certificate + 1, 4), CKR_TEMPLATE_INCOMPLETE);
	more[0] = (CK_ATTRIBUTE){ CKA_VENDOR_DEFINED | 3, &yes, 1 };
	ANSWER(NULL, try_create(certificate, 6), CKR_ATTRIBUTE_TYPE_INVALID);
	/* Another class's: not valid, or not consistent (4.1.1, 1 and 5). */
	more[0] = (CK_ATTRIBUTE)BOOLEAN(CKA_SIGN, yes);
	ANSWER(NULL, try_create(certificate, 6), CKR_ATTRIBUTE_TYPE_INVALID,
	       CKR_TEMPLATE_INCONSISTENT);
	more[0] = (CK_ATTRIBUTE){ CKA_MODIFIABLE, &yes, 4 };
	ANSWER(NULL, try_create(certificate, 6), CKR_ATTRIBUTE_VALUE_INVALID);
	more[0] = (CK_ATTRIBUTE)TEXT(CKA_START_DATE, "2026");
	ANSWER(NULL, try_create(certificate, 6), CKR_ATTRIBUTE_VALUE_INVALID);
	/* Footnote 10. */
	more[0] = (CK_ATTRIBUTE)BOOLEAN(CKA_TRUSTED, yes);
	ANSWER(NULL, try_create(certificate, 6), CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
	       CKR_ATTRIBUTE_VALUE_INVALID);
	more[0] = (CK_ATTRIBUTE)TEXT(CKA_LABEL, "one");
	more[1] = (CK_ATTRIBUTE)TEXT(CKA_LABEL, "other");
	ANSWER("two values for one attribute", try_create(certificate, 7),
	       CKR_TEMPLATE_INCONSISTENT);
	more[0] = (CK_ATTRIBUTE){ CKA_VENDOR_DEFINED | 3, &yes, 1 };
	more[1] = (CK_ATTRIBUTE)BOOLEAN(CKA_MODIFIABLE, neither);
	ANSWER(NULL, try_create(certificate, 7), CKR_ATTRIBUTE_TYPE_INVALID,
	       CKR_ATTRIBUTE_VALUE_INVALID);
	more[0] = (CK_ATTRIBUTE){ CKA_CLASS, &private_class, sizeof(private_class) };
	ANSWER(NULL, try_create(certificate + 1, 5), CKR_ATTRIBUTE_TYPE_INVALID,
	       CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT);
	FACT_BUT("nothing is left of what was refused", everything() == before);
}

/* 4.4, CKA_TOKEN: false is the default; a token that has no objects of sessions refuses it. */
static void test_session_objects(void **state)
{
	CK_ATTRIBUTE template[] = { CERTIFICATE, BOOLEAN(CKA_TOKEN, no) };
	CK_OBJECT_HANDLE object;
	CK_ULONG before = everything();
	CK_SESSION_HANDLE own = spec_session(0);

	for (CK_ULONG count = 4; count <= 5; count++) {
		CK_RV rv = p11->C_CreateObject(own, template, count, &object);

		ANSWER(NULL, rv, CKR_OK, CKR_TEMPLATE_INCONSISTENT);
		if (rv == CKR_OK)
			FACT(!spec_bool(own, object, CKA_TOKEN));
		else
			FACT(everything() == before);
	}
	IS(C_CloseSession(own), CKR_OK);
	FACT(everything() == before);
}

static void check_changes(CK_OBJECT_HANDLE object)
{
	CK_ATTRIBUTE label = TEXT(CKA_LABEL, "another"), id = TEXT(CKA_ID, "\x77\x01");
	CK_ATTRIBUTE unknown = { CKA_VENDOR_DEFINED | 3, &yes, 1 };
	CK_ATTRIBUTE class = CLASS(private_class), token = BOOLEAN(CKA_TOKEN, no);
	CK_ATTRIBUTE value = { CKA_VALUE, leaf.data, 100 };
	CK_ATTRIBUTE mixed[] = { TEXT(CKA_LABEL, "half done"), class };
	CK_ATTRIBUTE mixed_again[] = { TEXT(CKA_ID, "\x66"), unknown };

	IS(C_SetAttributeValue(session, object, NULL, 1), CKR_ARGUMENTS_BAD);
	IS(C_SetAttributeValue(session, 0, &label, 1), CKR_OBJECT_HANDLE_INVALID);
	IS(C_SetAttributeValue(session, NO_HANDLE, &label, 1), CKR_OBJECT_HANDLE_INVALID);
	IS(C_SetAttributeValue(reading, object, &label, 1), CKR_SESSION_READ_ONLY);
	IS(C_SetAttributeValue(session, object, &unknown, 1), CKR_ATTRIBUTE_TYPE_INVALID);
	IS(C_SetAttributeValue(session, object, &class, 1), CKR_ATTRIBUTE_READ_ONLY);
	IS(C_SetAttributeValue(session, object, &token, 1), CKR_ATTRIBUTE_READ_ONLY);
	IS(C_SetAttributeValue(session, object, &value, 1), CKR_ATTRIBUTE_READ_ONLY);
	/* 5: a call does its whole work or none of it. */
	IS(C_SetAttributeValue(session, object, mixed, 2), CKR_ATTRIBUTE_READ_ONLY);
	IS(C_SetAttributeValue(session, object, mixed_again, 2), CKR_ATTRIBUTE_TYPE_INVALID);
	FACT(spec_find(session, CKO_CERTIFICATE, "half done") == 0);

	IS(C_SetAttributeValue(session, object, &label, 1), CKR_OK);
	FACT(spec_find(session, CKO_CERTIFICATE, "written") == 0);
	FACT(spec_find(session, CKO_CERTIFICATE, "another") == object);
	IS(C_SetAttributeValue(session, object, &id, 1), CKR_OK);
	FACT(spec_count(session, &id, 1, NULL) == 1);
}

static void check_gone(CK_OBJECT_HANDLE object, CK_ULONG left)
{
	CK_BYTE label[64];
	CK_ATTRIBUTE attribute = { CKA_LABEL, BYTES_OF(label) };
	CK_ULONG size;

	IS(C_DestroyObject(reading, object), CKR_SESSION_READ_ONLY);
	IS(C_DestroyObject(session, object), CKR_OK);
	IS(C_DestroyObject(session, object), CKR_OBJECT_HANDLE_INVALID);
	IS(C_GetAttributeValue(session, object, &attribute, 1), CKR_OBJECT_HANDLE_INVALID);
	IS(C_GetAttributeValue(reading, object, &attribute, 1), CKR_OBJECT_HANDLE_INVALID);
	IS(C_SetAttributeValue(session, object, &attribute, 1), CKR_OBJECT_HANDLE_INVALID);
	IS(C_GetObjectSize(session, object, &size), CKR_OBJECT_HANDLE_INVALID);
	FACT(everything() == left);
}

static void test_certificate(void **state)
{
	CK_ATTRIBUTE template[] = { CERTIFICATE, BOOLEAN(CKA_TOKEN, yes),
				    TEXT(CKA_LABEL, "written"), TEXT(CKA_ID, "\x77") };
	CK_ULONG before = everything();
	CK_OBJECT_HANDLE object = create(template, ARRAY_LENGTH(template));
	CK_BYTE value[4096];

	/* Other sessions see it at once (4.4: an object of the token), and it is what was
	 * written. */
	FACT(spec_find(reading, CKO_CERTIFICATE, "written") == object);
	FACT(everything() == before + 1);
	FACT(spec_bool(session, object, CKA_TOKEN));
	FACT(spec_read(session, object, CKA_VALUE, value, sizeof(value)) == leaf.size);
	FACT(memcmp(value, leaf.data, leaf.size) == 0);
	FACT(spec_read(session, object, CKA_ID, value, sizeof(value)) == 1 && value[0] == 0x77);
	FACT(spec_bool(session, object, CKA_MODIFIABLE));
	check_changes(object);
	check_gone(object, before);
	IS(C_DestroyObject(session, 0), CKR_OBJECT_HANDLE_INVALID);
	IS(C_DestroyObject(session, NO_HANDLE), CKR_OBJECT_HANDLE_INVALID);
}

/* 4.1.1, 6: the same value twice may be a fault, but libraries are asked to see it as one. */
static void test_value_twice(void **state)
{
	CK_ATTRIBUTE template[] = { CERTIFICATE, BOOLEAN(CKA_TOKEN, yes), TEXT(CKA_LABEL, "twice"),
				    TEXT(CKA_LABEL, "twice"), BOOLEAN(CKA_TOKEN, yes) };
	CK_OBJECT_HANDLE object = create(template, ARRAY_LENGTH(template));

	FACT(spec_find(session, CKO_CERTIFICATE, "twice") == object);
	IS(C_DestroyObject(session, object), CKR_OK);
}

/* 4.1.3, 4.4: what can't be copied or destroyed says so. */
static void test_copy(void **state)
{
	static const CK_OBJECT_CLASS classes[] = { CKO_CERTIFICATE, CKO_PRIVATE_KEY,
						   CKO_PUBLIC_KEY };
	CK_ATTRIBUTE template[] = { TEXT(CKA_LABEL, "copy"), BOOLEAN(CKA_TOKEN, yes) };
	CK_OBJECT_HANDLE copy = 0, object;
	CK_ULONG before = everything();

	for (size_t i = 0; i < ARRAY_LENGTH(classes); i++) {
		object = spec_rsa(session, classes[i]);
		IS(C_CopyObject(session, object, template, 2, NULL), CKR_ARGUMENTS_BAD);
		IS(C_CopyObject(session, object, NULL, 2, &copy), CKR_ARGUMENTS_BAD);
		IS(C_CopyObject(session, 0, template, 2, &copy), CKR_OBJECT_HANDLE_INVALID);
		IS(C_CopyObject(session, NO_HANDLE, template, 2, &copy), CKR_OBJECT_HANDLE_INVALID);
		if (!spec_allows(session, object, CKA_COPYABLE)) {
			IS(C_CopyObject(session, object, template, 2, &copy),
			   CKR_ACTION_PROHIBITED);
			IS(C_CopyObject(session, object, NULL, 0, &copy), CKR_ACTION_PROHIBITED);
			FACT(everything() == before);
			continue;
		}
		IS(C_CopyObject(session, object, template, 2, &copy), CKR_OK);
		FACT(copy != object && everything() == before + 1);
		IS(C_DestroyObject(session, copy), CKR_OK);
	}
}

static void test_destroyable(void **state)
{
	CK_OBJECT_HANDLE objects[64];
	CK_ULONG count = 0, prohibited = 0;

	IS(C_FindObjectsInit(session, NULL, 0), CKR_OK);
	IS(C_FindObjects(session, objects, ARRAY_LENGTH(objects), &count), CKR_OK);
	IS(C_FindObjectsFinal(session), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++)
		if (!spec_allows(session, objects[i], CKA_DESTROYABLE)) {
			IS(C_DestroyObject(session, objects[i]), CKR_ACTION_PROHIBITED);
			prohibited++;
		} else if (!spec_allows(session, objects[i], CKA_MODIFIABLE)) {
			CK_ATTRIBUTE label = TEXT(CKA_LABEL, "another");

			IS(C_SetAttributeValue(session, objects[i], &label, 1),
			   CKR_ACTION_PROHIBITED);
		}
	FACT(everything() == count);
	print_message("# %lu objects of %lu can't be destroyed\n", prohibited, count);
}

/* A private key as a template, and the public one. */
struct key {
	CK_ATTRIBUTE private[20], public[8];
	CK_ULONG private_count, public_count;
	gnutls_datum_t parts[8], curve, point;
};

static void load_key(const char *name, struct key *made)
{
	gnutls_datum_t pem = verify_file(name, "key"), *part = made->parts;
	gnutls_pubkey_t pubkey = verify_key(name);
	bool is_rsa = verify_is_rsa(name);
	gnutls_ecc_curve_t curve;
	gnutls_privkey_t key;

	memset(made, 0, sizeof(*made));
	gnutls_privkey_init(&key);
	assert_int_equal(gnutls_privkey_import_x509_raw(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0),
			 0);
	if (is_rsa)
		gnutls_privkey_export_rsa_raw2(key, &part[0], &part[1], &part[2], &part[3],
					       &part[4], &part[5], &part[6], &part[7],
					       GNUTLS_EXPORT_FLAG_NO_LZ);
	else
		gnutls_privkey_export_ecc_raw2(key, &curve, &part[0], &part[1], &part[2], 0);
	gnutls_pubkey_export_ecc_x962(pubkey, &made->curve, &made->point);
	gnutls_pubkey_deinit(pubkey);
	gnutls_privkey_deinit(key);
	gnutls_free(pem.data);
}

static void free_key(struct key *key)
{
	for (size_t i = 0; i < ARRAY_LENGTH(key->parts); i++)
		gnutls_free(key->parts[i].data);
	gnutls_free(key->curve.data);
	gnutls_free(key->point.data);
}

static void add(CK_ATTRIBUTE *template, CK_ULONG *count, CK_ATTRIBUTE_TYPE type, const void *data,
		size_t length)
{
	template[(*count)++] = (CK_ATTRIBUTE){ type, (void *)data, length };
}
#define PRIVATE(...) add(key->private, &key->private_count, __VA_ARGS__)
#define PUBLIC(...)  add(key->public, &key->public_count, __VA_ARGS__)

static void fill_templates(struct key *key, bool is_rsa)
{
	static const CK_ATTRIBUTE_TYPE rsa_parts[] = { CKA_MODULUS,	     CKA_PUBLIC_EXPONENT,
						       CKA_PRIVATE_EXPONENT, CKA_COEFFICIENT,
						       CKA_PRIME_1,	     CKA_PRIME_2,
						       CKA_EXPONENT_1,	     CKA_EXPONENT_2 };
	/* GnuTLS: n, e, d, p, q, u, dp, dq. */
	static const size_t order[] = { 0, 1, 2, 5, 3, 4, 6, 7 };

	PRIVATE(CKA_CLASS, BYTES_OF(private_class));
	PRIVATE(CKA_TOKEN, &yes, 1);
	PRIVATE(CKA_PRIVATE, &yes, 1);
	PRIVATE(CKA_SENSITIVE, &yes, 1);
	PRIVATE(CKA_EXTRACTABLE, &no, 1);
	PRIVATE(CKA_SIGN, &yes, 1);
	PRIVATE(CKA_KEY_TYPE, is_rsa ? &rsa : &ec, sizeof(rsa));
	PUBLIC(CKA_CLASS, BYTES_OF(public_class));
	PUBLIC(CKA_TOKEN, &yes, 1);
	PUBLIC(CKA_LABEL, "public half", 11);
	PUBLIC(CKA_ID, "\x55", 1);
	PUBLIC(CKA_KEY_TYPE, is_rsa ? &rsa : &ec, sizeof(rsa));
	if (is_rsa) {
		for (size_t i = 0; i < ARRAY_LENGTH(rsa_parts); i++)
			PRIVATE(rsa_parts[i], key->parts[order[i]].data, key->parts[order[i]].size);
		PUBLIC(CKA_MODULUS, key->parts[0].data, key->parts[0].size);
		PUBLIC(CKA_PUBLIC_EXPONENT, key->parts[1].data, key->parts[1].size);
	} else {
		PRIVATE(CKA_EC_PARAMS, key->curve.data, key->curve.size);
		PRIVATE(CKA_VALUE, key->parts[2].data, key->parts[2].size);
		PUBLIC(CKA_EC_PARAMS, key->curve.data, key->curve.size);
		PUBLIC(CKA_EC_POINT, key->point.data, key->point.size);
	}
}

static void check_key_faults(struct key *key, bool is_rsa)
{
	CK_ULONG count = key->private_count;
	CK_OBJECT_HANDLE object;

	IS(C_CreateObject(reading, key->private, count, &object), CKR_SESSION_READ_ONLY,
	   CKR_TOKEN_WRITE_PROTECTED);
	/* Footnote 2. */
	key->private[count] = (CK_ATTRIBUTE)BOOLEAN(CKA_LOCAL, yes);
	ANSWER(NULL, try_create(key->private, count + 1), CKR_ATTRIBUTE_READ_ONLY);
	key->private[count] = (CK_ATTRIBUTE)BOOLEAN(CKA_ALWAYS_SENSITIVE, yes);
	ANSWER(NULL, try_create(key->private, count + 1), CKR_ATTRIBUTE_READ_ONLY);
	/* 4.9: the token compares it with the key, or does not know it in a template. */
	key->private[count] = (CK_ATTRIBUTE){ CKA_PUBLIC_KEY_INFO, leaf.data, 80 };
	ANSWER("another key's CKA_PUBLIC_KEY_INFO", try_create(key->private, count + 1),
	       CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID);
	/* Of RSA's parts a token may do without some (Mechanisms v2.40, 2.1.3), of a curve's
	 * not. */
	ANSWER(is_rsa ? "an RSA key without one of its parts" : NULL,
	       try_create(key->private, count - 1), CKR_TEMPLATE_INCOMPLETE);
}

static void check_new_key(const char *name, CK_OBJECT_HANDLE object, bool is_rsa)
{
	CK_MECHANISM mechanism = { is_rsa ? CKM_SHA256_RSA_PKCS : CKM_ECDSA, NULL, 0 };
	CK_BYTE data[32] = { 9 }, signature[512];
	CK_ULONG length = sizeof(signature);
	CK_ATTRIBUTE open = BOOLEAN(CKA_SENSITIVE, no), out = BOOLEAN(CKA_EXTRACTABLE, yes);

	FACT(spec_bool(session, object, CKA_SENSITIVE));
	FACT(!spec_bool(session, object, CKA_EXTRACTABLE));
	FACT(!spec_bool(session, object, CKA_ALWAYS_SENSITIVE));
	FACT(!spec_bool(session, object, CKA_NEVER_EXTRACTABLE));
	FACT(!spec_bool(session, object, CKA_LOCAL));
	/* Footnotes 11 and 12: for ever. */
	IS(C_SetAttributeValue(session, object, &open, 1), CKR_ATTRIBUTE_READ_ONLY);
	IS(C_SetAttributeValue(session, object, &out, 1), CKR_ATTRIBUTE_READ_ONLY);
	IS(C_SignInit(session, &mechanism, object), CKR_OK);
	IS(C_Sign(session, data, sizeof(data), signature, &length), CKR_OK);
	FACT(is_rsa ? verify_message(name, GNUTLS_DIG_SHA256, NULL, false, data, sizeof(data),
				     signature, length)
		    : verify_bare(name, data, sizeof(data), signature, length));
}

/* 4.4: a label is that of one object, also of those that CKA_ID brings together. */
static void check_labels(CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public,
			 CK_OBJECT_HANDLE written)
{
	const struct {
		CK_OBJECT_CLASS class;
		CK_OBJECT_HANDLE object;
		const char *label;
	} rows[] = {
		{ CKO_PRIVATE_KEY, private, "new key" },
		{ CKO_PUBLIC_KEY, public, "public half" },
		{ CKO_CERTIFICATE, written, "its certificate" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CK_ATTRIBUTE label = TEXT(CKA_LABEL, "one"),
			     before = { CKA_LABEL, (char *)rows[i].label, strlen(rows[i].label) };

		for (size_t k = 0; k < ARRAY_LENGTH(rows); k++)
			FACT(spec_find(session, rows[i].class, rows[k].label) ==
			     (i == k ? rows[i].object : 0));
		IS(C_SetAttributeValue(session, rows[i].object, &label, 1), CKR_OK);
		for (size_t k = 0; k < ARRAY_LENGTH(rows); k++)
			FACT(spec_find(session, rows[k].class, i == k ? "one" : rows[k].label) ==
			     rows[k].object);
		FACT(spec_count(session, &label, 1, NULL) == 1);
		IS(C_SetAttributeValue(session, rows[i].object, &before, 1), CKR_OK);
		FACT(spec_count(session, &label, 1, NULL) == 0);
	}
}

/* Key, public key and certificate of one identity, as tools write them, and out again. */
static void check_key(const char *name)
{
	bool is_rsa = verify_is_rsa(name),
	     writable = strcmp(spec_setting("SPEC_KEYS", "yes"), "no");
	CK_ATTRIBUTE certificate[] = { CERTIFICATE, BOOLEAN(CKA_TOKEN, yes),
				       TEXT(CKA_LABEL, "its certificate"), TEXT(CKA_ID, "\x55") };
	CK_OBJECT_HANDLE private, public, written;
	CK_ULONG before = everything();
	struct key key;

	load_key(name, &key);
	fill_templates(&key, is_rsa);
	check_key_faults(&key, is_rsa);
	FACT_BUT("nothing is left of what was refused", everything() == before);
	before = everything();
	add(key.private, &key.private_count, CKA_LABEL, "new key", 7);
	add(key.private, &key.private_count, CKA_ID, "\x55", 1);
	if (!writable) {
		IS(C_CreateObject(session, key.private, key.private_count, &private),
		   CKR_TOKEN_WRITE_PROTECTED);
		FACT(everything() == before);
		free_key(&key);
		return;
	}
	private = create(key.private, key.private_count);
	public = create(key.public, key.public_count);
	FACT(spec_find(session, CKO_PRIVATE_KEY, "new key") == private);
	FACT(spec_find(session, CKO_PUBLIC_KEY, "public half") == public);
	check_new_key(name, private, is_rsa);
	written = create(certificate, ARRAY_LENGTH(certificate));
	FACT(everything() == before + 3);
	FACT(spec_find(session, CKO_CERTIFICATE, "its certificate") == written);
	check_labels(private, public, written);
	IS(C_DestroyObject(session, written), CKR_OK);
	FACT(spec_find(session, CKO_PRIVATE_KEY, "new key") == private);
	FACT(spec_find(session, CKO_PUBLIC_KEY, "public half") == public);
	check_new_key(name, private, is_rsa);
	IS(C_DestroyObject(session, private), CKR_OK);
	/* 4.4: where it could not be destroyed by itself, it went with the other. */
	if (everything() > before)
		IS(C_DestroyObject(session, public), CKR_OK);
	FACT(everything() == before);
	free_key(&key);
}

static void test_rsa_key(void **state)
{
	check_key("second");
}

static void test_ec_key(void **state)
{
	gnutls_free(leaf.data);
	gnutls_free(subject.data);
	load_certificate("p384");
	check_key("p384");
}

/* 5.1.6: CKR_SESSION_READ_ONLY has lower priority than CKR_TOKEN_WRITE_PROTECTED, in each function
 * that writes; a template that is wrong is wrong all the same (SPEC_WRITE=no).
 */
static void test_protected(void **state)
{
	CK_ATTRIBUTE certificate[8] = { CERTIFICATE, BOOLEAN(CKA_TOKEN, yes) };
	CK_ATTRIBUTE label = TEXT(CKA_LABEL, "another"), class = CLASS(private_class);
	CK_OBJECT_HANDLE object, made;
	CK_SESSION_HANDLE sessions[] = { session, reading };
	CK_ULONG before = everything();

	object = spec_find(session, CKO_CERTIFICATE, spec_setting("SPEC_EC", ""));
	FACT(object != 0);
	for (size_t i = 0; i < ARRAY_LENGTH(sessions); i++) {
		IS(C_CreateObject(sessions[i], certificate, 5, &made), CKR_TOKEN_WRITE_PROTECTED);
		IS(C_CreateObject(sessions[i], &class, 1, &made), CKR_TEMPLATE_INCOMPLETE);
		IS(C_SetAttributeValue(sessions[i], object, &label, 1), CKR_TOKEN_WRITE_PROTECTED);
		IS(C_SetAttributeValue(sessions[i], NO_HANDLE, &label, 1),
		   CKR_OBJECT_HANDLE_INVALID);
		IS(C_DestroyObject(sessions[i], object), CKR_TOKEN_WRITE_PROTECTED);
		IS(C_DestroyObject(sessions[i], NO_HANDLE), CKR_OBJECT_HANDLE_INVALID);
		IS(C_CopyObject(sessions[i], object, NULL, 0, &made), CKR_ACTION_PROHIBITED);
	}
	FACT(everything() == before);
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_faults),	TEST(test_session_objects),
		TEST(test_certificate), TEST(test_value_twice),
		TEST(test_copy),	TEST(test_destroyable),
		TEST(test_rsa_key),	TEST(test_ec_key),
	};
	static const struct CMUnitTest protected[] = { TEST(test_protected) };

	if (strcmp(spec_setting("SPEC_WRITE", "yes"), "no") == 0)
		return spec_main("write", protected, ARRAY_LENGTH(protected));
	return spec_main("write", tests, ARRAY_LENGTH(tests));
}
