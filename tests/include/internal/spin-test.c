/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* struct spin: what looks in vain cost a busy machine, and how soon a quiet one looks again. */
#include "unit.h"
#include <internal/spin.h>

/* Of `waits` waits, how many come with a look; none of those finds anything. */
static unsigned looks_in_vain(struct spin *spin, unsigned waits)
{
	unsigned looks = 0;

	for (unsigned i = 0; i < waits; i++) {
		if (!spin_wanted(spin))
			continue;
		looks++;
		spin_learn(spin, false);
	}
	return looks;
}

static void looks_while_it_finds(void **state)
{
	struct spin spin = { 0, 0 };

	for (unsigned i = 0; i < 10000; i++) {
		assert_true(spin_wanted(&spin));
		spin_learn(&spin, true);
	}
}

static void one_in_vain_is_allowed(void **state)
{
	struct spin spin = { 0, 0 };

	for (unsigned i = 0; i < 1000; i++) {
		assert_true(spin_wanted(&spin));
		spin_learn(&spin, i % 2);
	}
}

/* Two, then one each after 8, 16, … 1024 waits. */
static void a_busy_machine_pays_little(void **state)
{
	struct spin spin = { 0, 0 };

	assert_int_equal(looks_in_vain(&spin, 2), 2);
	assert_int_equal(looks_in_vain(&spin, 8), 0);
	assert_int_equal(looks_in_vain(&spin, 1), 1);
	assert_int_equal(looks_in_vain(&spin, 16), 0);
	assert_int_equal(looks_in_vain(&spin, 1), 1);
	assert_in_range(looks_in_vain(&spin, 100000), 90, 110);
}

static void never_longer_than_1024(void **state)
{
	struct spin spin = { 0, 0 };
	unsigned waits = 0;

	(void)looks_in_vain(&spin, 1000000);
	while (!spin_wanted(&spin))
		waits++;
	assert_in_range(waits, 0, 1024);
	spin_learn(&spin, true);
	assert_int_equal(spin.missed, 0);
	assert_int_equal(looks_in_vain(&spin, 2), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_while_it_finds),
		cmocka_unit_test(one_in_vain_is_allowed),
		cmocka_unit_test(a_busy_machine_pays_little),
		cmocka_unit_test(never_longer_than_1024),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
