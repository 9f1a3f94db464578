/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many events one user can bring about: by numbers, not by the clock. */
#include "agent/gate/tally.h"
#include "tests/helper/agent/support.h"

#define NOW    ((gint64)1000 * G_USEC_PER_SEC)
#define MINUTE ((gint64)TALLY_SECONDS * G_USEC_PER_SEC)

static guint alive;

static void item_free(void *item)
{
	alive--;
	g_free(item);
}

/* true: told by itself. */
static bool use(struct tally *tally, const char *user, const char *program, gint64 now)
{
	const struct tally_kind kind = { user, program, "Allowed" };
	char *item = g_strdup(program);

	alive++;
	if (!tally_add(tally, &kind, item, now))
		return false;
	item_free(item);
	return true;
}

static guint use_many(struct tally *tally, const char *user, guint times, bool names, gint64 now)
{
	guint told = 0;

	for (guint i = 0; i < times; i++) {
		g_autofree char *program = g_strdup_printf("/tmp/p%u", names ? i : 0);

		told += use(tally, user, program, now);
	}
	return told;
}

/* How many counts are over, and of how many uses. */
static guint taken(struct tally *tally, gint64 now, guint *uses, guint *others)
{
	struct tally_item *item;
	guint count = 0;

	*uses = *others = 0;
	while ((item = tally_take(tally, now))) {
		*uses += item->count;
		*others += item->others;
		assert_true(item->first <= item->last);
		item_free(item->item);
		g_free(item);
		count++;
	}
	return count;
}

static void test_one_program(void **state)
{
	struct tally *tally = tally_new(item_free);
	guint uses, others;

	assert_int_equal(use_many(tally, "mallory", 4200, false, NOW), TALLY_SINGLE);
	assert_int_equal(tally_due(tally), NOW + MINUTE);
	assert_int_equal(taken(tally, NOW + MINUTE - 1, &uses, &others), 0);
	assert_int_equal(taken(tally, NOW + MINUTE, &uses, &others), 1);
	assert_int_equal(uses, 4200 - TALLY_SINGLE);
	assert_int_equal(others, 0);
	assert_int_equal(tally_due(tally), G_MAXINT64);
	/* The next minute begins anew. */
	assert_true(use(tally, "mallory", "/tmp/p0", NOW + MINUTE));
	tally_free(tally);
	assert_int_equal(alive, 0);
}

/* Names that the process chooses buy a few lines: the first of each kind is told at once. */
static void test_many_names(void **state)
{
	struct tally *tally = tally_new(item_free);
	guint uses, others;

	assert_int_equal(use_many(tally, "mallory", 4200, true, NOW), TALLY_SINGLE + TALLY_KINDS);
	assert_int_equal(taken(tally, NOW + MINUTE, &uses, &others), TALLY_KINDS + 1);
	assert_int_equal(uses, 4200 - TALLY_SINGLE - TALLY_KINDS);
	assert_int_equal(others, 1);
	tally_free(tally);
	assert_int_equal(alive, 0);
}

/* Nor does a range of numbers, as name spaces have one, and nobody else's share is less. */
static void test_others(void **state)
{
	struct tally *tally = tally_new(item_free);
	guint told = 0;

	for (guint uid = 100000; uid < 104200; uid++) {
		g_autofree char *user = g_strdup_printf("%u", uid);

		told += use(tally, user, "/tmp/p", NOW);
	}
	assert_int_equal(told, TALLY_SINGLE);
	assert_int_equal(use_many(tally, "alice", 5, true, NOW), 5);
	tally_free(tally);
	assert_int_equal(alive, 0);
}

/* More users than are told apart: the memory is bounded, and none is lost. */
static void test_many_users(void **state)
{
	struct tally *tally = tally_new(item_free);
	guint told = 0, uses, others;

	for (guint i = 0; i < 5000; i++) {
		g_autofree char *user = g_strdup_printf("u%u", i);

		told += use(tally, user, "/tmp/p", NOW);
	}
	assert_in_range(told, 1024, 1024 + TALLY_SINGLE);
	assert_int_equal(taken(tally, G_MAXINT64, &uses, &others), 1);
	assert_int_equal(told + uses, 5000);
	assert_true(use(tally, "late", "/tmp/p", NOW + 2 * MINUTE));
	tally_free(tally);
	assert_int_equal(alive, 0);
}

/* What is new is told at once, however often the user's other programs came before. */
static void test_first_of_a_kind(void **state)
{
	struct tally *tally = tally_new(item_free);

	assert_int_equal(use_many(tally, "alice", 100, false, NOW), TALLY_SINGLE);
	assert_true(use(tally, "alice", "/usr/bin/new", NOW));
	assert_false(use(tally, "alice", "/usr/bin/new", NOW));
	assert_false(use(tally, "alice", "/tmp/p0", NOW));
	tally_free(tally);
	assert_int_equal(alive, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_program),	cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_others),		cmocka_unit_test(test_many_users),
		cmocka_unit_test(test_first_of_a_kind),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
