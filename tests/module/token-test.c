/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records that change, go, can't be read or are damaged under a process; keys of the machine that
 * are hidden from it; many of them.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "support.h"

static void test_changes_are_seen(void **state)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key, leaf, again;
	CK_BYTE label[32];

	write_record(SCOPE_USER, &(struct test_record){ .name = "0000000000000001",
							.pki = "rsa2048",
							.label = "one" });
	session = open_session(0, 0);
	key = find_one(session, CKO_PRIVATE_KEY, "one");
	leaf = find_one(session, CKO_CERTIFICATE, "one");

	/* Another record doesn't touch the first one's handles. */
	write_record(SCOPE_USER, &(struct test_record){ .pki = "p256", .label = "a" });
	assert_int_equal(find_one(session, CKO_PRIVATE_KEY, "one"), key);
	assert_true(find_one(session, CKO_PRIVATE_KEY, "a") > key);

	/* A rename keeps them. */
	write_record(SCOPE_USER, &(struct test_record){ .name = "0000000000000001",
							.pki = "rsa2048",
							.label = "two" });
	assert_int_equal(find_one(session, CKO_PRIVATE_KEY, "one"), 0);
	assert_int_equal(find_one(session, CKO_PRIVATE_KEY, "two"), key);
	assert_int_equal(find_one(session, CKO_CERTIFICATE, "two"), leaf);
	assert_int_equal(read_attribute(session, key, CKA_LABEL, BYTES_OF(label)), 3);

	/* So does another label for one of them. */
	write_record(SCOPE_USER, &(struct test_record){ .name = "0000000000000001",
							.pki = "rsa2048",
							.label = "two",
							.key_label = "the key" });
	assert_int_equal(find_one(session, CKO_PRIVATE_KEY, "two"), 0);
	assert_int_equal(find_one(session, CKO_PRIVATE_KEY, "the key"), key);
	assert_int_equal(find_one(session, CKO_CERTIFICATE, "two"), leaf);
	write_record(SCOPE_USER, &(struct test_record){ .name = "0000000000000001",
							.pki = "rsa2048",
							.label = "two" });
	assert_int_equal(find_one(session, CKO_PRIVATE_KEY, "two"), key);

	/* What went is seen without a search. */
	remove_record(SCOPE_USER, "0000000000000001");
	assert_int_equal(p11->C_GetAttributeValue(session, leaf, NULL, 0),
			 CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(find_one(session, CKO_PRIVATE_KEY, "two"), 0);
	assert_int_equal(p11->C_GetAttributeValue(session, key, NULL, 0),
			 CKR_OBJECT_HANDLE_INVALID);

	/* What comes back is another object. */
	write_record(SCOPE_USER, &(struct test_record){ .name = "0000000000000001",
							.pki = "rsa2048",
							.label = "two" });
	again = find_one(session, CKO_PRIVATE_KEY, "two");
	assert_true(again > key);

	/* A renewed certificate over the same name: other key, other certificate. */
	write_record(
		SCOPE_USER,
		&(struct test_record){ .name = "0000000000000001", .pki = "p384", .label = "two" });
	assert_true(find_one(session, CKO_PRIVATE_KEY, "two") > again);
}

#define NAME "0000000000000001"

struct found {
	CK_OBJECT_HANDLE key, public, leaf, chain;
};

static void find(CK_SESSION_HANDLE session, struct found *found)
{
	found->key = find_one(session, CKO_PRIVATE_KEY, "one");
	found->public = find_one(session, CKO_PUBLIC_KEY, "one");
	found->leaf = find_one(session, CKO_CERTIFICATE, "one");
	found->chain = find_one(session, CKO_CERTIFICATE, "issuing");
}

static void write_one(const char *pki, bool with_chain)
{
	struct test_record record = { .name = NAME, .label = "one", .pki = pki };

	if (with_chain)
		record.chain[0] = "issuing";
	write_record(SCOPE_USER, &record);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM mechanism = { type, NULL, 0 };
	CK_BYTE signature[512];
	CK_ULONG length = sizeof(signature);
	CK_RV rv = p11->C_SignInit(session, &mechanism, key);

	return rv != CKR_OK ? rv : p11->C_Sign(session, (CK_BYTE *)"data", 4, signature, &length);
}

/* A program that keeps what it found goes on with it, and no search finds it. */
static void test_replaced_stays_for_its_finders(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_ATTRIBUTE label = { CKA_LABEL, (void *)"x", 1 };
	CK_OBJECT_HANDLE copy, objects[8];
	CK_SESSION_HANDLE session;
	struct found old, new;
	CK_BYTE value[8192];

	write_one("rsa2048", true);
	session = open_session(0, CKF_RW_SESSION);
	find(session, &old);
	write_former(SCOPE_USER, NAME, "rsa2048");
	write_one("p384", false);

	/* before any search */
	assert_int_equal(sign(session, CKM_SHA256_RSA_PKCS, old.key), CKR_OK);
	assert_int_equal(agent->signs, 1);
	assert_true(read_attribute(session, old.leaf, CKA_VALUE, BYTES_OF(value)) > 100);
	assert_true(read_attribute(session, old.chain, CKA_VALUE, BYTES_OF(value)) > 100);

	find(session, &new);
	assert_true(new.key > old.key);
	assert_int_equal(new.chain, 0);
	assert_int_equal(find_all(session, NULL, 0, objects, 8), 3);
	assert_int_equal(sign(session, CKM_ECDSA_SHA256, new.key), CKR_OK);
	assert_int_equal(sign(session, CKM_SHA256_RSA_PKCS, old.key), CKR_OK);
	assert_int_equal(read_attribute(session, old.public, CKA_LABEL, BYTES_OF(value)), 3);

	/* Its record is the new one's: nothing of it can be changed. */
	assert_int_equal(p11->C_DestroyObject(session, old.key), CKR_ACTION_PROHIBITED);
	assert_int_equal(p11->C_DestroyObject(session, old.leaf), CKR_ACTION_PROHIBITED);
	assert_int_equal(p11->C_DestroyObject(session, old.chain), CKR_ACTION_PROHIBITED);
	assert_int_equal(p11->C_SetAttributeValue(session, old.key, &label, 1),
			 CKR_ACTION_PROHIBITED);
	assert_int_equal(p11->C_CopyObject(session, old.key, NULL, 0, &copy),
			 CKR_ACTION_PROHIBITED);
	assert_int_equal(agent->changes, 0);

	/* It comes back: the same handles, found by a search. */
	write_one("rsa2048", true);
	remove_former(SCOPE_USER, NAME, "rsa2048");
	find(session, &new);
	assert_memory_equal(&old, &new, sizeof(old));
}

/* A handle that is dead says so before anything is signed, and the agent hears of it once. */
static void test_dead_handles_say_so(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session;
	struct found old, new;
	CK_ULONG size;

	write_one("rsa2048", true);
	session = open_session(0, 0);
	find(session, &old);
	write_former(SCOPE_USER, NAME, "rsa2048");
	write_one("p384", false);
	find(session, &new);
	agent->answer = DEVID_NOT_FOUND;
	remove_former(SCOPE_USER, NAME, "rsa2048");
	assert_int_equal(sign(session, CKM_SHA256_RSA_PKCS, old.key), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(agent->signs, 1);
	assert_int_equal(sign(session, CKM_SHA256_RSA_PKCS, old.key), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(agent->signs, 1);
	assert_int_equal(p11->C_GetAttributeValue(session, old.leaf, NULL, 0),
			 CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(p11->C_GetAttributeValue(session, old.chain, NULL, 0),
			 CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(p11->C_GetObjectSize(session, old.key, &size), CKR_OBJECT_HANDLE_INVALID);

	/* one that was never given out, and one of an object that is no private key */
	assert_int_equal(sign(session, CKM_SHA256_RSA_PKCS, new.key + 100), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(sign(session, CKM_SHA256_RSA_PKCS, 0), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(sign(session, CKM_SHA256_RSA_PKCS, old.public), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(agent->signs, 1);

	/* at once, where nothing keeps it */
	write_one("p256", false);
	assert_int_equal(sign(session, CKM_ECDSA_SHA256, new.key), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(agent->signs, 2);
	/* a key that came back meanwhile, with another handle: it would be used, or asked for */
	find(session, &old);
	remove_record(SCOPE_USER, NAME);
	find(session, &new);
	write_one("p256", false);
	assert_int_equal(sign(session, CKM_ECDSA_SHA256, old.key), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(agent->signs, 2);
	/* nobody to hear of it */
	find(session, &new);
	agent_stop(agent);
	remove_record(SCOPE_USER, NAME);
	assert_int_equal(sign(session, CKM_ECDSA_SHA256, new.key), CKR_KEY_HANDLE_INVALID);
}

static _Atomic(int) replaced_enough;

/* What may be heard of a handle, whenever it was found. */
static bool may_be_heard(CK_RV rv)
{
	return rv == CKR_OK || rv == CKR_KEY_HANDLE_INVALID || rv == CKR_OBJECT_HANDLE_INVALID ||
	       rv == CKR_KEY_TYPE_INCONSISTENT;
}

/* Goes on with what was found first, and with what is found now; answers the first word that may
 * not be heard. */
static void *use_under_replacements(void *data)
{
	CK_OBJECT_CLASS classes[] = { CKO_PRIVATE_KEY, CKO_CERTIFICATE };
	CK_OBJECT_HANDLE first[2] = { 0 }, found;
	CK_SESSION_HANDLE session;
	CK_BYTE value[8192];
	CK_RV rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session);

	while (may_be_heard(rv) && !atomic_load(&replaced_enough)) {
		for (int i = 0; i < 2 && may_be_heard(rv); i++) {
			CK_ATTRIBUTE template = { CKA_CLASS, &classes[i], sizeof(classes[i]) };
			CK_ATTRIBUTE id = { CKA_ID, value, sizeof(value) };
			CK_ULONG count = 0;

			rv = p11->C_FindObjectsInit(session, &template, 1);
			if (rv == CKR_OK)
				rv = p11->C_FindObjects(session, &found, 1, &count);
			if (rv == CKR_OK)
				rv = p11->C_FindObjectsFinal(session);
			if (count > 0 && !first[i])
				first[i] = found;
			if (rv == CKR_OK && count > 0)
				rv = p11->C_GetAttributeValue(session, found, &id, 1);
			id.ulValueLen = sizeof(value);
			if (may_be_heard(rv))
				rv = p11->C_GetAttributeValue(session, first[i], &id, 1);
		}
		if (may_be_heard(rv))
			rv = sign(session, CKM_SHA256_RSA_PKCS, first[0]);
		if (may_be_heard(rv))
			rv = sign(session, CKM_ECDSA_SHA256, first[0]);
	}
	return may_be_heard(rv) ? NULL : (void *)rv;
}

static void test_threads_meet_replacements(void **state)
{
	static const char *const keys[] = { "rsa2048", "p384", "p256" };
	pthread_t threads[3];

	agent_start(SCOPE_USER);
	write_one("rsa2048", true);
	(void)open_session(0, 0);
	atomic_store(&replaced_enough, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_under_replacements, NULL),
				 0);
	for (int i = 0; i < 48; i++) {
		const char *old = keys[i % 3], *new = keys[(i + 1) % 3];

		if (i % 4 != 3)
			write_former(SCOPE_USER, NAME, old);
		write_one(new, i % 2 == 0);
		usleep(1000);
		if (i % 4 != 3)
			remove_former(SCOPE_USER, NAME, old);
	}
	atomic_store(&replaced_enough, 1);
	for (int i = 0; i < 3; i++) {
		void *heard;

		pthread_join(threads[i], &heard);
		assert_int_equal((uintptr_t)heard, CKR_OK);
	}
}

static void test_same_generation_is_not_read_again(void **state)
{
	CK_SESSION_HANDLE session;
	char path[256];

	write_record(SCOPE_USER,
		     &(struct test_record){ .name = "0000000000000001", .pki = "p256" });
	session = open_session(0, 0);
	assert_int_equal(count_class(session, CKO_CERTIFICATE), 1);
	snprintf(path, sizeof(path), "%s/0000000000000001.identity", folder_of(SCOPE_USER));
	unlink(path);
	assert_int_equal(count_class(session, CKO_CERTIFICATE), 1);
	new_generation(SCOPE_USER);
	assert_int_equal(count_class(session, CKO_CERTIFICATE), 0);
}

/* A folder that can't be read for the moment takes nothing away. */
static void test_unreadable_folder(void **state)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	struct rlimit before, none;

	write_record(SCOPE_USER, &(struct test_record){ .pki = "p256" });
	session = open_session(0, 0);
	key = find_one(session, CKO_PRIVATE_KEY, "p256");
	new_generation(SCOPE_USER);
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){ 0, before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(find_one(session, CKO_PRIVATE_KEY, "p256"), key);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(find_one(session, CKO_PRIVATE_KEY, "p256"), key);
	write_record(SCOPE_USER, &(struct test_record){ .pki = "p384" });
	assert_int_equal(count_class(session, CKO_PRIVATE_KEY), 2);
}

/* What was found and has gone since is left out, so that deleting all that one finds works. */
static void test_search_skips_what_went(void **state)
{
	CK_SESSION_HANDLE session, other;
	CK_OBJECT_HANDLE object;
	CK_ULONG count;

	write_record(SCOPE_USER,
		     &(struct test_record){ .name = "0000000000000001", .pki = "p256" });
	session = open_session(0, 0);
	other = open_session(0, 0);
	assert_int_equal(p11->C_FindObjectsInit(session, NULL, 0), CKR_OK);
	assert_int_equal(p11->C_FindObjects(session, &object, 1, &count), CKR_OK);
	assert_int_equal(count, 1);
	remove_record(SCOPE_USER, "0000000000000001");
	assert_int_equal(count_class(other, CKO_CERTIFICATE), 0);
	assert_int_equal(p11->C_FindObjects(session, &object, 1, &count), CKR_OK);
	assert_int_equal(count, 0);
	assert_int_equal(p11->C_FindObjectsFinal(session), CKR_OK);
}

static void test_damaged_records_are_skipped(void **state)
{
	static const char *const damage[] = {
		"",
		"\n",
		"Devid-Identity: 2\n",
		"Devid-Identity: 1\nLabel: x\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	};
	CK_SESSION_HANDLE session;
	char name[32], *text, path[256];
	FILE *file;
	size_t length;

	write_record(SCOPE_USER, &(struct test_record){ .name = "00000000000000ff",
							.pki = "p256",
							.chain = { "root" } });
	session = open_session(0, 0);
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		snprintf(name, sizeof(name), "%016zx", i);
		write_text_record(SCOPE_USER, name, damage[i], strlen(damage[i]));
	}
	assert_int_equal(count_class(session, CKO_CERTIFICATE), 2);

	/* Every way to cut a good one short. */
	snprintf(path, sizeof(path), "%s/00000000000000ff.identity", folder_of(SCOPE_USER));
	file = fopen(path, "re");
	text = calloc(1, 65536);
	length = fread(text, 1, 65535, file);
	fclose(file);
	for (size_t cut = length - 1; cut > 2; cut -= cut > 200 ? 97 : 3) {
		write_text_record(SCOPE_USER, "00000000000000ff", text, cut);
		assert_true(count_class(session, CKO_CERTIFICATE) < 2 || cut > length - 3);
	}
	/* An SPKI that isn't the certificate's. */
	write_text_record(SCOPE_USER, "00000000000000ff", text, length);
	assert_int_equal(count_class(session, CKO_CERTIFICATE), 2);
	*(strstr(text, "SPKI: ") + 60) ^= 1;
	write_text_record(SCOPE_USER, "00000000000000ff", text, length);
	assert_int_equal(count_class(session, CKO_CERTIFICATE), 0);
	free(text);
}

static void test_refused_keys_show_certificates(void **state)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	CK_MECHANISM mechanism = { CKM_RSA_PKCS, NULL, 0 };

	write_record(SCOPE_USER, &(struct test_record){ .pki = "ed25519" });
	write_record(SCOPE_USER, &(struct test_record){ .pki = "rsa1024" });
	session = open_session(0, 0);
	assert_int_equal(count_class(session, CKO_CERTIFICATE), 2);
	assert_int_equal(count_class(session, CKO_PRIVATE_KEY), 1);
	key = find_one(session, CKO_PRIVATE_KEY, "rsa1024");
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_KEY_SIZE_RANGE);
}

static void test_system_keys_hidden(void **state)
{
	CK_SESSION_HANDLE session;
	struct fake_agent *agent;

	write_record(SCOPE_SYSTEM, &(struct test_record){ .pki = "rsa2048" });
	session = open_session(SYSTEM_SLOT, 0);
	/* Root sees them, though nothing listens. */
	if (geteuid() == 0) {
		assert_int_equal(count_class(session, CKO_PRIVATE_KEY), 1);
		assert_int_equal(setegid(65534), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	assert_int_equal(count_class(session, CKO_PRIVATE_KEY), 0);
	assert_int_equal(count_class(session, CKO_PUBLIC_KEY), 1);
	assert_int_equal(count_class(session, CKO_CERTIFICATE), 1);
	if (geteuid() != 65534)
		return;
	/* The answer is remembered for some seconds; a new life asks anew. */
	assert_int_equal(seteuid(0), 0);
	agent = agent_start(SCOPE_SYSTEM);
	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
	session = open_session(SYSTEM_SLOT, 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(count_class(session, CKO_CERTIFICATE), 1);
	assert_int_equal(agent->hellos, 0);
	assert_int_equal(count_class(session, CKO_PRIVATE_KEY), 1);
	assert_int_equal(count_class(session, CKO_PRIVATE_KEY), 1);
	assert_int_equal(agent->hellos, 1);
	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
	agent->may_sign = 0;
	session = open_session(SYSTEM_SLOT, 0);
	assert_int_equal(count_class(session, CKO_PRIVATE_KEY), 0);
	assert_int_equal(count_class(session, CKO_CERTIFICATE), 1);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
}

/* Two hundred identities, found one by one. */
static void test_many(void **state)
{
	CK_SESSION_HANDLE session;
	char label[32];

	for (int i = 0; i < 200; i++) {
		snprintf(label, sizeof(label), "device %03d", i);
		write_record(SCOPE_USER, &(struct test_record){ .pki = "p256",
								.label = label,
								.chain = { "issuing", "root" } });
	}
	session = open_session(0, 0);
	assert_int_equal(count_class(session, CKO_CERTIFICATE), 202);
	for (int i = 0; i < 200; i++) {
		snprintf(label, sizeof(label), "device %03d", i);
		assert_true(find_one(session, CKO_PRIVATE_KEY, label) != 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_changes_are_seen),
		TEST(test_replaced_stays_for_its_finders),
		TEST(test_dead_handles_say_so),
		TEST(test_threads_meet_replacements),
		TEST(test_same_generation_is_not_read_again),
		TEST(test_unreadable_folder),
		TEST(test_search_skips_what_went),
		TEST(test_damaged_records_are_skipped),
		TEST(test_refused_keys_show_certificates),
		TEST(test_system_keys_hidden),
		TEST(test_many),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
