/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records as the agent writes them, made from the tests' certificates. See support.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include "support.h"

static FILE *open_pki(const char *name, const char *suffix)
{
	const char *folder = getenv("DEVID_TEST_PKI");
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.%s", folder ? folder : ".", name, suffix);
	file = fopen(path, "re");
	if (!file)
		fail_msg("no %s", path);
	return file;
}

uint8_t *pki_certificate(const char *name, size_t *length)
{
	FILE *file = open_pki(name, "crt");
	X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
	uint8_t *der = NULL;
	int size = i2d_X509(certificate, &der);
	uint8_t *copy = malloc((size_t)size);

	assert_true(size > 0);
	memcpy(copy, der, (size_t)size);
	OPENSSL_free(der);
	X509_free(certificate);
	fclose(file);
	*length = (size_t)size;
	return copy;
}

EVP_PKEY *pki_key(const char *name)
{
	FILE *file = open_pki(name, "key");
	EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);

	assert_non_null(key);
	fclose(file);
	return key;
}

uint8_t *spki_of(EVP_PKEY *key, size_t *length)
{
	uint8_t *der = NULL;
	int size = i2d_PUBKEY(key, &der);

	assert_true(size > 0);
	*length = (size_t)size;
	return der;
}

void spki_hash_of(EVP_PKEY *key, uint8_t hash[32])
{
	size_t length;
	uint8_t *der = spki_of(key, &length);

	SHA256(der, length, hash);
	OPENSSL_free(der);
}

/* A certificate of the PKI has a key file beside it but where its key is of no use to tests. */
static uint8_t *spki_of_certificate(const char *name, size_t *length)
{
	FILE *file = open_pki(name, "crt");
	X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
	uint8_t *der = spki_of(X509_get0_pubkey(certificate), length);

	X509_free(certificate);
	fclose(file);
	return der;
}

static void put_base64(FILE *out, const uint8_t *data, size_t length, size_t column)
{
	unsigned char *text = malloc(length / 3 * 4 + 8);
	size_t total = (size_t)EVP_EncodeBlock(text, data, (int)length);

	for (size_t at = 0; at < total; at += column)
		fprintf(out, "%.*s\n", (int)(total - at < column ? total - at : column), text + at);
	free(text);
}

static void put_hex(FILE *out, const char *name, const uint8_t *data, size_t length)
{
	fprintf(out, "%s: ", name);
	for (size_t i = 0; i < length; i++)
		fprintf(out, "%02x", data[i]);
	fputc('\n', out);
}

static void put_check_value(FILE *out, const char *name, const char *pki)
{
	size_t length;
	uint8_t *der = pki_certificate(pki, &length), hash[20];

	SHA1(der, length, hash);
	put_hex(out, name, hash, 3);
	free(der);
}

static void put_pem(FILE *out, const char *pki)
{
	size_t length;
	uint8_t *der = pki_certificate(pki, &length);

	fputs("-----BEGIN CERTIFICATE-----\n", out);
	put_base64(out, der, length, 64);
	fputs("-----END CERTIFICATE-----\n", out);
	free(der);
}

static FILE *create_record(enum scope scope, const char *name)
{
	char path[512];
	FILE *file;
	int fd;

	mkdir(folder_of(scope), 0755);
	snprintf(path, sizeof(path), "%s/%s.identity", folder_of(scope), name);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	assert_non_null(file);
	return file;
}

static void name_record(const struct test_record *record, const char *label, char name[17])
{
	uint8_t hash[32];

	if (record->name) {
		snprintf(name, 17, "%s", record->name);
		return;
	}
	SHA256((const uint8_t *)label, strlen(label), hash);
	for (int i = 0; i < 8; i++)
		sprintf(name + 2 * i, "%02x", hash[i]);
}

void write_record(enum scope scope, const struct test_record *record)
{
	static unsigned next_id;
	const char *label = record->label ? record->label : record->pki;
	uint8_t hash[32], *spki;
	char name[17];
	size_t length;
	FILE *out;

	name_record(record, label, name);
	out = create_record(scope, name);
	fprintf(out, "Devid-Identity: 1\nLabel: %s\n", label);
	if (record->key_label)
		fprintf(out, "Key-Label: %s\n", record->key_label);
	if (record->public_key_label)
		fprintf(out, "Public-Key-Label: %s\n", record->public_key_label);
	if (record->id)
		fprintf(out, "ID: %s\n", record->id);
	else
		fprintf(out, "ID: %04x\n", ++next_id);
	fprintf(out, "Store: %s\n", record->store ? record->store : "file");
	spki = spki_of_certificate(record->pki, &length);
	SHA256(spki, length, hash);
	put_hex(out, "SPKI-SHA256", hash, sizeof(hash));
	fprintf(out, "SPKI: ");
	put_base64(out, spki, length, SIZE_MAX / 2);
	OPENSSL_free(spki);
	fprintf(out, "Imported: 2026-11-22T10:00:00Z\n");
	if (record->local)
		fprintf(out, "Local: yes\n");
	if (record->no_leaf)
		fprintf(out, "Leaf: no\n");
	else
		put_check_value(out, "Check-Value", record->pki);
	for (int i = 0; i < 4 && record->chain[i]; i++) {
		fprintf(out, "Chain-ID: ca%02x\nChain-Label: %s\n", i, record->chain[i]);
		put_check_value(out, "Chain-Check-Value", record->chain[i]);
	}
	fputc('\n', out);
	if (!record->no_leaf)
		put_pem(out, record->pki);
	for (int i = 0; i < 4 && record->chain[i]; i++)
		put_pem(out, record->chain[i]);
	assert_int_equal(fclose(out), 0);
	new_generation(scope);
}

void write_text_record(enum scope scope, const char *name, const char *text, size_t length)
{
	FILE *out = create_record(scope, name);

	assert_int_equal(fwrite(text, 1, length, out), length);
	assert_int_equal(fclose(out), 0);
	new_generation(scope);
}

void remove_record(enum scope scope, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.identity", folder_of(scope), name);
	assert_int_equal(unlink(path), 0);
	new_generation(scope);
}

static void former_path(enum scope scope, const char *name, const char *pki, char path[512])
{
	size_t length;
	uint8_t *spki = spki_of_certificate(pki, &length), hash[32];
	char file[RECORD_FORMER_SIZE];

	SHA256(spki, length, hash);
	OPENSSL_free(spki);
	record_former_file(name, hash, file);
	snprintf(path, 512, "%s/%s", folder_of(scope), file);
}

void write_former(enum scope scope, const char *name, const char *pki)
{
	char path[512];
	FILE *file;

	former_path(scope, name, pki, path);
	file = fopen(path, "we");
	assert_non_null(file);
	fclose(file);
}

void remove_former(enum scope scope, const char *name, const char *pki)
{
	char path[512];

	former_path(scope, name, pki, path);
	assert_int_equal(unlink(path), 0);
	new_generation(scope);
}

void new_generation(enum scope scope)
{
	static unsigned long generation;
	char path[512], renamed[512];
	FILE *out;

	snprintf(path, sizeof(path), "%s/.generation.new", folder_of(scope));
	snprintf(renamed, sizeof(renamed), "%s/generation", folder_of(scope));
	out = fopen(path, "we");
	assert_non_null(out);
	fprintf(out, "%016lx", ++generation);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(rename(path, renamed), 0);
}
