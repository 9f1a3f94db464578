/* PEM blocks and DER objects into a bundle. */
#include <string.h>
#include <internal/record.h>
#include "key-der.h"
#include "p12.h"
#include "pem.h"

#define BEGIN_MARK "-----BEGIN "
#define END_MARK   "-----END "
#define MARK_END   "-----"

/* An empty password is tried unasked up to this many iterations (a second or so). */
#define UNASKED_MAX 1000000

struct block {
	const char *label;
	size_t label_length;
	const char *whole; /* from BEGIN to after END */
	size_t whole_length;
	const char *text; /* between the lines */
	size_t text_length;
};

struct reading {
	const char *title;
	struct bundle *bundle;
	struct password_source *source;
	struct secret curve; /* of the last EC PARAMETERS block */
};

static const char *find(const char *at, const char *end, const char *what)
{
	return at < end ? memmem(at, (size_t)(end - at), what, strlen(what)) : NULL;
}

/* The next block from *at on; false at the end. A block without its END line is `cut`. */
static bool next_block(const char **at, const char *end, struct block *block, bool *cut)
{
	const char *begin = find(*at, end, BEGIN_MARK), *label, *after, *close;
	g_autofree char *closing = NULL;

	*cut = false;
	if (!begin)
		return false;
	label = begin + strlen(BEGIN_MARK);
	after = find(label, end, MARK_END);
	if (!after || after - label > 64) {
		*cut = true;
		return false;
	}
	block->label = label;
	block->label_length = (size_t)(after - label);
	block->text = after + strlen(MARK_END);
	closing = g_strdup_printf(END_MARK "%.*s" MARK_END, (int)block->label_length, label);
	close = find(block->text, end, closing);
	if (!close) {
		*cut = true;
		return false;
	}
	block->text_length = (size_t)(close - block->text);
	block->whole = begin;
	block->whole_length = (size_t)(close - begin) + strlen(closing);
	*at = close + strlen(closing);
	return true;
}

static bool is_block(const struct block *block, const char *label)
{
	return block->label_length == strlen(label) &&
	       memcmp(block->label, label, block->label_length) == 0;
}

static bool decode(const struct block *block, struct secret *der)
{
	ptrdiff_t length;

	if (secret_allocate(der, block->text_length / 4 * 3 + 3) ||
	    secret_resize(der, block->text_length / 4 * 3 + 3))
		return false;
	length = base64_decode(block->text, block->text_length, der->data);
	return length > 0 && !secret_resize(der, (size_t)length);
}

static gboolean bad(struct reading *reading, GError **error, const char *what)
{
	devid_error_set(error, DEVID_BAD_DATA, "damaged", NULL, "%s: %s can't be read: damaged",
			reading->title, what);
	return FALSE;
}

static gboolean read_certificate(struct reading *reading, const struct secret *der, GError **error)
{
	if (bundle_add_certificate(reading->bundle, der->data, der->length, NULL, NULL))
		return TRUE;
	return bad(reading, error, "a certificate");
}

/* EncryptedPrivateKeyInfo: what it asks for is judged before the password is asked for. */
static gboolean read_encrypted(struct reading *reading, const struct secret *der, GError **error)
{
	AUTO_SECRET struct secret cipher = SECRET_INIT;
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	struct pbe *parsed = NULL;
	AUTO_PBE struct pbe *pbe = NULL;
	struct pbe_password forms;
	enum pbe_outcome outcome;
	bool split = pbe_split_pkcs8((struct ber){ der->data, der->length }, &parsed, &cipher);

	pbe = parsed;
	if (!split)
		return bad(reading, error, "an encrypted private key");
	if (!pbe_acceptable(pbe, PBE_ITERATIONS_MAX, error))
		return FALSE;
	if (!password_source_get(reading->source, error))
		return FALSE;
	outcome = pbe_password_set(&forms, &reading->source->password)
			  ? pbe_decrypt(pbe, &forms, &cipher, &pkcs8)
			  : PBE_BROKEN;
	pbe_password_clear(&forms);
	if (outcome == PBE_BROKEN)
		return bad(reading, error, "an encrypted private key");
	if (outcome != PBE_OPENED) {
		devid_error_set(
			error, DEVID_PASSWORD, "password-or-damaged", NULL,
			"%s: wrong password or damaged file (an encrypted key doesn't tell which)",
			reading->title);
		return FALSE;
	}
	reading->bundle->password =
		reading->source->password.length ? BUNDLE_PASSWORD_SET : BUNDLE_PASSWORD_EMPTY;
	bundle_add_key(reading->bundle, &pkcs8, NULL, NULL);
	return TRUE;
}

static gboolean read_key(struct reading *reading, const struct secret *der, GError **error)
{
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	struct ber curve = { reading->curve.data, reading->curve.length };

	if (key_der_kind(der->data, der->length) == KEY_DER_ENCRYPTED)
		return read_encrypted(reading, der, error);
	if (!key_der_to_pkcs8(der->data, der->length, curve.length ? &curve : NULL, &pkcs8))
		return bad(reading, error, "a private key");
	bundle_add_key(reading->bundle, &pkcs8, NULL, NULL);
	return TRUE;
}

static gboolean read_curve(struct reading *reading, const struct secret *der, GError **error)
{
	secret_clear(&reading->curve);
	return !secret_append(&reading->curve, der->data, der->length) ||
	       bad(reading, error, "the parameters of a key");
}

/* "Proc-Type: 4,ENCRYPTED": OpenSSL's old dress (RFC 1421 headers, a KDF of one MD5). */
static gboolean read_old_encrypted(struct reading *reading, const struct block *block,
				   GError **error)
{
	AUTO_SECRET struct secret text = SECRET_INIT;
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	gnutls_x509_privkey_t key;
	gnutls_datum_t whole = { (unsigned char *)block->whole, (unsigned)block->whole_length };
	gnutls_datum_t out = { NULL, 0 };
	int code;

	if (!password_source_get(reading->source, error))
		return FALSE;
	if (secret_append(&text, reading->source->password.data,
			  reading->source->password.length) ||
	    secret_append(&text, "", 1) || gnutls_x509_privkey_init(&key) < 0)
		return bad(reading, error, "a private key");
	code = gnutls_x509_privkey_import_openssl(key, &whole, (const char *)text.data);
	if (code >= 0)
		code = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_DER, NULL,
							 GNUTLS_PKCS_PLAIN, &out);
	gnutls_x509_privkey_deinit(key);
	if (code < 0) {
		devid_error_set(error, DEVID_PASSWORD, "password-or-damaged", NULL,
				"%s: wrong password or damaged file (%s)", reading->title,
				gnutls_strerror(code));
		return FALSE;
	}
	code = secret_append(&pkcs8, out.data, out.size) ? -1 : 0;
	secret_wipe(out.data, out.size);
	gnutls_free(out.data);
	if (code < 0)
		return bad(reading, error, "a private key");
	reading->bundle->password = BUNDLE_PASSWORD_SET;
	bundle_add_key(reading->bundle, &pkcs8, NULL, NULL);
	return TRUE;
}

/* What each label holds; `refused`: why it isn't taken. Labels that aren't here are passed over. */
static const struct {
	const char *label;
	gboolean (*read)(struct reading *, const struct secret *, GError **);
	const char *refused;
} block_table[] = {
	{ "CERTIFICATE", read_certificate, NULL },
	{ "X509 CERTIFICATE", read_certificate, NULL },
	{ "PRIVATE KEY", read_key, NULL },
	{ "ENCRYPTED PRIVATE KEY", read_encrypted, NULL },
	{ "RSA PRIVATE KEY", read_key, NULL },
	{ "EC PRIVATE KEY", read_key, NULL },
	{ "EC PARAMETERS", read_curve, NULL },
	{ "DSA PRIVATE KEY", NULL, "a DSA key: no device certificate has one" },
	{ "OPENSSH PRIVATE KEY", NULL,
	  "a key in OpenSSH's own format: ssh-keygen -p -m PKCS8 converts it" },
	{ "TRUSTED CERTIFICATE", NULL,
	  "a certificate in OpenSSL's own format: openssl x509 -in FILE converts it" },
	{ "TSS2 PRIVATE KEY", NULL, "a key that lives in a TPM and can't be imported" },
	{ "PKCS7", NULL, "PKCS#7: openssl pkcs7 -print_certs -in FILE takes the certificates out" },
	{ "CMS", NULL, "PKCS#7: openssl pkcs7 -print_certs -in FILE takes the certificates out" },
};

static gboolean read_block(struct reading *reading, const struct block *block, GError **error)
{
	AUTO_SECRET struct secret der = SECRET_INIT;

	for (size_t i = 0; i < G_N_ELEMENTS(block_table); i++) {
		if (!is_block(block, block_table[i].label))
			continue;
		if (block_table[i].refused) {
			devid_error_set(error, DEVID_UNSUPPORTED, NULL, NULL, "%s: %s",
					reading->title, block_table[i].refused);
			return FALSE;
		}
		if (find(block->text, block->text + block->text_length, "Proc-Type: 4,ENCRYPTED"))
			return read_old_encrypted(reading, block, error);
		if (!decode(block, &der))
			return bad(reading, error, "a PEM block");
		return block_table[i].read(reading, &der, error);
	}
	return TRUE;
}

bool pem_looks_like(const struct secret *bytes)
{
	const char *text = (const char *)bytes->data;

	return bytes->length && find(text, text + bytes->length, BEGIN_MARK);
}

bool pem_find_pkcs12(const struct secret *bytes, struct secret *der)
{
	const char *at = (const char *)bytes->data, *end = at + bytes->length;
	struct block block;
	bool cut;

	while (next_block(&at, end, &block, &cut))
		if (is_block(&block, "PKCS12"))
			return decode(&block, der);
	return false;
}

static gboolean read_pem(struct reading *reading, const struct secret *bytes, GError **error)
{
	const char *at = (const char *)bytes->data, *end = at + bytes->length;
	struct block block;
	bool cut;

	while (next_block(&at, end, &block, &cut)) {
		if (!read_block(reading, &block, error))
			return FALSE;
		if (reading->bundle->keys->len + reading->bundle->certificates->len >
		    BUNDLE_ITEMS_MAX) {
			devid_error_set(error, DEVID_TOO_LARGE, "file-too-large", NULL,
					"%s: more than %d keys and certificates", reading->title,
					BUNDLE_ITEMS_MAX);
			return FALSE;
		}
	}
	return !cut || bad(reading, error, "a PEM block without its END line");
}

static gboolean read_der(struct reading *reading, const struct secret *bytes, GError **error)
{
	gnutls_datum_t datum = { bytes->data, (unsigned)bytes->length };
	gnutls_x509_crt_t crt;
	int code;

	if (key_der_kind(bytes->data, bytes->length) != KEY_DER_UNKNOWN)
		return read_key(reading, bytes, error);
	if (gnutls_x509_crt_init(&crt) < 0)
		return bad(reading, error, "it");
	code = gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER);
	gnutls_x509_crt_deinit(crt);
	if (code >= 0)
		return read_certificate(reading, bytes, error);
	devid_error_set(error, DEVID_BAD_DATA, "not-a-certificate", NULL,
			"%s: neither PKCS#12 nor a certificate or key in PEM or DER, or damaged",
			reading->title);
	return FALSE;
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
		    (!password_source_given(source) && p12_cost(p12) <= UNASKED_MAX))
			bundle = p12_unlock(p12, &empty, NULL);
		if (!bundle && password_source_get(source, error))
			bundle = p12_unlock(p12, &source->password, error);
	}
	if (!bundle && error)
		g_prefix_error(error, "%s: ", title);
	return bundle;
}

struct bundle *bundle_read(const char *title, const struct secret *bytes,
			   struct password_source *source, GError **error)
{
	AUTO_BUNDLE struct bundle *bundle = NULL;
	AUTO_SECRET struct secret der = SECRET_INIT;
	struct reading reading = { .title = title, .source = source };
	bool pem = pem_looks_like(bytes);
	gboolean done;

	if (p12_looks_like(bytes->data, bytes->length))
		return read_p12(title, bytes, source, error);
	if (pem && pem_find_pkcs12(bytes, &der))
		return read_p12(title, &der, source, error);
	bundle = bundle_new(pem ? BUNDLE_PEM : BUNDLE_DER);
	reading.bundle = bundle;
	done = pem ? read_pem(&reading, bytes, error) : read_der(&reading, bytes, error);
	secret_clear(&reading.curve);
	if (!done)
		return NULL;
	if (!bundle->keys->len && !bundle->certificates->len) {
		devid_error_set(error, DEVID_BAD_DATA, "not-a-certificate", NULL,
				"%s: neither a certificate nor a private key is in it", title);
		return NULL;
	}
	return g_steal_pointer(&bundle);
}
