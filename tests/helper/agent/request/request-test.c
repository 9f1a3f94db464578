/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests without a socket: who may ask what, frames that are cut, doubled, mixed up, and
 * multi-part signatures.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <glib/gstdio.h>
#include <internal/cleanup.h>
#include "tests/helper/agent/stub-store.h"
#include "tests/helper/agent/support.h"
#include <internal/record.h>
#include "agent/gate/report.h"

static struct bench bench;
static struct made ec, rsa;

static int begin_half(void **state, enum scope scope)
{
	if (place_make(state) != 0)
		return -1;
	stub_reset();
	identity_make("ec", "p256", "file", &ec);
	identity_make("rsa", "rsa2048", "file", &rsa);
	bench_open(&bench, scope);
	return 0;
}

static int begin(void **state)
{
	return begin_half(state, SCOPE_USER);
}

static int end(void **state)
{
	bench_close(&bench);
	return place_remove(state);
}

static void expect(enum devid_result expected)
{
	enum devid_result result = bench_ask(&bench);

	if (result != expected)
		fail_msg("%d instead of %d: %s", result, expected, bench_message(&bench));
	/* Each refusal says why, in words and in a word. */
	if (result != DEVID_OK) {
		g_autofree char *message = bench_message(&bench), *reason = bench_reason(&bench);

		assert_true(message[0] && reason[0]);
		assert_null(strchr(message, '\n'));
	}
}

static void ask(enum wire_type type)
{
	wire_begin(&bench.request, type);
}

static const enum wire_type everything[] = { WIRE_HELLO,   WIRE_SIGN,	  WIRE_IMPORT,	WIRE_WRITE,
					     WIRE_REMOVE,  WIRE_RENAME,	  WIRE_STATUS,	WIRE_FORGET,
					     WIRE_REFUSED, WIRE_GENERATE, WIRE_CERTIFY, WIRE_WRAP,
					     WIRE_TPM };

/* --- HELLO --- */

static void test_hello(void **state)
{
	AUTO_FREE char *version = NULL;
	guint32 protocol = 0, may_sign = 0;

	ask(WIRE_HELLO);
	wire_put_u32(&bench.request, TAG_PROTOCOL, WIRE_VERSION);
	expect(DEVID_OK);
	version = wire_get_text(&bench.reply, TAG_VERSION);
	assert_true(version && version[0]);
	assert_true(wire_get_u32(&bench.reply, TAG_PROTOCOL, &protocol));
	assert_int_equal(protocol, WIRE_VERSION);
	assert_true(wire_get_u32(&bench.reply, TAG_MAY_SIGN, &may_sign));
	assert_int_equal(may_sign, 1);
	/* Other ages are told what is spoken here; without a number as well. */
	ask(WIRE_HELLO);
	wire_put_u32(&bench.request, TAG_PROTOCOL, 99);
	expect(DEVID_OK);
	ask(WIRE_HELLO);
	expect(DEVID_OK);
}

/* --- who may ask --- */

static void test_other_uid(void **state)
{
	guint32 may_sign = 1;

	bench_client(&bench, geteuid() + 1000, "/usr/bin/stranger");
	for (gsize i = 0; i < G_N_ELEMENTS(everything); i++) {
		ask(everything[i]);
		if (everything[i] == WIRE_HELLO) {
			expect(DEVID_OK);
			assert_true(wire_get_u32(&bench.reply, TAG_MAY_SIGN, &may_sign));
			assert_int_equal(may_sign, 0);
		} else if (everything[i] != WIRE_SIGN) {
			expect(DEVID_DENIED);
		}
	}
	assert_int_equal(bench_sign(&bench, &ec, SCHEME_ECDSA), DEVID_DENIED);
	assert_int_equal(stub.reads, 0);
}

static int begin_system(void **state)
{
	int result = begin_half(state, SCOPE_USER);

	if (result != 0)
		return result;
	bench_close(&bench);
	/* The machine's folder holds the same identities. */
	g_setenv("DEVID_SYSTEM_DIR", place_path("data"), true);
	bench_open(&bench, SCOPE_SYSTEM);
	return 0;
}

static void test_system_others(void **state)
{
	bench_client(&bench, 4242, "/usr/bin/stranger");
	for (gsize i = 0; i < G_N_ELEMENTS(everything); i++) {
		if (everything[i] == WIRE_HELLO || everything[i] == WIRE_SIGN)
			continue;
		ask(everything[i]);
		expect(DEVID_DENIED);
	}
	/* No account names 4242 here, and the default group doesn't hold it. */
	assert_int_equal(bench_sign(&bench, &ec, SCHEME_ECDSA), DEVID_DENIED);
}

/* Root alone manages the machine's scope: the agent's own uid is as good as anybody's. */
static void test_system_root(void **state)
{
	bench_client(&bench, 0, "/usr/bin/devid");
	ask(WIRE_STATUS);
	expect(DEVID_OK);
	assert_int_equal(bench_sign(&bench, &ec, SCHEME_ECDSA), DEVID_OK);
	ask(WIRE_IMPORT);
	wire_put_u32(&bench.request, TAG_PHASE, PHASE_COMMIT);
	wire_put_text(&bench.request, TAG_LABEL, "x");
	wire_put_text(&bench.request, TAG_STORE, "keyring");
	wire_put(&bench.request, TAG_CERTIFICATE, "x", 1);
	expect(DEVID_UNSUPPORTED);
}

/* --- requests that are not --- */

static void test_not_requests(void **state)
{
	ask(WIRE_REPLY);
	expect(DEVID_UNSUPPORTED);
	ask(WIRE_PROGRESS);
	expect(DEVID_UNSUPPORTED);
}

/* The machine's agent alone lends its TPM: a user's own is asked for nothing of the kind. */
static void test_tpm_of_a_user(void **state)
{
	ask(WIRE_TPM);
	expect(DEVID_UNSUPPORTED);
	ask(WIRE_TPM);
	wire_put_u32(&bench.request, TAG_OPERATION, TPM_SIGN);
	expect(DEVID_UNSUPPORTED);
}

static void test_empty(void **state)
{
	static const enum wire_type needy[] = { WIRE_SIGN,    WIRE_IMPORT,  WIRE_REMOVE,
						WIRE_RENAME,  WIRE_REFUSED, WIRE_GENERATE,
						WIRE_CERTIFY, WIRE_WRAP };

	for (gsize i = 0; i < G_N_ELEMENTS(needy); i++) {
		ask(needy[i]);
		expect(DEVID_USAGE);
	}
}

static void ask_key(const char *store, const char *label)
{
	ask(WIRE_GENERATE);
	wire_put_text(&bench.request, TAG_STORE, store);
	wire_put_text(&bench.request, TAG_LABEL, label);
	wire_put_u32(&bench.request, TAG_KEY_TYPE, KEY_EC);
	wire_put_u32(&bench.request, TAG_KEY_BITS, 256);
}

/* What is made is of our table, whatever the store could make; what is asked for with a certificate
 * is there already, and its key signs no request.
 */
static void test_generate_refused(void **state)
{
	static const struct {
		guint32 type, bits;
	} odd[] = { { KEY_RSA, 1024 }, { KEY_RSA, 2049 }, { KEY_RSA, 67584 },
		    { KEY_EC, 250 },   { KEY_EC, 2048 },  { 9, 256 },
		    { 0, 0 } };

	guint8 long_id[RECORD_ID_MAX + 1] = { 1 };

	for (gsize i = 0; i < G_N_ELEMENTS(odd); i++) {
		ask(WIRE_GENERATE);
		wire_put_text(&bench.request, TAG_LABEL, "odd");
		wire_put_text(&bench.request, TAG_STORE, "file");
		wire_put_u32(&bench.request, TAG_KEY_TYPE, odd[i].type);
		wire_put_u32(&bench.request, TAG_KEY_BITS, odd[i].bits);
		expect(DEVID_UNSUPPORTED);
	}
	/* A label that is taken, an id that is, names that are none. */
	ask_key("file", "ec");
	expect(DEVID_EXISTS);
	ask_key("file", "new");
	wire_put(&bench.request, TAG_ID, long_id, sizeof(long_id));
	expect(DEVID_USAGE);
	ask_key("file", "new\nline");
	expect(DEVID_USAGE);
	ask_key("file", "new");
	wire_put_text(&bench.request, TAG_PUBLIC_LABEL, "new\nline");
	expect(DEVID_USAGE);
	ask_key("elsewhere", "new");
	expect(DEVID_USAGE);
	ask(WIRE_CERTIFY);
	wire_put_text(&bench.request, TAG_NAME, ec.name);
	wire_put(&bench.request, TAG_DATA, "0", 1);
	expect(DEVID_EXISTS);
	ask(WIRE_CERTIFY);
	wire_put_text(&bench.request, TAG_NAME, "0123456789abcdef");
	wire_put(&bench.request, TAG_DATA, "0", 1);
	expect(DEVID_NOT_FOUND);
}

static void expect_text(enum wire_tag tag, const char *wanted)
{
	AUTO_FREE char *text = wire_get_text(&bench.reply, tag);

	assert_string_equal(text, wanted);
}

/* As C_GenerateKeyPair asks: all names, or none, and no store. */
static void test_generate_names(void **state)
{
	struct record record = { 0 };
	struct wire_field id;
	AUTO_FREE char *name = NULL;
	AUTO_CLOSE int folder = -1;

	ask_key(NULL, "named");
	wire_put(&bench.request, TAG_ID, "\7\7", 2);
	wire_put_text(&bench.request, TAG_PUBLIC_LABEL, "half");
	expect(DEVID_OK);
	expect_text(TAG_LABEL, "named");
	assert_true(wire_get(&bench.reply, TAG_ID, &id));
	assert_int_equal(id.length, 2);
	assert_memory_equal(id.data, "\7\7", 2);
	name = wire_get_text(&bench.reply, TAG_NAME);
	ask_key(NULL, "other");
	wire_put(&bench.request, TAG_ID, "\7\7", 2);
	expect(DEVID_EXISTS);
	/* Nobody's name, twice. */
	ask_key(NULL, NULL);
	expect(DEVID_OK);
	expect_text(TAG_LABEL, "Device key");
	ask_key(NULL, NULL);
	expect(DEVID_OK);
	expect_text(TAG_LABEL, "Device key (2)");
	folder = open(place_path("data"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(record_load(folder, name, &record), DEVID_OK);
	assert_string_equal(record.store, "keyring");
	assert_string_equal(record_key_label(&record), "named");
	assert_string_equal(record_public_key_label(&record), "half");
	assert_true(record.local);
	assert_int_equal(record.leaf.length, 0);
	record_clear(&record);
}

struct sign_fields {
	gsize hash;
	int scheme, digest, more, pss, salt; /* -1: left out */
};

static void sign_with(struct sign_fields f, enum devid_result expected)
{
	ask(WIRE_SIGN);
	wire_put(&bench.request, TAG_SPKI_HASH, rsa.hash, f.hash);
	if (f.scheme >= 0)
		wire_put_u32(&bench.request, TAG_SCHEME, (guint32)f.scheme);
	if (f.digest >= 0)
		wire_put_u32(&bench.request, TAG_DIGEST, (guint32)f.digest);
	if (f.more >= 0)
		wire_put_u32(&bench.request, TAG_MORE, (guint32)f.more);
	if (f.pss >= 0) {
		wire_put_u32(&bench.request, TAG_PSS_DIGEST, (guint32)f.pss);
		wire_put_u32(&bench.request, TAG_PSS_MGF, (guint32)f.pss);
	}
	if (f.salt >= 0)
		wire_put_u32(&bench.request, TAG_PSS_SALT, (guint32)f.salt);
	wire_put_text(&bench.request, TAG_DATA, "data");
	expect(expected);
}

static void test_sign_fields(void **state)
{
	const struct sign_fields good = { 32, SCHEME_RSA_PKCS1, DIGEST_SHA256, -1, -1, -1 };
	struct sign_fields f;

	sign_with(good, DEVID_OK);
	f = good, f.hash = 31;
	sign_with(f, DEVID_USAGE);
	f = good, f.hash = 0;
	sign_with(f, DEVID_USAGE);
	for (int scheme = -1; scheme < 6; scheme++) {
		f = good, f.scheme = scheme;
		sign_with(f, scheme == SCHEME_RSA_PKCS1 ? DEVID_OK
			     : scheme == SCHEME_RSA_PSS ? DEVID_UNSUPPORTED
							: DEVID_USAGE);
	}
	f = good, f.digest = -1;
	sign_with(f, DEVID_USAGE);
	f = good, f.digest = 6;
	sign_with(f, DEVID_USAGE);
	f = good, f.digest = DIGEST_SHA1;
	sign_with(f, DEVID_UNSUPPORTED);
	f = good, f.more = 2;
	sign_with(f, DEVID_USAGE);
	f = good, f.scheme = SCHEME_RSA_PSS, f.pss = DIGEST_SHA256, f.salt = 32;
	sign_with(f, DEVID_OK);
	f.salt = 513;
	sign_with(f, DEVID_USAGE);
	f.salt = 512;
	sign_with(f, DEVID_USAGE);
	f.salt = -1;
	sign_with(f, DEVID_OK);
	f.pss = 6;
	sign_with(f, DEVID_USAGE);
}

/* A number that is not four bytes long is no number. */
static void test_odd_numbers(void **state)
{
	ask(WIRE_SIGN);
	wire_put(&bench.request, TAG_SPKI_HASH, rsa.hash, WIRE_SPKI_HASH);
	wire_put(&bench.request, TAG_SCHEME, "\1", 1);
	wire_put_u32(&bench.request, TAG_DIGEST, DIGEST_SHA256);
	expect(DEVID_USAGE);
	ask(WIRE_IMPORT);
	wire_put(&bench.request, TAG_PHASE, "\1\0\0\0\0\0\0\0", 8);
	expect(DEVID_USAGE);
}

/* --- multi-part --- */

static void part(const struct made *made, enum wire_scheme scheme, enum wire_digest digest,
		 const char *data, bool more)
{
	ask(WIRE_SIGN);
	wire_put(&bench.request, TAG_SPKI_HASH, made->hash, WIRE_SPKI_HASH);
	wire_put_u32(&bench.request, TAG_SCHEME, scheme);
	wire_put_u32(&bench.request, TAG_DIGEST, digest);
	wire_put_text(&bench.request, TAG_DATA, data);
	if (more)
		wire_put_u32(&bench.request, TAG_MORE, 1);
}

static void verify_reply(const char *pki_name, gnutls_sign_algorithm_t algorithm,
			 const char *message)
{
	gnutls_pubkey_t key = pki_pubkey(pki_name);
	gnutls_datum_t data = { (guint8 *)message, (unsigned)strlen(message) };
	struct wire_field field;
	gnutls_datum_t signature;

	assert_true(wire_get(&bench.reply, TAG_SIGNATURE, &field));
	signature = (gnutls_datum_t){ (guint8 *)field.data, (unsigned)field.length };
	assert_int_equal(gnutls_pubkey_verify_data2(key, algorithm, 0, &data, &signature), 0);
	gnutls_pubkey_deinit(key);
}

static void test_parts(void **state)
{
	struct wire_field field;

	part(&rsa, SCHEME_RSA_PKCS1, DIGEST_SHA384, "one, ", true);
	expect(DEVID_OK);
	assert_false(wire_get(&bench.reply, TAG_SIGNATURE, &field));
	part(&rsa, SCHEME_RSA_PKCS1, DIGEST_SHA384, "two, ", true);
	expect(DEVID_OK);
	part(&rsa, SCHEME_RSA_PKCS1, DIGEST_SHA384, "three", false);
	expect(DEVID_OK);
	verify_reply("rsa2048", GNUTLS_SIGN_RSA_SHA384, "one, two, three");
	/* It has ended: the next stands alone. */
	part(&rsa, SCHEME_RSA_PKCS1, DIGEST_SHA256, "alone", false);
	expect(DEVID_OK);
	verify_reply("rsa2048", GNUTLS_SIGN_RSA_SHA256, "alone");
}

static void test_parts_mixed_up(void **state)
{
	part(&rsa, SCHEME_RSA_PKCS1, DIGEST_SHA256, "one", true);
	expect(DEVID_OK);
	part(&ec, SCHEME_ECDSA, DIGEST_SHA256, "two", false);
	expect(DEVID_USAGE);
	/* The first has ended with it. */
	assert_null(bench.session.operation);
	part(&rsa, SCHEME_RSA_PKCS1, DIGEST_SHA256, "one", true);
	expect(DEVID_OK);
	part(&rsa, SCHEME_RSA_PKCS1, DIGEST_SHA512, "two", true);
	expect(DEVID_USAGE);
	assert_null(bench.session.operation);
}

static void test_parts_survive_drop(void **state)
{
	part(&rsa, SCHEME_RSA_PKCS1, DIGEST_SHA256, "one ", true);
	expect(DEVID_OK);
	ask(WIRE_FORGET);
	expect(DEVID_OK);
	part(&rsa, SCHEME_RSA_PKCS1, DIGEST_SHA256, "two", false);
	expect(DEVID_OK);
	verify_reply("rsa2048", GNUTLS_SIGN_RSA_SHA256, "one two");
}

static void test_parts_end_with_the_identity(void **state)
{
	part(&rsa, SCHEME_RSA_PKCS1, DIGEST_SHA256, "one", true);
	expect(DEVID_OK);
	identity_unmake(&rsa);
	part(&rsa, SCHEME_RSA_PKCS1, DIGEST_SHA256, "two", false);
	expect(DEVID_NOT_FOUND);
	assert_null(bench.session.operation);
}

static void test_parts_too_long(void **state)
{
	g_autofree char *much = g_strnfill(1000, 'x');

	part(&ec, SCHEME_ECDSA, DIGEST_NONE, much, true);
	expect(DEVID_OK);
	part(&ec, SCHEME_ECDSA, DIGEST_NONE, much, true);
	expect(DEVID_TOO_LARGE);
	assert_null(bench.session.operation);
}

/* --- writes that are refused before anything is asked of identity.h --- */

static void test_import_refused(void **state)
{
	ask(WIRE_IMPORT);
	wire_put_u32(&bench.request, TAG_PHASE, 9);
	expect(DEVID_USAGE);
	ask(WIRE_IMPORT);
	wire_put_u32(&bench.request, TAG_PHASE, PHASE_COMMIT);
	wire_put_text(&bench.request, TAG_LABEL, "no certificate");
	wire_put_text(&bench.request, TAG_STORE, "file");
	expect(DEVID_USAGE);
	ask(WIRE_IMPORT);
	wire_put_u32(&bench.request, TAG_PHASE, PHASE_COMMIT);
	wire_put(&bench.request, TAG_CERTIFICATE, "no label", 8);
	wire_put_text(&bench.request, TAG_STORE, "file");
	expect(DEVID_USAGE);
	ask(WIRE_IMPORT);
	wire_put_u32(&bench.request, TAG_PHASE, PHASE_COMMIT);
	wire_put_text(&bench.request, TAG_LABEL, "no such store");
	wire_put(&bench.request, TAG_CERTIFICATE, "x", 1);
	wire_put_text(&bench.request, TAG_STORE, "../file");
	expect(DEVID_USAGE);
	/* What is quoted breaks no line: expect() looks. */
	ask(WIRE_IMPORT);
	wire_put_u32(&bench.request, TAG_PHASE, PHASE_COMMIT);
	wire_put_text(&bench.request, TAG_LABEL, "lines");
	wire_put(&bench.request, TAG_CERTIFICATE, "x", 1);
	wire_put_text(&bench.request, TAG_STORE, "fi\nle\x1b[31m");
	expect(DEVID_USAGE);
	ask(WIRE_IMPORT);
	wire_put_u32(&bench.request, TAG_PHASE, PHASE_COMMIT);
	wire_put_text(&bench.request, TAG_LABEL, "too many");
	wire_put_text(&bench.request, TAG_STORE, "file");
	for (int i = 0; i < 100; i++)
		wire_put(&bench.request, TAG_CERTIFICATE, "x", 1);
	expect(DEVID_USAGE);
	/* Nothing is under way: there is nothing to keep or to undo. */
	for (guint32 phase = PHASE_KEEP; phase <= PHASE_UNDO; phase++) {
		ask(WIRE_IMPORT);
		wire_put_u32(&bench.request, TAG_PHASE, phase);
		expect(DEVID_OK);
	}
}

static void test_names_refused(void **state)
{
	static const char *const names[] = { "",
					     "../../../etc/x",
					     "0123456789abcde",
					     "0123456789abcdef0",
					     "0123456789abcdeg",
					     "/etc/passwd",
					     "................" };

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		ask(WIRE_REMOVE);
		wire_put_text(&bench.request, TAG_NAME, names[i]);
		expect(DEVID_USAGE);
		ask(WIRE_RENAME);
		wire_put_text(&bench.request, TAG_NAME, names[i]);
		wire_put_text(&bench.request, TAG_LABEL, "new");
		expect(DEVID_USAGE);
	}
	ask(WIRE_REMOVE);
	wire_put(&bench.request, TAG_NAME, "0123456789abcdef\0.identity", 26);
	expect(DEVID_USAGE);
}

/* --- RENAME --- */

static void rename_to(const char *label, int object, enum devid_result expected)
{
	ask(WIRE_RENAME);
	wire_put_text(&bench.request, TAG_NAME, ec.name);
	wire_put_text(&bench.request, TAG_LABEL, label);
	if (object >= 0)
		wire_put_u32(&bench.request, TAG_OBJECT, (guint32)object);
	expect(expected);
}

static void assert_line(const char *line)
{
	g_autofree char *file = g_strdup_printf("data/%s%s", ec.name, RECORD_SUFFIX);
	g_autofree char *text = place_read(file);
	g_autofree char *whole = g_strdup_printf("\n%s\n", line);

	if (!strstr(text, whole))
		fail_msg("no line %s: %s", line, text);
}

/* A module from before names no object: then it is the identity, with all that is called like
 * it. */
static void test_rename_object(void **state)
{
	rename_to("key", OBJECT_PRIVATE_KEY, DEVID_OK);
	assert_line("Label: ec");
	assert_line("Key-Label: key");
	assert_line("Public-Key-Label: ec");
	rename_to("certificate", OBJECT_CERTIFICATE, DEVID_OK);
	assert_line("Label: certificate");
	assert_line("Key-Label: key");
	rename_to("key", -1, DEVID_OK);
	assert_line("Label: key\nPublic-Key-Label: ec");
	rename_to("x", 4, DEVID_NOT_FOUND);
	rename_to("x", 0x7fffffff, DEVID_NOT_FOUND);
	rename_to("rsa", OBJECT_CERTIFICATE, DEVID_EXISTS);
	rename_to("rsa", 0, DEVID_EXISTS);
	rename_to("", OBJECT_PUBLIC_KEY, DEVID_USAGE);
	assert_line("Label: key\nPublic-Key-Label: ec");
	/* Not a number at all is none. */
	ask(WIRE_RENAME);
	wire_put_text(&bench.request, TAG_NAME, ec.name);
	wire_put_text(&bench.request, TAG_LABEL, "whole");
	wire_put(&bench.request, TAG_OBJECT, "\3", 1);
	expect(DEVID_OK);
	assert_line("Label: whole\nPublic-Key-Label: ec");
}

/* --- STATUS --- */

static void test_status(void **state)
{
	AUTO_FREE char *text = NULL;
	guint32 pid = 0;

	assert_int_equal(bench_sign(&bench, &ec, SCHEME_ECDSA), DEVID_OK);
	ask(WIRE_STATUS);
	expect(DEVID_OK);
	assert_true(wire_get_u32(&bench.reply, TAG_PID, &pid));
	assert_int_equal(pid, getpid());
	text = wire_get_text(&bench.reply, TAG_STATUS);
	assert_non_null(strstr(text, "\"scope\":\"user\""));
	assert_non_null(strstr(text, "\"keys\":1"));
	assert_non_null(strstr(text, "\"identities\":2"));
	assert_non_null(strstr(text, "\"account\":{\"state\":\"none\""));
	assert_non_null(strstr(text, "\"name\":\"keyring\""));
	place_write("config/account.conf", "rubbish", 0644);
	place_write("data/0000000000000000.identity", "rubbish", 0600);
	ask(WIRE_STATUS);
	expect(DEVID_OK);
	free(text);
	text = wire_get_text(&bench.reply, TAG_STATUS);
	assert_non_null(strstr(text, "\"state\":\"broken\""));
	assert_non_null(strstr(text, "\"on_use\":\"enforce\""));
	assert_non_null(strstr(text, "account.conf:1"));
	assert_non_null(strstr(text, "\"skipped\":1"));
}

/* --- REFUSED --- */

/* A user's agent, whose machine has the identity "ec" and the half that is told of another,
 * "rsa". */
static int begin_refused(void **state)
{
	int result = begin_half(state, SCOPE_USER);
	g_autofree char *file = NULL, *from = NULL, *to = NULL;

	if (result != 0)
		return result;
	g_mkdir(place_path("system"), 0755);
	g_setenv("DEVID_SYSTEM_DIR", place_path("system"), true);
	file = g_strconcat(ec.name, ".identity", NULL);
	from = g_build_filename(place_path("data"), file, NULL);
	to = g_build_filename(place_path("system"), file, NULL);
	assert_int_equal(rename(from, to), 0);
	bench_client(&bench, 4242, "/usr/bin/client");
	bench.agent.uid = 4242;
	return 0;
}

static void refused(const void *hash, gsize length, const char *reason, const char *token,
		    enum devid_result expected)
{
	ask(WIRE_REFUSED);
	if (hash)
		wire_put(&bench.request, TAG_SPKI_HASH, hash, length);
	wire_put_text(&bench.request, TAG_REASON, reason);
	wire_put_text(&bench.request, TAG_TOKEN, token);
	expect(expected);
}

static void test_refused(void **state)
{
	refused(ec.hash, 32, "system-user", "system", DEVID_OK);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("\"Key Use\"", "\"Refused\"", "\"system-user\"",
				     "\"label\":\"ec\"", "\"program\":\"/usr/bin/client\"",
				     "\"token\":\"system\"", "client_cert_serial", NULL),
			 1);
	/* Again and again, by a program that tries each second: once in half a minute. */
	for (int i = 0; i < 500; i++)
		refused(ec.hash, 32, "system-user", "system", DEVID_OK);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("\"Refused\"", NULL), 1);
	/* For another cause it is news, and for another program; and after FORGET. */
	refused(ec.hash, 32, "rule-blocked", "system", DEVID_OK);
	bench_client(&bench, 4242, "/usr/bin/other");
	refused(ec.hash, 32, "rule-blocked", "system", DEVID_OK);
	ask(WIRE_FORGET);
	expect(DEVID_OK);
	refused(ec.hash, 32, "rule-blocked", "system", DEVID_OK);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("\"Refused\"", NULL), 4);
}

/* However it changes its name, a program makes no more lines than any that uses keys does. */
static void test_refused_flood(void **state)
{
	for (int i = 0; i < 1000; i++) {
		g_autofree char *program = g_strdup_printf("/tmp/program-%d", i);

		bench_client(&bench, 4242, program);
		refused(ec.hash, 32, i % 2 ? "expired" : "system-user", "system", DEVID_OK);
	}
	report_flush(bench.agent.report);
	assert_in_range(events_with("\"Refused\"", NULL), 16, 80);
}

static void test_refused_untrue(void **state)
{
	static const char *const words[] = {
		"",	  "nonsense",	   "ok",       "store-locked", "key-missing", "agent-gone",
		"failed", "expired\nfake", "key-gone", "denied ",
	};
	guint8 unknown[32] = { 7 };

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		refused(ec.hash, 32, words[i], "system", DEVID_USAGE);
	refused(ec.hash, 32, NULL, "system", DEVID_USAGE);
	refused(ec.hash, 32, "expired", NULL, DEVID_USAGE);
	refused(ec.hash, 32, "expired", "user", DEVID_USAGE);
	refused(ec.hash, 32, "expired", "", DEVID_USAGE);
	refused(NULL, 0, "expired", "system", DEVID_USAGE);
	refused(ec.hash, 31, "expired", "system", DEVID_USAGE);
	refused(ec.hash, 0, "expired", "system", DEVID_USAGE);
	/* No key of the machine's, be it one of the user's own. */
	refused(unknown, 32, "expired", "system", DEVID_NOT_FOUND);
	refused(rsa.hash, 32, "expired", "system", DEVID_NOT_FOUND);
	g_setenv("DEVID_SYSTEM_DIR", "/nonexistent/devid", true);
	bench_client(&bench, 4242, "/usr/bin/another");
	refused(ec.hash, 32, "expired", "system", DEVID_NOT_FOUND);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("\"Refused\"", NULL), 0);
	/* What the machine's agent keeps to itself, root reads anyway. */
	g_setenv("DEVID_SYSTEM_DIR", place_path("system"), true);
	bench_client(&bench, 0, "/usr/bin/third");
	bench.agent.uid = 0;
	refused(ec.hash, 32, "expired", "system", DEVID_OK);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("\"Refused\"", NULL), 0);
}

/* A key that is refused on the machine's token is not refused on the user's own. */
static void test_refused_binds_nobody(void **state)
{
	g_autofree char *file = g_strconcat(ec.name, ".identity", NULL);
	g_autofree char *from = g_build_filename(place_path("system"), file, NULL);
	g_autofree char *to = g_build_filename(place_path("data"), file, NULL);

	refused(ec.hash, 32, "system-user", "system", DEVID_OK);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(bench_sign(&bench, &ec, SCHEME_ECDSA), DEVID_OK);
}

static void test_refused_by_machine(void **state)
{
	bench_client(&bench, 0, "/usr/bin/client");
	refused(ec.hash, 32, "system-user", "system", DEVID_UNSUPPORTED);
}

int main(void)
{
#define REQUEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
#define REFUSED(test) cmocka_unit_test_setup_teardown(test, begin_refused, end)
#define SYSTEM(test)  cmocka_unit_test_setup_teardown(test, begin_system, end)
	static const struct CMUnitTest tests[] = {
		REQUEST(test_hello),
		REQUEST(test_other_uid),
		SYSTEM(test_system_others),
		SYSTEM(test_system_root),
		REQUEST(test_tpm_of_a_user),
		REQUEST(test_not_requests),
		REQUEST(test_empty),
		REQUEST(test_generate_refused),
		REQUEST(test_generate_names),
		REQUEST(test_sign_fields),
		REQUEST(test_odd_numbers),
		REQUEST(test_parts),
		REQUEST(test_parts_mixed_up),
		REQUEST(test_parts_survive_drop),
		REQUEST(test_parts_end_with_the_identity),
		REQUEST(test_parts_too_long),
		REQUEST(test_import_refused),
		REQUEST(test_names_refused),
		REQUEST(test_rename_object),
		REQUEST(test_status),
		REFUSED(test_refused),
		REFUSED(test_refused_flood),
		REFUSED(test_refused_untrue),
		REFUSED(test_refused_binds_nobody),
		SYSTEM(test_refused_by_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
