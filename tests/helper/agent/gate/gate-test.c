/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gate: OnUse, protection, when a verdict is made anew, what is remembered of a refusal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/helper/agent/clock.h"
#include "agent/gate/tally.h"
#include "tests/helper/agent/stub-store.h"
#include "tests/helper/agent/support.h"
#include "agent/gate/refusal.h"
#include "agent/gate/report.h"
#include "agent/identity/keycache.h"
#include "agent/store/store.h"
#include "base/error.h"

#define ENFORCE "[Account]\nOnUse=enforce\n"
#define SECOND	G_USEC_PER_SEC

static struct bench bench;
static struct made good, stranger;

static int begin(void **state)
{
	if (place_make(state) != 0)
		return -1;
	clock_shift = 0;
	clock_run_shift = 0;
	stub_reset();
	identity_make("good", "p256", "file", &good);
	identity_make("stranger", "stranger-p256", "keyring", &stranger);
	bench_open(&bench, SCOPE_USER);
	return 0;
}

static int end(void **state)
{
	bench_close(&bench);
	return place_remove(state);
}

static void sign(const struct made *made, enum devid_result expected)
{
	enum devid_result result = bench_sign(&bench, made, SCHEME_ECDSA);

	if (result != expected)
		fail_msg("%d: %s", result, bench_message(&bench));
}

static void reason_is(const char *word)
{
	g_autofree char *reason = bench_reason(&bench);

	assert_string_equal(reason, word);
}

/* --- OnUse --- */

static void test_no_account(void **state)
{
	sign(&good, DEVID_OK);
	sign(&stranger, DEVID_OK);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("Key Use", "Allowed", NULL), 2);
	assert_int_equal(events_with("Validated", NULL), 0);
}

static void test_log_is_default(void **state)
{
	account_make("", "issuing", NULL);
	sign(&good, DEVID_OK);
	sign(&stranger, DEVID_OK);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("Key Use", "Allowed", "\"Validated\"", "good", NULL), 1);
	assert_int_equal(events_with("Key Use", "Allowed", "\"Not Validated\"", "stranger",
				     "issuer-unknown", NULL),
			 1);
}

static void test_enforce(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	sign(&good, DEVID_OK);
	sign(&stranger, DEVID_CHECK_FAILED);
	reason_is("issuer-unknown");
	assert_int_equal(
		events_with("Key Use", "Refused", "stranger", "/usr/bin/test-client", NULL), 1);
	assert_int_equal(stub.reads, 1);
}

static void test_off(void **state)
{
	account_make("[Account]\nOnUse=off\n", "issuing", NULL);
	sign(&stranger, DEVID_OK);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("Key Use", "Allowed", NULL), 1);
	assert_int_equal(events_with("Not Validated", NULL), 0);
}

static void test_brackets_reach_the_client(void **state)
{
	struct wire_field field;

	account_make(ENFORCE, "issuing", NULL);
	sign(&stranger, DEVID_CHECK_FAILED);
	assert_true(wire_get(&bench.reply, TAG_BRACKETS, &field));
	assert_true(field.length > 20 && memcmp(field.data, "Certificate error. [", 20) == 0);
	/* The remembered answer carries the same. */
	sign(&stranger, DEVID_CHECK_FAILED);
	assert_true(wire_get(&bench.reply, TAG_BRACKETS, &field));
	assert_true(field.length > 20 && memcmp(field.data, "Certificate error. [", 20) == 0);
	reason_is("issuer-unknown");
}

/* --- a broken account allows nothing --- */

static void test_broken_account(void **state)
{
	account_make("[Account]\nOnUse=log\nNoSuchKey=1\n", "issuing", NULL);
	sign(&good, DEVID_ACCOUNT_BROKEN);
	account_make("[Account]\nOnUse=off\n", "issuing", NULL);
	sign(&good, DEVID_OK);
	assert_int_equal(chmod(place_path("config/account.conf"), 0666), 0);
	sign(&good, DEVID_ACCOUNT_BROKEN);
	assert_int_equal(chmod(place_path("config/account.conf"), 0644), 0);
	sign(&good, DEVID_OK);
}

/* --- protection --- */

static void test_protection(void **state)
{
	account_make("[Account]\nOnUse=enforce\n[Certificate]\nRequireProtection=root\n", "issuing",
		     NULL);
	sign(&good, DEVID_BLOCKED);
	reason_is("protection");
	account_make("[Account]\nOnUse=enforce\n[Certificate]\nRequireProtection=user\n", "issuing",
		     NULL);
	sign(&good, DEVID_OK);
	account_make("[Account]\nOnUse=enforce\n[Certificate]\nRequireProtection=hardware\n",
		     "issuing", NULL);
	sign(&good, DEVID_BLOCKED);
	account_make("[Certificate]\nRequireProtection=hardware\n", "issuing", NULL);
	bench_client(&bench, geteuid(), "/usr/bin/another");
	sign(&good, DEVID_OK);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("Allowed", "protection", "another", NULL), 1);
}

/* --- a verdict lives until something changes --- */

static void test_account_changes(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	sign(&good, DEVID_OK);
	assert_int_equal(keycache_count(bench.agent.keys), 1);
	assert_int_equal(unlink(place_path("config/signing/issuing.pem")), 0);
	sign(&good, DEVID_CHECK_FAILED);
	assert_int_equal(keycache_count(bench.agent.keys), 0);
	account_make("[Account]\nOnUse=log\n", "issuing", NULL);
	sign(&stranger, DEVID_OK);
	account_unmake();
	sign(&stranger, DEVID_OK);
	account_make(ENFORCE, "issuing", NULL);
	sign(&stranger, DEVID_CHECK_FAILED);
}

/* --- an account that is being replaced --- */

static void forget(void)
{
	wire_begin(&bench.request, WIRE_FORGET);
	assert_int_equal(bench_ask(&bench), DEVID_OK);
}

static void gone_is(const char *words)
{
	wire_begin(&bench.request, WIRE_STATUS);
	assert_int_equal(bench_ask(&bench), DEVID_OK);

	g_autofree char *told = wire_get_text(&bench.reply, TAG_STATUS);

	if (!strstr(told, words))
		fail_msg("%s", told);
}

/* The folder of the account is moved away and back as a whole. */
static void test_account_moves(void **state)
{
	char aside[PATH_BUFFER];

	account_make(ENFORCE, "issuing", NULL);
	sign(&stranger, DEVID_CHECK_FAILED);
	gone_is("\"gone\":false");
	g_strlcpy(aside, place_path("aside"), sizeof(aside));
	assert_int_equal(rename(place_path("config"), aside), 0);
	sign(&stranger, DEVID_CHECK_FAILED);
	sign(&good, DEVID_OK);
	gone_is("\"state\":\"ready\"");
	gone_is("\"gone\":true");
	/* However long it takes. */
	clock_run_shift += (gint64)3600 * SECOND;
	sign(&stranger, DEVID_CHECK_FAILED);
	sign(&good, DEVID_OK);
	assert_int_equal(rename(aside, place_path("config")), 0);
	sign(&stranger, DEVID_CHECK_FAILED);
	gone_is("\"gone\":false");
	place_write("config/account.conf", "[Account]\nOnUse=log\n", 0644);
	sign(&stranger, DEVID_OK);
}

/* All its files are taken away, then come back one by one. */
static void test_account_is_emptied(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	sign(&stranger, DEVID_CHECK_FAILED);
	account_unmake();
	sign(&stranger, DEVID_CHECK_FAILED);
	account_make("", "stranger-issuing", NULL);
	sign(&stranger, DEVID_CHECK_FAILED);
	place_write("config/account.conf", ENFORCE, 0644);
	sign(&stranger, DEVID_OK);
	sign(&good, DEVID_CHECK_FAILED);
}

/* With account.conf goes OnUse=enforce; a moment later that is meant. */
static void test_account_file_is_away(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	sign(&stranger, DEVID_CHECK_FAILED);
	assert_int_equal(unlink(place_path("config/account.conf")), 0);
	sign(&stranger, DEVID_CHECK_FAILED);
	place_write("config/account.conf", "", 0644);
	sign(&stranger, DEVID_CHECK_FAILED);
	place_write("config/account.conf", ENFORCE, 0644);
	sign(&stranger, DEVID_CHECK_FAILED);
	gone_is("\"gone\":false");
	assert_int_equal(unlink(place_path("config/account.conf")), 0);
	sign(&stranger, DEVID_CHECK_FAILED);
	gone_is("\"gone\":true");
	clock_run_shift += 11 * SECOND;
	bench_client(&bench, geteuid(), "/usr/bin/third");
	sign(&stranger, DEVID_OK);
	gone_is("\"gone\":false");
}

/* Its rules go, and with them that what none names is blocked. */
static void test_rules_are_away(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	assert_int_equal(mkdir(place_path("config/rules.d"), 0755), 0);
	place_write("config/rules.d/10-a.conf", "[Rule Nobody]\nUsers=*\nAction=block\n", 0644);
	sign(&good, DEVID_BLOCKED);
	assert_int_equal(unlink(place_path("config/rules.d/10-a.conf")), 0);
	bench_client(&bench, geteuid(), "/usr/bin/another");
	sign(&good, DEVID_BLOCKED);
	clock_run_shift += 11 * SECOND;
	bench_client(&bench, geteuid(), "/usr/bin/third");
	sign(&good, DEVID_OK);
}

/* Half of it is there and broken, then nothing: not the way out for what was refused. */
static void test_account_breaks_and_goes(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	sign(&stranger, DEVID_CHECK_FAILED);
	place_write("config/account.conf", "[Account]\nOnUse=enf", 0644);
	sign(&stranger, DEVID_ACCOUNT_BROKEN);
	sign(&good, DEVID_ACCOUNT_BROKEN);
	account_unmake();
	sign(&stranger, DEVID_ACCOUNT_BROKEN);
	sign(&good, DEVID_ACCOUNT_BROKEN);
	account_make(ENFORCE, "issuing", NULL);
	sign(&good, DEVID_OK);
	sign(&stranger, DEVID_CHECK_FAILED);
}

/* One that never enforced is let go, and so is one that root says to forget. */
static void test_account_ends(void **state)
{
	place_write("config/account.conf", "[Account]\nOnUse=log\nNoSuchKey=1\n", 0644);
	sign(&good, DEVID_ACCOUNT_BROKEN);
	account_unmake();
	sign(&good, DEVID_OK);
	account_make(ENFORCE, "issuing", NULL);
	sign(&stranger, DEVID_CHECK_FAILED);
	account_unmake();
	sign(&stranger, DEVID_CHECK_FAILED);
	forget();
	sign(&stranger, DEVID_OK);
	gone_is("\"state\":\"none\"");
	gone_is("\"gone\":false");
}

/* A link is followed by nobody's watch: the comparison of each second finds it. */
static void test_linked_account_changes(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	assert_int_equal(mkdir(place_path("config/lists"), 0755), 0);
	sign(&good, DEVID_OK);
	place_write("config/lists/revoked", "anything", 0644);
	clock_run_shift += 2 * SECOND;
	sign(&good, DEVID_OK);
	assert_int_equal(stub.reads, 2); /* the key was dropped with the account */
}

static void test_record_changes(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	sign(&good, DEVID_OK);
	assert_int_equal(keycache_count(bench.agent.keys), 1);
	identity_unmake(&good);
	sign(&good, DEVID_NOT_FOUND);
	assert_int_equal(keycache_count(bench.agent.keys), 0);
	identity_make("good", "p256", "file", &good);
	sign(&good, DEVID_OK);
	/* The same key under another certificate's record. */
	identity_unmake(&good);
	identity_make("renamed", "p256", "file", &good);
	sign(&good, DEVID_OK);
}

static void test_records_do_not_reread_for_nothing(void **state)
{
	sign(&good, DEVID_OK);
	place_write("data/some.tmp", "x", 0600);
	for (int i = 0; i < 50; i++)
		sign(&good, DEVID_OK);
	assert_int_equal(stub.reads, 1);
	assert_int_equal(keycache_count(bench.agent.keys), 1);
}

static void test_clock(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	sign(&good, DEVID_OK);
	/* Past the end of every certificate here. */
	clock_shift = (time_t)60 * 365 * 86400;
	sign(&good, DEVID_CHECK_FAILED);
	reason_is("expired");
	/* Back again: an answer is remembered, and then it is not. */
	clock_shift = 0;
	clock_run_shift += 31 * SECOND;
	sign(&good, DEVID_OK);
	/* Before the beginning, of the signing certificate too. */
	clock_shift = -(time_t)40 * 365 * 86400;
	sign(&good, DEVID_CHECK_FAILED);
	reason_is("issuer-not-yet-valid");
}

/* --- what is remembered of a refusal --- */

static void test_one_event(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	for (int i = 0; i < 20; i++)
		sign(&stranger, DEVID_CHECK_FAILED);
	assert_int_equal(events_with("Refused", NULL), 1);
	clock_run_shift += 31 * SECOND;
	sign(&stranger, DEVID_CHECK_FAILED);
	sign(&stranger, DEVID_CHECK_FAILED);
	assert_int_equal(events_with("Refused", NULL), 2);
	/* Another program is news. */
	bench_client(&bench, geteuid(), "/usr/sbin/openvpn");
	sign(&stranger, DEVID_CHECK_FAILED);
	assert_int_equal(events_with("Refused", "/usr/sbin/openvpn", NULL), 1);
}

static guint lines_of(const char *text)
{
	guint count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* Thousands of short processes, each by another name, refused and allowed: the import is in the log
 * still, what they did is a few lines that say how often, and what somebody else did is told as
 * ever.
 */
static void test_many_processes(void **state)
{
	struct report_write import = { .peer = &bench.session.peer,
				       .sub_type = "Import",
				       .label = "good" };
	g_autofree char *log = NULL;

	account_make(ENFORCE, "issuing", NULL);
	report_write(bench.agent.report, &import);
	for (guint i = 0; i < 4200; i++) {
		g_autofree char *program = g_strdup_printf("/tmp/%04u", i);

		bench_client(&bench, geteuid(), program);
		sign(&stranger, DEVID_CHECK_FAILED);
		sign(&good, DEVID_OK);
	}
	report_flush(bench.agent.report);
	log = log_read();
	assert_int_equal(events_with("Import", "Succeeded", NULL), 1);
	assert_true(lines_of(log) <= 1 + TALLY_SINGLE + 2 * (TALLY_KINDS + 1));
	assert_int_equal(events_with(TALLY_OTHERS, "\"count\":", "\"first\":\"2", NULL), 2);
}

/* What was refused to one user's programs, however many names they take, is that user's alone to
 * remember: another's refusal stays told, once.
 */
static void test_refusals_of_many_names(void **state)
{
	const guint8 key[WIRE_SPKI_HASH] = { 0 };
	struct refusals *refusals = refusals_new();
	g_autoptr(GError) error = NULL;
	struct peer other = { .uid = 1001, .program = (char *)"/usr/sbin/openvpn", .looked = true };
	struct peer many = { .uid = 1002, .looked = true };

	devid_error_set(&error, DEVID_CHECK_FAILED, "expired", NULL, "expired");
	assert_true(refusals_add(refusals, &other, key, 0, true, error));
	for (guint i = 0; i < 1000; i++) {
		g_autofree char *program = g_strdup_printf("/tmp/%04u", i);

		many.program = program;
		refusals_add(refusals, &many, key, 0, true, error);
	}
	assert_false(refusals_add(refusals, &other, key, 0, true, error));
	refusals_free(refusals);
}

static void test_refusal_ends_with_its_cause(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	sign(&stranger, DEVID_CHECK_FAILED);
	account_make("[Account]\nOnUse=log\n", "issuing", NULL);
	sign(&stranger, DEVID_OK);
}

static void test_dismissed(void **state)
{
	stub.prompt = TRUE;
	stub.fail = DEVID_STORE_DISMISSED;
	sign(&good, DEVID_STORE_DISMISSED);
	for (int i = 0; i < 10; i++)
		sign(&good, DEVID_STORE_DISMISSED);
	assert_int_equal(stub.prompts, 1);
	assert_int_equal(events_with("Failed", "good", NULL), 1);
	/* Another program may ask the person; so may this one after half a minute. */
	bench_client(&bench, geteuid(), "/usr/bin/another");
	sign(&good, DEVID_STORE_DISMISSED);
	assert_int_equal(stub.prompts, 2);
	clock_run_shift += 31 * SECOND;
	stub.fail = DEVID_OK;
	sign(&good, DEVID_OK);
	assert_int_equal(stub.prompts, 3);
}

/* Not the clock, but the keyring: it opened. A refusal of another cause stays. */
static void test_dismissed_then_unlocked(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	sign(&stranger, DEVID_CHECK_FAILED);
	stub.prompt = TRUE;
	stub.fail = DEVID_STORE_DISMISSED;
	sign(&good, DEVID_STORE_DISMISSED);
	stub.fail = DEVID_OK;
	stub.told(KEYRING_LOCKED, stub.told_data);
	sign(&good, DEVID_STORE_DISMISSED);
	stub.told(KEYRING_USABLE, stub.told_data);
	sign(&good, DEVID_OK);
	sign(&stranger, DEVID_CHECK_FAILED);
	assert_int_equal(events_with("Refused", NULL), 1);
}

/* Nobody answered the prompt within its bound: the same. */
static void test_unanswered(void **state)
{
	stub.prompt = TRUE;
	stub.fail = DEVID_STORE_TIMEOUT;
	sign(&good, DEVID_STORE_TIMEOUT);
	sign(&good, DEVID_STORE_TIMEOUT);
	assert_int_equal(stub.prompts, 1);
}

/* What failed without asking anybody is tried again, and told once. */
static void test_locked_is_tried_again(void **state)
{
	stub.fail = DEVID_STORE_LOCKED;
	sign(&good, DEVID_STORE_LOCKED);
	sign(&good, DEVID_STORE_LOCKED);
	assert_int_equal(stub.reads, 2);
	assert_int_equal(events_with("Failed", NULL), 1);
	stub.fail = DEVID_OK;
	sign(&good, DEVID_OK);
}

static void test_forget(void **state)
{
	stub.prompt = TRUE;
	stub.fail = DEVID_STORE_DISMISSED;
	sign(&good, DEVID_STORE_DISMISSED);
	stub.fail = DEVID_OK;
	sign(&stranger, DEVID_OK);
	wire_begin(&bench.request, WIRE_FORGET);
	assert_int_equal(bench_ask(&bench), DEVID_OK);

	g_autofree char *told = wire_get_text(&bench.reply, TAG_STATUS);

	assert_string_equal(told, "{\"keys\":1,\"verdicts\":2,\"refusals\":1}");
	assert_int_equal(keycache_count(bench.agent.keys), 0);
	sign(&good, DEVID_OK);
}

/* --- first use --- */

static void test_first_use_once(void **state)
{
	for (int i = 0; i < 5; i++) {
		sign(&good, DEVID_OK);
		sign(&stranger, DEVID_OK);
		/* The same process connects anew. */
		bench_client(&bench, geteuid(), "/usr/bin/test-client");
	}
	bench_client(&bench, geteuid(), "/usr/bin/another");
	sign(&good, DEVID_OK);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("Key Use", "Allowed", "good", NULL), 2);
	assert_int_equal(events_with("Key Use", "Allowed", "stranger", NULL), 1);
	assert_int_equal(events_with("/usr/bin/another", NULL), 1);
}

/* The peer's executable, where nothing was put in its place. */
static void test_program(void **state)
{
	char path[PATH_BUFFER] = "";

	bench_client(&bench, geteuid(), NULL);
	sign(&good, DEVID_OK);
	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("Key Use", path, NULL), 1);
}

static void test_unknown_key(void **state)
{
	struct made unknown = good;

	unknown.hash[0] ^= 1;
	sign(&unknown, DEVID_NOT_FOUND);
	assert_int_equal(stub.reads, 0);
}

/* A program that goes on with a key that went: an event with program, reason and what it was. */
static void test_key_gone(void **state)
{
	struct made unknown = good;

	sign(&good, DEVID_OK);
	identity_unmake(&good);
	bench_client(&bench, geteuid(), "/usr/sbin/charon");
	for (int i = 0; i < 10; i++)
		sign(&good, DEVID_NOT_FOUND);
	reason_is("key-gone");
	assert_int_equal(events_with("Refused", "\"key-gone\"", "\"label\":\"good\"",
				     "client_cert_serial", "/usr/sbin/charon", NULL),
			 1);
	unknown.hash[0] ^= 1;
	sign(&unknown, DEVID_NOT_FOUND);
	assert_int_equal(events_with("Refused", "\"key-gone\"", NULL), 2);
	/* It is back: nothing is left of it. */
	identity_make("good", "p256", "file", &good);
	sign(&good, DEVID_OK);
}

static void test_no_private_half(void **state)
{
	struct made lone;

	identity_make("lone", "second", "none", &lone);
	assert_int_equal(bench_sign(&bench, &lone, SCHEME_RSA_PKCS1), DEVID_KEY_MISSING);
	g_hash_table_remove_all(stub.keys);
	sign(&good, DEVID_KEY_MISSING);
}

/* Somebody put another key in the item. */
static void test_wrong_key_in_store(void **state)
{
	GBytes *other = g_hash_table_lookup(stub.keys, stranger.hash_hex);

	g_hash_table_insert(stub.keys, g_strdup(good.hash_hex), g_bytes_ref(other));
	sign(&good, DEVID_MISMATCH);
	g_hash_table_insert(stub.keys, g_strdup(good.hash_hex), g_bytes_new("rubbish", 7));
	sign(&good, DEVID_BAD_DATA);
	assert_int_equal(keycache_count(bench.agent.keys), 0);
}

int main(void)
{
#define GATE(test) cmocka_unit_test_setup_teardown(test, begin, end)
	static const struct CMUnitTest tests[] = {
		GATE(test_no_account),
		GATE(test_log_is_default),
		GATE(test_enforce),
		GATE(test_off),
		GATE(test_brackets_reach_the_client),
		GATE(test_broken_account),
		GATE(test_protection),
		GATE(test_account_changes),
		GATE(test_account_moves),
		GATE(test_account_is_emptied),
		GATE(test_account_file_is_away),
		GATE(test_rules_are_away),
		GATE(test_account_breaks_and_goes),
		GATE(test_account_ends),
		GATE(test_linked_account_changes),
		GATE(test_record_changes),
		GATE(test_records_do_not_reread_for_nothing),
		GATE(test_clock),
		GATE(test_one_event),
		GATE(test_many_processes),
		GATE(test_refusals_of_many_names),
		GATE(test_refusal_ends_with_its_cause),
		GATE(test_dismissed),
		GATE(test_unanswered),
		GATE(test_dismissed_then_unlocked),
		GATE(test_locked_is_tried_again),
		GATE(test_forget),
		GATE(test_first_use_once),
		GATE(test_program),
		GATE(test_unknown_key),
		GATE(test_key_gone),
		GATE(test_no_private_half),
		GATE(test_wrong_key_in_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
