/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two hundred certificates, the same ones as records of devid and on another token.
 *
 *	bench-fill FOLDER MODULE TOKEN PIN
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <p11-kit/pkcs11.h>
#include <internal/record.h>

#define CERTIFICATES 200

static CK_FUNCTION_LIST *p11;
static CK_SESSION_HANDLE session;

static void must(long code, const char *what)
{
	if (code < 0 || (code > 0 && strncmp(what, "C_", 2) == 0)) {
		fprintf(stderr, "bench-fill: %s: %ld\n", what, code);
		exit(1);
	}
}

static void open_token(const char *module, const char *label, char *pin)
{
	void *handle = dlopen(module, RTLD_NOW);
	CK_C_GetFunctionList get_list;
	CK_SLOT_ID slots[16];
	CK_ULONG count = 16;
	char padded[33];

	if (!handle) {
		fprintf(stderr, "bench-fill: %s\n", dlerror());
		exit(1);
	}
	*(void **)&get_list = dlsym(handle, "C_GetFunctionList");
	must((long)get_list(&p11), "C_GetFunctionList");
	must((long)p11->C_Initialize(NULL), "C_Initialize");
	must((long)p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
	snprintf(padded, sizeof(padded), "%-32s", label);
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info;

		if (p11->C_GetTokenInfo(slots[i], &info) || memcmp(info.label, padded, 32) != 0)
			continue;
		must((long)p11->C_OpenSession(slots[i], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
					      NULL, &session),
		     "C_OpenSession");
		must((long)p11->C_Login(session, CKU_USER, (unsigned char *)pin, strlen(pin)),
		     "C_Login");
		return;
	}
	must(-1, "token");
}

static gnutls_x509_privkey_t make_key(gnutls_pk_algorithm_t algorithm, unsigned bits)
{
	gnutls_x509_privkey_t key;

	must(gnutls_x509_privkey_init(&key), "key");
	must(gnutls_x509_privkey_generate(key, algorithm, bits, 0), "key");
	return key;
}

static gnutls_x509_crt_t make_certificate(unsigned number, gnutls_x509_privkey_t key,
					  gnutls_x509_crt_t issuer,
					  gnutls_x509_privkey_t issuer_key)
{
	unsigned char serial[4] = { 1, 0, (unsigned char)(number >> 8), (unsigned char)number };
	gnutls_x509_crt_t certificate;
	char name[64];

	snprintf(name, sizeof(name), "C=JP,O=Example,CN=certificate %03u", number);
	must(gnutls_x509_crt_init(&certificate), "certificate");
	must(gnutls_x509_crt_set_version(certificate, 3), "version");
	must(gnutls_x509_crt_set_key(certificate, key), "key");
	must(gnutls_x509_crt_set_dn(certificate, name, NULL), "name");
	must(gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial)), "serial");
	must(gnutls_x509_crt_set_activation_time(certificate, time(NULL) - 3600), "dates");
	must(gnutls_x509_crt_set_expiration_time(certificate, time(NULL) + 864000), "dates");
	must(gnutls_x509_crt_set_basic_constraints(certificate, issuer ? 0 : 1, -1), "CA flag");
	must(gnutls_x509_crt_sign2(certificate, issuer ? issuer : certificate, issuer_key,
				   GNUTLS_DIG_SHA256, 0),
	     "signature");
	return certificate;
}

static void print_hex(FILE *file, const char *name, const uint8_t *data, size_t length)
{
	char *text = malloc(2 * length + 1);

	if (!text)
		exit(1);
	hex_encode(data, length, text);
	fprintf(file, "%s: %s\n", name, text);
	free(text);
}

static void write_record(const char *folder, unsigned number, gnutls_x509_crt_t certificate,
			 const gnutls_datum_t *der, const uint8_t *id, size_t id_length)
{
	gnutls_datum_t spki, text;
	gnutls_pubkey_t public_key;
	uint8_t hash[32];
	char path[512];
	FILE *file;

	must(gnutls_pubkey_init(&public_key), "public key");
	must(gnutls_pubkey_import_x509(public_key, certificate, 0), "public key");
	must(gnutls_pubkey_export2(public_key, GNUTLS_X509_FMT_DER, &spki), "public key");
	snprintf(path, sizeof(path), "%s/%016x" RECORD_SUFFIX, folder, number);
	file = fopen(path, "we");
	if (!file) {
		perror(path);
		exit(1);
	}
	fprintf(file, "Devid-Identity: 1\nLabel: certificate %03u\n", number);
	print_hex(file, "ID", id, id_length);
	must(gnutls_hash_fast(GNUTLS_DIG_SHA256, spki.data, spki.size, hash), "hash");
	fprintf(file, "Store: none\n");
	print_hex(file, "SPKI-SHA256", hash, sizeof(hash));
	must(gnutls_base64_encode2(&spki, &text), "base64");
	fprintf(file, "SPKI: %.*s\nImported: 2026-11-22T10:00:00Z\n", (int)text.size, text.data);
	gnutls_free(text.data);
	must(gnutls_hash_fast(GNUTLS_DIG_SHA1, der->data, der->size, hash), "hash");
	print_hex(file, "Check-Value", hash, 3);
	must(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &text), "PEM");
	fprintf(file, "\n%.*s", (int)text.size, text.data);
	fclose(file);
	gnutls_free(text.data);
	gnutls_free(spki.data);
	gnutls_pubkey_deinit(public_key);
}

static void put_on_token(unsigned number, const gnutls_datum_t *der, uint8_t *id, size_t id_length)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	unsigned char subject[] = { 0x30, 0 };
	char label[32];
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_CERTIFICATE_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &no, sizeof(no) },
		{ CKA_LABEL, label, 15 },
		{ CKA_ID, id, id_length },
		{ CKA_SUBJECT, subject, 2 },
		{ CKA_VALUE, der->data, der->size },
	};
	CK_OBJECT_HANDLE object;

	snprintf(label, sizeof(label), "certificate %03u", number);
	must((long)p11->C_CreateObject(session, attributes,
				       sizeof(attributes) / sizeof(attributes[0]), &object),
	     "C_CreateObject");
}

int main(int argc, char **argv)
{
	gnutls_x509_privkey_t issuer_key;
	gnutls_x509_crt_t issuer;

	if (argc != 5)
		return 2;
	open_token(argv[2], argv[3], argv[4]);
	issuer_key = make_key(GNUTLS_PK_RSA, 2048);
	issuer = make_certificate(1000, issuer_key, NULL, issuer_key);
	for (unsigned i = 0; i < CERTIFICATES; i++) {
		gnutls_x509_privkey_t key =
			make_key(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
		gnutls_x509_crt_t certificate = make_certificate(i, key, issuer, issuer_key);
		size_t id_length = 20;
		gnutls_datum_t der;
		uint8_t id[20];

		must(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, &der), "DER");
		must(gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA1, id, &id_length),
		     "key id");
		write_record(argv[1], i, certificate, &der, id, id_length);
		put_on_token(i, &der, id, id_length);
		gnutls_free(der.data);
		gnutls_x509_crt_deinit(certificate);
		gnutls_x509_privkey_deinit(key);
	}
	p11->C_Finalize(NULL);
	return 0;
}
