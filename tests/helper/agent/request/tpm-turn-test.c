/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Turns at the TPM that is lent: one at a time for each uid, half of the time, and long ones once a
 * minute.
 */
#include "agent/request/tpm-turn.h"
#include "base/error.h"
#include "tests/helper/agent/support.h"

static struct tpm_turn *begin(uid_t uid, bool is_long)
{
	return tpm_turn_begin(uid, is_long, NULL, NULL);
}

static void each_uid_has_its_own(void **state)
{
	struct tpm_turn *one = begin(1, false), *two = begin(2, false);

	assert_non_null(one);
	assert_non_null(two);
	assert_ptr_not_equal(one, two);
	tpm_turn_end(one);
	tpm_turn_end(two);
}

/* Microseconds until that uid had its next turn, which took `used` of them. */
static gint64 next(uid_t uid, gint64 used)
{
	gint64 asked = g_get_monotonic_time(), waited;
	struct tpm_turn *turn = begin(uid, false);

	waited = g_get_monotonic_time() - asked;
	if (used > 0)
		g_usleep((gulong)used);
	tpm_turn_end(turn);
	return waited;
}

/* A login's signatures come one after another; who has used up the three seconds that were kept
 * waits for twice as long as what is owed. */
static void who_has_it_all_the_time_rests(void **state)
{
	for (int i = 0; i < 5; i++)
		assert_true(next(3, 20 * G_TIME_SPAN_MILLISECOND) < 100 * G_TIME_SPAN_MILLISECOND);
	(void)next(3, 3300 * G_TIME_SPAN_MILLISECOND);
	assert_true(next(3, 0) >= 200 * G_TIME_SPAN_MILLISECOND);
	assert_true(next(8, 0) < 100 * G_TIME_SPAN_MILLISECOND);
}

struct queue {
	gint inside, most, done;
};

static void *take_one(void *data)
{
	struct queue *queue = data;
	struct tpm_turn *turn = begin(4, false);
	gint now = g_atomic_int_add(&queue->inside, 1) + 1;

	queue->most = MAX(queue->most, now);
	g_usleep(1000);
	g_atomic_int_add(&queue->inside, -1);
	g_atomic_int_inc(&queue->done);
	tpm_turn_end(turn);
	return NULL;
}

static void one_at_a_time(void **state)
{
	struct queue queue = { 0 };
	GThread *threads[16];

	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("turn", take_one, &queue);
	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		g_thread_join(threads[i]);
	assert_int_equal(queue.done, G_N_ELEMENTS(threads));
	assert_int_equal(queue.most, 1);
}

static void a_long_one_comes_once_a_minute(void **state)
{
	g_autoptr(GError) error = NULL;
	struct tpm_turn *turn = begin(5, true);

	assert_non_null(turn);
	tpm_turn_end(turn);
	assert_null(tpm_turn_begin(5, true, NULL, &error));
	assert_string_equal(devid_error_reason(error), "tpm-busy");
	turn = begin(5, false);
	assert_non_null(turn);
	tpm_turn_end(turn);
	turn = begin(6, true);
	assert_non_null(turn);
	tpm_turn_end(turn);
}

static void who_does_not_wait_any_more_has_none(void **state)
{
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	struct tpm_turn *turn = begin(7, false);
	g_autoptr(GError) error = NULL;

	g_cancellable_cancel(cancel);
	assert_null(tpm_turn_begin(7, false, cancel, &error));
	assert_string_equal(devid_error_reason(error), "tpm-busy");
	tpm_turn_end(turn);
}

static void nobody_waits_for_ever(void **state)
{
	struct tpm_turn *turn = begin(9, false);
	gint64 asked = g_get_monotonic_time(), waited;
	g_autoptr(GError) error = NULL;

	assert_null(tpm_turn_begin(9, false, NULL, &error));
	waited = g_get_monotonic_time() - asked;
	assert_string_equal(devid_error_reason(error), "tpm-busy");
	assert_true(waited >= 4 * G_TIME_SPAN_SECOND && waited < 20 * G_TIME_SPAN_SECOND);
	tpm_turn_end(turn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_uid_has_its_own),
		cmocka_unit_test(who_has_it_all_the_time_rests),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(a_long_one_comes_once_a_minute),
		cmocka_unit_test(who_does_not_wait_any_more_has_none),
		cmocka_unit_test(nobody_waits_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
