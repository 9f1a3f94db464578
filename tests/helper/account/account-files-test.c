/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account's files: whose they are and what they are, and the signing certificates in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "account/account-private.h"
#include "harness.h"

/* A way to spoil a folder that holds a sound account with one signing certificate. */
static void write_by_others(const char *path)
{
	assert_int_equal(chmod(path, 0646), 0);
}

static void write_by_group(const char *path)
{
	assert_int_equal(chmod(path, 0664), 0);
}

static void folder_by_others(const char *path)
{
	assert_int_equal(chmod(path, 0777), 0);
}

static void other_owner(const char *path)
{
	assert_int_equal(chown(path, 65534, 65534), 0);
}

static void make_fifo(const char *path)
{
	unlink(path);
	assert_int_equal(mkfifo(path, 0644), 0);
}

static void make_link(const char *path)
{
	g_autofree char *kept = g_strconcat(path, ".kept", NULL);

	assert_int_equal(rename(path, kept), 0);
	assert_int_equal(symlink(kept, path), 0);
}

static void make_dangling_link(const char *path)
{
	unlink(path);
	assert_int_equal(symlink("/nonexistent/x", path), 0);
}

static void make_folder(const char *path)
{
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void make_huge(const char *path)
{
	assert_int_equal(truncate(path, 2 * 1024 * 1024), 0);
}

static const struct {
	const char *name; /* in the folder; "" the folder itself */
	void (*spoil)(const char *path);
	const char *problem; /* after FOLDER or FOLDER/NAME */
} hostile[] = {
	{ "account.conf", write_by_others, ": others can write to it (chmod go-w)" },
	{ "account.conf", write_by_group, ": others can write to it (chmod go-w)" },
	{ "account.conf", other_owner, ": it does not belong to root" },
	{ "account.conf", make_fifo, ": it is not a regular file" },
	{ "account.conf", make_link, ": it is a link" },
	{ "account.conf", make_dangling_link, ": it is a link" },
	{ "account.conf", make_folder, ": it is not a regular file" },
	{ "account.conf", make_huge, ": it is larger than 65536 bytes" },
	{ "signing/inter.pem", write_by_others, ": others can write to it (chmod go-w)" },
	{ "signing/inter.pem", write_by_group, ": others can write to it (chmod go-w)" },
	{ "signing/inter.pem", other_owner, ": it does not belong to root" },
	{ "signing/inter.pem", make_fifo, ": it is not a regular file" },
	{ "signing/inter.pem", make_link, ": it is a link" },
	{ "signing/inter.pem", make_dangling_link, ": it is a link" },
	{ "signing/inter.pem", make_folder, ": it is not a regular file" },
	{ "signing/inter.pem", make_huge, ": it is larger than 1048576 bytes" },
	{ "signing", folder_by_others, ": others can write to it (chmod go-w)" },
	{ "signing", other_owner, ": it does not belong to root" },
	{ "signing", make_link, ": it is a link or no folder" },
	{ "rules.d/10.conf", write_by_others, ": others can write to it (chmod go-w)" },
	{ "rules.d/10.conf", write_by_group, ": others can write to it (chmod go-w)" },
	{ "rules.d/10.conf", other_owner, ": it does not belong to root" },
	{ "rules.d/10.conf", make_fifo, ": it is not a regular file" },
	{ "rules.d/10.conf", make_link, ": it is a link" },
	{ "rules.d/10.conf", make_dangling_link, ": it is a link" },
	{ "rules.d/10.conf", make_folder, ": it is not a regular file" },
	{ "rules.d/10.conf", make_huge, ": it is larger than 65536 bytes" },
	{ "rules.d", folder_by_others, ": others can write to it (chmod go-w)" },
	{ "rules.d", other_owner, ": it does not belong to root" },
	{ "rules.d", make_link, ": it is a link or no folder" },
	{ "", folder_by_others, ": others can write to it (chmod go-w)" },
	{ "", other_owner, ": it does not belong to root" },
};

static void hostile_files(void **state)
{
	if (geteuid() != 0)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(hostile); i++) {
		g_autofree char *folder = harness_account("[Account]\nOnUse=off\n", "inter");
		g_autofree char *path = *hostile[i].name
						? g_build_filename(folder, hostile[i].name, NULL)
						: g_strdup(folder);
		g_autofree char *expected = g_strconcat(path, hostile[i].problem, NULL);
		struct devid_account *account;

		harness_write(folder, "rules.d/10.conf", "[Rule x]\nAction=allow\n", -1);
		hostile[i].spoil(path);
		account = harness_load(folder);
		assert_int_equal(devid_account_state(account), DEVID_ACCOUNT_UNUSABLE);
		assert_string_equal(devid_account_problem(account), expected);
		assert_int_equal(devid_account_on_use(account), DEVID_ON_USE_ENFORCE);
		assert_false(devid_account_may_use_system(account, 0, 0));
		devid_account_free(account);
	}
}

/* Files that account.conf names are believed on the same terms as itself. */
static const struct {
	const char *name, *key;
	void (*spoil)(const char *path);
	const char *problem;
} hostile_named[] = {
	{ "serials", "2: SerialsFile", write_by_others, "others can write to it (chmod go-w)" },
	{ "serials", "2: SerialsFile", write_by_group, "others can write to it (chmod go-w)" },
	{ "serials", "2: SerialsFile", other_owner, "it does not belong to root" },
	{ "serials", "2: SerialsFile", make_fifo, "it is not a regular file" },
	{ "serials", "2: SerialsFile", make_link, "it is a link" },
	{ "serials", "2: SerialsFile", make_dangling_link, "it is a link" },
	{ "serials", "2: SerialsFile", make_folder, "it is not a regular file" },
	{ "crl.pem", "3: CRL", write_by_others, "crl.pem: others can write to it (chmod go-w)" },
	{ "crl.pem", "3: CRL", write_by_group, "crl.pem: others can write to it (chmod go-w)" },
	{ "crl.pem", "3: CRL", other_owner, "crl.pem: it does not belong to root" },
	{ "crl.pem", "3: CRL", make_fifo, "crl.pem: it is not a regular file" },
	{ "crl.pem", "3: CRL", make_link, "crl.pem: it is a link" },
	{ "crl.pem", "3: CRL", make_dangling_link, "crl.pem: it is a link" },
	{ "crl.pem", "3: CRL", make_folder, "crl.pem: it is not a regular file" },
};

static void hostile_named_files(void **state)
{
	if (geteuid() != 0)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(hostile_named); i++) {
		g_autofree char *folder = harness_account(
			"[Revocation]\nSerialsFile=serials\nCRL=crl.pem\n", "inter");
		g_autofree char *path = g_build_filename(folder, hostile_named[i].name, NULL);
		g_autofree char *expected =
			g_strdup_printf("%s/account.conf:%s names a file that can't be used: %s",
					folder, hostile_named[i].key, hostile_named[i].problem);
		struct devid_account *account;

		harness_write(folder, "serials", "0a:0b\n", -1);
		harness_copy(folder, "crl.pem", "crl-inter.pem");
		hostile_named[i].spoil(path);
		account = harness_load(folder);
		assert_int_equal(devid_account_state(account), DEVID_ACCOUNT_UNUSABLE);
		assert_string_equal(devid_account_problem(account), expected);
		devid_account_free(account);
	}
}

/* A file of make.sh as signing/x.pem, and the end of the problem; NULL: it is sound. */
static const struct {
	const char *file;
	const char *problem;
} signing_files[] = {
	{ "inter.crt", NULL },
	{ "inter.der", NULL },
	{ "size-4096.pem", NULL },
	{ "size-4097.pem", ": 4097 bytes, over the limit of 4096" },
	{ "big-ca.crt", ": 4101 bytes, over the limit of 4096" },
	{ "big-ca.der", ": 4101 bytes as PEM, over the limit of 4096" },
	{ "two.pem", ": there are 2 certificates in the file" },
	{ "with-key.pem", ": there is a private key in the file" },
	{ "leaf.key", ": there is a private key in the file" },
	{ "device.crt",
	  ": it is not a CA certificate: its basic constraints or key usage do not let it issue "
	  "certificates" },
	{ "notca.crt",
	  ": it is not a CA certificate: its basic constraints or key usage do not let it issue "
	  "certificates" },
	{ "nobasic.crt",
	  ": it is not a CA certificate: its basic constraints or key usage do not let it issue "
	  "certificates" },
	{ "nousage.crt",
	  ": it is not a CA certificate: its basic constraints or key usage do not let it issue "
	  "certificates" },
	{ "weak-ca.crt", ": the CA's key is shorter than 2048 bits (RSA) or 224 bits (EC)" },
};

static void signing_file(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(signing_files); i++) {
		g_autofree char *folder = harness_account(NULL, NULL);
		g_autofree char *expected =
			g_strdup_printf("%s/signing/x.pem%s", folder,
					signing_files[i].problem ? signing_files[i].problem : "");
		struct devid_account *account;

		harness_copy(folder, "signing/x.pem", signing_files[i].file);
		account = harness_load(folder);
		if (signing_files[i].problem) {
			assert_string_equal(devid_account_problem(account), expected);
		} else {
			assert_null(devid_account_problem(account));
			assert_int_equal(devid_account_signing_count(account), 1);
			assert_string_equal(devid_account_signing(account, 0)->name, "x");
			assert_string_equal(devid_account_signing(account, 0)->path, expected);
			assert_string_equal(devid_account_signing(account, 0)->subject,
					    "C=JP, ST=Tokyo, O=Example, CN=Device CA");
		}
		devid_account_free(account);
	}
}

/* An EC key, which any account takes but one that says rsa; an RSA key that both take. */
static void signing_key_types(void **state)
{
	static const struct {
		const char *conf;
		const char *signing;
		const char *problem;
	} rows[] = {
		{ NULL, "inter", NULL },
		{ "[Limits]\nSigningKeyTypes=any\n", "inter rsa-ca", NULL },
		{ "[Limits]\nSigningKeyTypes=rsa\n", "rsa-ca", NULL },
		{ "[Limits]\nSigningKeyTypes=rsa\n", "inter",
		  "/signing/inter.pem: the CA's key is EC/ECDSA, and the account takes RSA alone" },
		{ "[Limits]\nSigningKeyTypes=rsa\n", "rsa-ca root",
		  "/signing/root.pem: the CA's key is EC/ECDSA, and the account takes RSA alone" },
		{ "[Limits]\nSigningKeyTypes=rsa\n", "pss-ca",
		  "/signing/pss-ca.pem: the CA's key is RSA-PSS, and the account takes RSA alone" },
		{ "[Limits]\nSigningKeyTypes=rsa\n", "ed-ca",
		  "/signing/ed-ca.pem: the CA's key is EdDSA (Ed25519), and the account takes RSA "
		  "alone" },
		{ "[Limits]\nSigningKeyTypes=any\n", "ed-ca pss-ca", NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *folder = harness_account(rows[i].conf, rows[i].signing);
		struct devid_account *account = harness_load(folder);

		if (rows[i].problem) {
			g_autofree char *expected = g_strconcat(folder, rows[i].problem, NULL);

			assert_string_equal(devid_account_problem(account), expected);
		} else {
			assert_null(devid_account_problem(account));
		}
		devid_account_free(account);
	}
}

static void signing_garbage(void **state)
{
	static const char *const garbage[] = {
		"", "hello\n", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE"
	};

	for (gsize i = 0; i < G_N_ELEMENTS(garbage); i++) {
		g_autofree char *folder = harness_account(NULL, "inter");
		struct devid_account *account;

		harness_write(folder, "signing/x.pem", garbage[i], -1);
		account = harness_load(folder);
		assert_true(strstr(devid_account_problem(account),
				   "there is no certificate in it that can be read") ||
			    strstr(devid_account_problem(account),
				   "a certificate in it can't be read"));
		devid_account_free(account);
	}
}

/* A signing certificate with so many bits of its signature said to be unused. */
static void spoil_signature(const char *folder, guint8 unused)
{
	g_autoptr(GBytes) pem = harness_read("inter.crt");
	gnutls_datum_t given = { NULL, 0 }, der = { NULL, 0 }, spoiled = { NULL, 0 };
	gnutls_x509_crt_t certificate;
	gsize length, signature = 0;

	given.data = (void *)g_bytes_get_data(pem, &length);
	given.size = (unsigned)length;
	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_import(certificate, &given, GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_x509_crt_get_signature(certificate, NULL, &signature),
			 GNUTLS_E_SHORT_MEMORY_BUFFER);
	assert_int_equal(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, &der), 0);
	assert_int_equal(der.data[der.size - signature - 1], 0);
	der.data[der.size - signature - 1] = unused;
	assert_int_equal(gnutls_pem_base64_encode2("CERTIFICATE", &der, &spoiled), 0);
	harness_write(folder, "signing/x.pem", spoiled.data, spoiled.size);
	gnutls_free(spoiled.data);
	gnutls_free(der.data);
	gnutls_x509_crt_deinit(certificate);
}

/* GnuTLS imports it, and OpenSSL doesn't read it. */
static void signing_with_unused_bits(void **state)
{
	static const guint8 unused[] = { 1, 8, 42, 48 };
	g_autofree char *folder = harness_account(NULL, "root");

	for (gsize i = 0; i < G_N_ELEMENTS(unused); i++) {
		struct devid_account *account;

		spoil_signature(folder, unused[i]);
		account = harness_load(folder);
		assert_non_null(devid_account_problem(account));
		assert_non_null(
			strstr(devid_account_problem(account), "can't be used as its CA made it"));
		devid_account_free(account);
	}
}

static void five_and_the_sixth(void **state)
{
	g_autofree char *folder = harness_account(NULL, "inter root comma japan namesake");
	struct devid_account *account = harness_load(folder);

	assert_null(devid_account_problem(account));
	assert_int_equal(devid_account_signing_count(account), 5);
	assert_string_equal(devid_account_signing(account, 0)->name, "comma");
	assert_string_equal(devid_account_signing(account, 4)->name, "root");
	devid_account_free(account);

	harness_copy(folder, "signing/.hidden.pem", "ended.crt");
	harness_copy(folder, "signing/README", "ended.crt");
	account = harness_load(folder);
	assert_null(devid_account_problem(account));
	devid_account_free(account);

	harness_copy(folder, "signing/sixth.pem", "ended.crt");
	account = harness_load(folder);
	assert_true(g_str_has_suffix(devid_account_problem(account),
				     "/signing: 6 signing certificates, over the limit of 5"));
	devid_account_free(account);

	harness_write(folder, "account.conf", "[Limits]\nSigningCertificates=6\n", -1);
	account = harness_load(folder);
	assert_null(devid_account_problem(account));
	assert_int_equal(devid_account_signing_count(account), 6);
	devid_account_free(account);
}

static void duplicate_signing(void **state)
{
	g_autofree char *folder = harness_account(NULL, "inter");
	struct devid_account *account;

	harness_copy(folder, "signing/x.pem", "inter.crt");
	account = harness_load(folder);
	assert_true(g_str_has_suffix(devid_account_problem(account),
				     "/signing/x.pem: it is the same certificate as inter"));
	devid_account_free(account);
}

static void unprintable_signing_name(void **state)
{
	g_autofree char *folder = harness_account(NULL, NULL);
	struct devid_account *account;

	harness_copy(folder, "signing/a\x1b[2Jb.pem", "inter.crt");
	account = harness_load(folder);
	assert_non_null(strstr(devid_account_problem(account), "a\\x1B[2Jb.pem: its name"));
	devid_account_free(account);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_files),
		cmocka_unit_test(hostile_named_files),
		cmocka_unit_test(signing_file),
		cmocka_unit_test(signing_key_types),
		cmocka_unit_test(signing_garbage),
		cmocka_unit_test(five_and_the_sixth),
		cmocka_unit_test(signing_with_unused_bits),
		cmocka_unit_test(duplicate_signing),
		cmocka_unit_test(unprintable_signing_name),
	};

	return cmocka_run_group_tests_name("account files", tests, harness_begin, harness_end);
}
