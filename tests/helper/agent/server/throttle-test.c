/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long who asks too fast waits: by numbers, not by the clock. */
#include "agent/server/throttle.h"
#include "tests/helper/agent/support.h"

#define NOW ((gint64)1000 * G_USEC_PER_SEC)

static gint64 ask(struct throttle *throttle, uid_t uid, guint times, gint64 now)
{
	gint64 wait = 0;

	for (guint i = 0; i < times; i++)
		wait = throttle_count(throttle, uid, now);
	return wait;
}

static void test_burst(void **state)
{
	struct throttle *throttle = throttle_new();

	assert_int_equal(ask(throttle, 1000, THROTTLE_BURST, NOW), 0);
	/* What comes after it waits its turn, and no longer. */
	assert_true(ask(throttle, 1000, 1, NOW) > 0);
	assert_true(ask(throttle, 1000, 99, NOW) <= G_USEC_PER_SEC * 100 / THROTTLE_RATE);
	/* Nobody else does. */
	assert_int_equal(ask(throttle, 1001, 1, NOW), 0);
	/* After a rest there is room again. */
	assert_int_equal(ask(throttle, 1000, 1, NOW + 2 * G_USEC_PER_SEC), 0);
	throttle_free(throttle);
}

/* 5,000 signatures a second, for a minute: never a wait. */
static void test_busy_gateway(void **state)
{
	struct throttle *throttle = throttle_new();

	for (gint64 i = 0; i < 60 * 5000; i++)
		assert_int_equal(throttle_count(throttle, 1000, NOW + i * G_USEC_PER_SEC / 5000),
				 0);
	throttle_free(throttle);
}

/* Somebody who asks without end gets the rate and no more. */
static void test_flood(void **state)
{
	struct throttle *throttle = throttle_new();
	gint64 now = NOW;
	guint count = 0;

	for (; now < NOW + 10 * G_USEC_PER_SEC; count++)
		now += 10 + throttle_count(throttle, 1000, now);
	assert_true(count <= THROTTLE_BURST + 11 * THROTTLE_RATE);
	throttle_free(throttle);
}

static void test_many_uids(void **state)
{
	struct throttle *throttle = throttle_new();

	for (uid_t uid = 1; uid < 5000; uid++)
		assert_int_equal(throttle_count(throttle, uid, NOW + uid * 1000), 0);
	/* A clock that goes backwards costs nobody more than a burst. */
	assert_int_equal(throttle_count(throttle, 1, NOW), 0);
	throttle_free(throttle);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_busy_gateway),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_many_uids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
