/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PEM blocks and DER objects into a bundle. */
#include <string.h>
#include "account/certificate-list.h"
#include "account/pem-block.h"
#include "base/auto-gnutls.h"
#include "base/error.h"
#include "ber.h"
#include "bundle.h"
#include "key-der.h"
#include "p12.h"
#include "password-source.h"
#include "pbe-derive.h"
#include "pbe-password.h"
#include "pbe.h"
#include "pem.h"

/* An empty password is tried unasked up to this many iterations (a second or so). */
#define UNASKED_MAX 1000000

struct reading {
	const char *title;
	struct bundle *bundle;
	struct password_source *source;
	struct secret curve; /* of the last EC PARAMETERS block */
};

static bool bad(struct reading *reading, GError **error, const char *what)
{
	return devid_error_set(error, DEVID_BAD_DATA, "damaged", NULL,
			       "%s: %s can't be read: damaged", reading->title, what);
}

/* One that can't be read is left out, and its reason kept: it may not be the one that counts. */
static bool read_certificates(struct reading *reading, const struct secret *der, GError **error)
{
	g_autoptr(GPtrArray) ders = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

	if (!certificate_is_pkcs7(der->data, der->length)) {
		bundle_add_certificate(reading->bundle, der->data, der->length, NULL, NULL);
		return true;
	}
	if (!certificate_read_pkcs7(der->data, der->length, ders))
		return bad(reading, error, "the PKCS#7");
	for (guint i = 0; i < ders->len; i++)
		bundle_add_certificate(reading->bundle, g_bytes_get_data(ders->pdata[i], NULL),
				       g_bytes_get_size(ders->pdata[i]), NULL, NULL);
	return true;
}

/* EncryptedPrivateKeyInfo: what it asks for is judged before the password is asked for. */
static bool read_encrypted(struct reading *reading, const struct secret *der, GError **error)
{
	AUTO_SECRET struct secret cipher = SECRET_INIT;
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	AUTO_PBE struct pbe *pbe = NULL;
	struct pbe_password forms;
	enum pbe_outcome outcome;

	if (!pbe_split_pkcs8((struct ber){ der->data, der->length }, &pbe, &cipher))
		return bad(reading, error, "an encrypted private key");
	if (!pbe_acceptable(pbe, PBE_ITERATIONS_MAX, error))
		return false;
	if (!reading->source->get(reading->source, error))
		return false;
	outcome = pbe_password_set(&forms, &reading->source->password)
			  ? pbe_decrypt(pbe, &forms, &cipher, &pkcs8)
			  : PBE_BROKEN;
	pbe_password_clear(&forms);
	if (outcome == PBE_BROKEN)
		return bad(reading, error, "an encrypted private key");
	if (outcome != PBE_OPENED)
		return devid_error_set(
			error, DEVID_PASSWORD, "password-or-damaged", NULL,
			"%s: wrong password or damaged file (an encrypted key doesn't tell which)",
			reading->title);
	reading->bundle->password =
		reading->source->password.length ? BUNDLE_PASSWORD_SET : BUNDLE_PASSWORD_EMPTY;
	bundle_add_key(reading->bundle, &pkcs8, NULL, NULL);
	return true;
}

static bool read_key(struct reading *reading, const struct secret *der, GError **error)
{
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	struct ber curve = { reading->curve.data, reading->curve.length };

	if (key_der_kind(der->data, der->length) == KEY_DER_ENCRYPTED)
		return read_encrypted(reading, der, error);
	if (!key_der_to_pkcs8(der->data, der->length, curve.length ? &curve : NULL, &pkcs8))
		return bad(reading, error, "a private key");
	bundle_add_key(reading->bundle, &pkcs8, NULL, NULL);
	return true;
}

static bool read_curve(struct reading *reading, const struct secret *der, GError **error)
{
	secret_clear(&reading->curve);
	return !secret_append(&reading->curve, der->data, der->length) ||
	       bad(reading, error, "the parameters of a key");
}

#define OID_TPM_IMPORTABLE "2.23.133.10.1.4"

/* A key of a TPM (draft-bottomley-tpm2-keys): one that is to be imported may be for this one. */
static bool read_tpm_key(struct reading *reading, const struct secret *der, GError **error)
{
	struct ber reader = { der->data, der->length }, inside;
	struct ber_item type;

	if (!ber_enter(&reader, BER_SEQUENCE, &inside) || !ber_next(&inside, &type) ||
	    type.tag != BER_OID)
		return bad(reading, error, "a TPM's key");
	if (!ber_oid_is(&type, OID_TPM_IMPORTABLE))
		return devid_error_set(error, DEVID_UNSUPPORTED, "key-unsupported", NULL,
				       "%s: a key that lives in a TPM and can't be imported",
				       reading->title);
	if (reading->bundle->wrapped)
		return devid_error_set(error, DEVID_UNSUPPORTED, "key-unsupported",
				       "a file for each", "%s: several keys for TPMs are in it",
				       reading->title);
	reading->bundle->wrapped = g_bytes_new(der->data, der->length);
	return true;
}

/* What GnuTLS decrypts in that dress. */
static const char *const old_ciphers[] = { "DES-CBC",	       "DES-EDE3-CBC",
					   "AES-128-CBC",      "AES-192-CBC",
					   "AES-256-CBC",      "CAMELLIA-128-CBC",
					   "CAMELLIA-192-CBC", "CAMELLIA-256-CBC" };

/* The value of DEK-Info, "AES-256-CBC,00112233…", and where the headers end; NULL: there is
 * none. */
static char *read_dek_info(const struct pem_block *block, const char **body)
{
	const char *end = block->text + block->text_length;
	char *info = NULL;

	*body = block->text;
	/* Header lines have a colon, the lines of the body have none. */
	for (const char *at = block->text; at < end;) {
		const char *stop = memchr(at, '\n', (gsize)(end - at));
		g_autofree char *line = g_strndup(at, (gsize)((stop ? stop : end) - at));

		g_strstrip(line);
		at = stop ? stop + 1 : end;
		if (strchr(line, ':'))
			*body = at;
		if (g_ascii_strncasecmp(line, "DEK-Info:", strlen("DEK-Info:")) == 0 && !info)
			info = g_strdup(g_strstrip(line + strlen("DEK-Info:")));
	}
	return info;
}

/* An algorithm that can't be read is told by its name, before a password is asked for. */
static bool old_cipher_known(struct reading *reading, const char *info, GError **error)
{
	g_autofree char *name = g_strndup(info, strcspn(info, ","));

	for (size_t i = 0; i < G_N_ELEMENTS(old_ciphers); i++)
		if (g_ascii_strcasecmp(old_ciphers[i], name) == 0)
			return true;
	return devid_error_set(
		error, DEVID_UNSUPPORTED, "algorithm-unsupported",
		"convert it: openssl pkey -aes256 -in KEY -out NEW (for RC2, IDEA and the "
		"like with: -provider legacy -provider default)",
		"%s: the private key uses an algorithm that can't be read here: %s", reading->title,
		name);
}

/* The block as GnuTLS reads it: without the blanks. */
static bool put_old_block(const struct pem_block *block, const char *info, const char *body,
			  struct secret *text)
{
	AUTO_SECRET struct secret cipher = SECRET_INIT;
	struct pem_block bare = *block;
	g_autofree char *head = NULL, *tail = NULL, *base64 = NULL;

	bare.text = body;
	bare.text_length = (gsize)(block->text + block->text_length - body);
	if (!pem_decode(&bare, &cipher))
		return false;
	/* Enciphered: it needn't be kept like the key itself. */
	base64 = g_base64_encode(cipher.data, cipher.length);
	head = g_strdup_printf("-----BEGIN %.*s-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: %s\n\n",
			       (int)block->label_length, block->label, info);
	tail = g_strdup_printf("\n-----END %.*s-----\n", (int)block->label_length, block->label);
	return !secret_append(text, head, strlen(head)) &&
	       !secret_append(text, base64, strlen(base64)) &&
	       !secret_append(text, tail, strlen(tail));
}

/* The key in `text` with the password, as PKCS#8; a GnuTLS code. */
static int open_old_block(struct reading *reading, const struct secret *text, struct secret *pkcs8)
{
	AUTO_SECRET struct secret password = SECRET_INIT;
	gnutls_datum_t whole = { text->data, (unsigned)text->length }, out = { NULL, 0 };
	g_auto(gnutls_x509_privkey_t) key = NULL;
	int code;

	if (secret_append(&password, reading->source->password.data,
			  reading->source->password.length) ||
	    secret_append(&password, "", 1))
		return GNUTLS_E_MEMORY_ERROR;
	code = gnutls_x509_privkey_init(&key);
	if (code < 0)
		return code;
	code = gnutls_x509_privkey_import_openssl(key, &whole, (const char *)password.data);
	if (code >= 0)
		code = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_DER, NULL,
							 GNUTLS_PKCS_PLAIN, &out);
	if (code >= 0 && secret_append(pkcs8, out.data, out.size))
		code = GNUTLS_E_MEMORY_ERROR;
	if (out.data)
		secret_wipe(out.data, out.size);
	gnutls_free(out.data);
	return code;
}

/* "Proc-Type: 4,ENCRYPTED": OpenSSL's old dress (RFC 1421 headers, a KDF of one MD5). */
static bool read_old_encrypted(struct reading *reading, const struct pem_block *block,
			       GError **error)
{
	AUTO_SECRET struct secret text = SECRET_INIT;
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	const char *body;
	g_autofree char *info = read_dek_info(block, &body);
	int code;

	if (!info)
		return bad(reading, error, "an encrypted private key");
	if (!old_cipher_known(reading, info, error))
		return false;
	if (!put_old_block(block, info, body, &text))
		return bad(reading, error, "an encrypted private key");
	if (!reading->source->get(reading->source, error))
		return false;
	code = open_old_block(reading, &text, &pkcs8);
	if (code < 0)
		return devid_error_set(error, DEVID_PASSWORD, "password-or-damaged", NULL,
				       "%s: wrong password or damaged file (%s)", reading->title,
				       gnutls_strerror(code));
	reading->bundle->password = BUNDLE_PASSWORD_SET;
	bundle_add_key(reading->bundle, &pkcs8, NULL, NULL);
	return true;
}

/* What each label holds; `refused`: why it isn't taken. Labels that aren't here are passed over. */
static const struct {
	const char *label;
	bool (*read)(struct reading *, const struct secret *, GError **);
	const char *refused;
	const char *reason; /* of that; NULL: "unsupported" */
} block_table[] = {
	{ "CERTIFICATE", read_certificates, NULL, NULL },
	{ "X509 CERTIFICATE", read_certificates, NULL, NULL },
	{ "PRIVATE KEY", read_key, NULL, NULL },
	{ "ENCRYPTED PRIVATE KEY", read_encrypted, NULL, NULL },
	{ "RSA PRIVATE KEY", read_key, NULL, NULL },
	{ "EC PRIVATE KEY", read_key, NULL, NULL },
	{ "EC PARAMETERS", read_curve, NULL, NULL },
	{ "DSA PRIVATE KEY", NULL, "a DSA key: no device certificate has one", "key-unsupported" },
	{ "OPENSSH PRIVATE KEY", NULL,
	  "a key in OpenSSH's own format: ssh-keygen -p -m PKCS8 converts it", NULL },
	{ "TRUSTED CERTIFICATE", NULL,
	  "a certificate in OpenSSL's own format: openssl x509 -in FILE converts it", NULL },
	{ "TSS2 PRIVATE KEY", read_tpm_key, NULL, NULL },
	{ "PKCS7", read_certificates, NULL, NULL },
	{ "PKCS #7 SIGNED DATA", read_certificates, NULL, NULL },
	{ "CMS", read_certificates, NULL, NULL },
};

static bool read_block(struct reading *reading, const struct pem_block *block, GError **error)
{
	AUTO_SECRET struct secret der = SECRET_INIT;

	for (size_t i = 0; i < G_N_ELEMENTS(block_table); i++) {
		if (!pem_is(block, block_table[i].label))
			continue;
		if (block_table[i].refused)
			return devid_error_set(error, DEVID_UNSUPPORTED, block_table[i].reason,
					       NULL, "%s: %s", reading->title,
					       block_table[i].refused);
		if (memmem(block->text, block->text_length, "Proc-Type: 4,ENCRYPTED", 22))
			return read_old_encrypted(reading, block, error);
		if (!pem_decode(block, &der))
			return bad(reading, error, "a PEM block");
		return block_table[i].read(reading, &der, error);
	}
	return true;
}

/* The first PKCS12 block. */
static bool find_block(const struct secret *bytes, struct secret *der)
{
	const char *at = (const char *)bytes->data, *end = at + bytes->length;
	struct pem_block block;
	bool cut;

	while (bytes->length && pem_next(&at, end, &block, &cut))
		if (pem_is(&block, "PKCS12"))
			return pem_decode(&block, der);
	return false;
}

bool pem_find_p12(const struct secret *bytes, struct secret *der)
{
	AUTO_SECRET struct secret plain = SECRET_INIT;

	if (p12_looks_like(bytes->data, bytes->length) || find_block(bytes, der))
		return true;
	if (!pem_present(bytes->data, bytes->length) &&
	    pem_undress(bytes->data, bytes->length, &plain)) {
		if (find_block(&plain, der))
			return true;
		if (p12_looks_like(plain.data, plain.length)) {
			secret_move(der, &plain);
			return true;
		}
	}
	secret_clear(der);
	return false;
}

static bool read_pem(struct reading *reading, const struct secret *bytes, GError **error)
{
	const char *at = (const char *)bytes->data, *end = at + bytes->length;
	struct pem_block block;
	bool cut;

	while (pem_next(&at, end, &block, &cut)) {
		if (!read_block(reading, &block, error))
			return false;
		if (reading->bundle->keys->len + reading->bundle->certificates->len >
		    BUNDLE_ITEMS_MAX)
			return devid_error_set(error, DEVID_TOO_LARGE, "file-too-large", NULL,
					       "%s: more than %d keys and certificates",
					       reading->title, BUNDLE_ITEMS_MAX);
	}
	return !cut || bad(reading, error, "a PEM block without its END line");
}

static bool read_der(struct reading *reading, const struct secret *bytes, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_auto(gnutls_x509_crt_t) crt = NULL;

	if (certificate_is_pkcs7(bytes->data, bytes->length))
		return read_certificates(reading, bytes, error);
	if (key_der_kind(bytes->data, bytes->length) != KEY_DER_UNKNOWN)
		return read_key(reading, bytes, error);
	crt = certificate_parse(bytes->data, bytes->length, &why);
	if (crt || strcmp(devid_error_reason(why), "damaged") != 0)
		return read_certificates(reading, bytes, error);
	return devid_error_set(
		error, DEVID_BAD_DATA, "not-a-certificate", NULL,
		"%s: neither PKCS#12 nor a certificate or key in PEM or DER, or damaged",
		reading->title);
}

static struct bundle *read_p12(const char *title, const struct secret *bytes,
			       struct password_source *source, GError **error)
{
	AUTO_P12 struct p12 *p12 = p12_open(bytes->data, bytes->length, PBE_ITERATIONS_MAX, error);
	const struct secret empty = SECRET_INIT;
	struct bundle *bundle = NULL;

	if (p12 && p12_problem(p12)) {
		g_propagate_error(error, g_error_copy(p12_problem(p12)));
	} else if (p12) {
		if (!p12_needs_password(p12) ||
		    (!source->given(source) && p12_cost(p12) <= UNASKED_MAX))
			bundle = p12_unlock(p12, &empty, NULL);
		if (!bundle && source->get(source, error))
			bundle = p12_unlock(p12, &source->password, error);
	}
	if (!bundle && error)
		g_prefix_error(error, "%s: ", title);
	return bundle;
}

static struct bundle *read_once(const char *title, const struct secret *bytes,
				struct password_source *source, GError **error)
{
	AUTO_BUNDLE struct bundle *bundle = NULL;
	AUTO_SECRET struct secret der = SECRET_INIT;
	struct reading reading = { .title = title, .source = source };
	bool pem = pem_present(bytes->data, bytes->length);
	bool done;

	if (pem_find_p12(bytes, &der))
		return read_p12(title, der.length ? &der : bytes, source, error);
	if (!pem && pem_undress(bytes->data, bytes->length, &der)) {
		bytes = &der;
		pem = pem_present(bytes->data, bytes->length);
	}
	bundle = bundle_new(pem ? BUNDLE_PEM : BUNDLE_DER);
	reading.bundle = bundle;
	done = pem ? read_pem(&reading, bytes, error) : read_der(&reading, bytes, error);
	secret_clear(&reading.curve);
	if (!done)
		return NULL;
	if (!bundle->keys->len && !bundle->certificates->len && !bundle->wrapped) {
		if (bundle->unreadable) {
			g_propagate_prefixed_error(error, g_steal_pointer(&bundle->unreadable),
						   "%s: ", title);
			return NULL;
		}
		return devid_error_null(error, DEVID_BAD_DATA, "not-a-certificate", NULL,
					"%s: neither a certificate nor a private key is in it",
					title);
	}
	return g_steal_pointer(&bundle);
}

struct bundle *pem_read_bundle(const char *title, const struct secret *bytes,
			       struct password_source *source, GError **error)
{
	GError *why = NULL;
	struct bundle *bundle = read_once(title, bytes, source, &why);

	if (!bundle && source->again(source, why)) {
		g_clear_error(&why);
		bundle = read_once(title, bytes, source, &why);
	}
	if (why)
		g_propagate_error(error, why);
	return bundle;
}
