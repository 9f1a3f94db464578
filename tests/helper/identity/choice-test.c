/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which identity is chosen: each fact against each, and what is remembered of a gateway. */
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#include "identity/choice-store.h"
#include "identity/choice.h"

#define NAMED	 .named = true
#define ACCEPTED .accepted = true
#define VALID	 .valid = true
#define USED	 .used_last = true
#define WISHED	 .wished = true
#define ENDS(n)	 .expires = (n)
#define HERE	 .candidate = true

static const struct {
	const char *what;
	struct choice_facts facts[4];
	size_t count, best;
} rows[] = {
	{ "none", { { 0 } }, 0, CHOICE_NONE },
	{ "one without a certificate", { { NAMED } }, 1, CHOICE_NONE },
	{ "the only one", { { HERE } }, 1, 0 },
	{ "the only one with a certificate", { { NAMED }, { HERE } }, 2, 1 },
	{ "equal: the first", { { HERE, ENDS(5) }, { HERE, ENDS(5) } }, 2, 0 },
	{ "named before all else",
	  { { HERE, ACCEPTED, VALID, USED, WISHED, ENDS(9) }, { HERE, NAMED } },
	  2,
	  1 },
	{ "accepted before the one used last",
	  { { HERE, VALID, USED, WISHED, ENDS(9) }, { HERE, ACCEPTED, VALID } },
	  2,
	  1 },
	{ "without an account: valid before the one used last",
	  { { HERE, USED, WISHED, ENDS(9) }, { HERE, VALID } },
	  2,
	  1 },
	{ "accepted before valid", { { HERE, VALID, ENDS(9) }, { HERE, ACCEPTED } }, 2, 1 },
	{ "the one used last before the one that ends later",
	  { { HERE, ACCEPTED, WISHED, ENDS(9) }, { HERE, ACCEPTED, USED, ENDS(1) } },
	  2,
	  1 },
	{ "the one that ends later before the one that is wished",
	  { { HERE, ACCEPTED, WISHED, ENDS(1) }, { HERE, ACCEPTED, ENDS(2) } },
	  2,
	  1 },
	{ "wished, where they end at once",
	  { { HERE, ACCEPTED, ENDS(2) }, { HERE, ACCEPTED, WISHED, ENDS(2) } },
	  2,
	  1 },
	{ "used last and refused, among two that are accepted",
	  { { HERE, USED, ENDS(9) },
	    { HERE, ACCEPTED, ENDS(3) },
	    { HERE, ACCEPTED, ENDS(4) },
	    { HERE, VALID, ENDS(9) } },
	  4,
	  2 },
	{ "before 1970 is later than nothing", { { HERE, ENDS(-5) }, { HERE, ENDS(-4) } }, 2, 1 },
};

static void choice(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (choice_best(rows[i].facts, rows[i].count) != rows[i].best)
			fail_msg("%s: %zu is chosen", rows[i].what,
				 choice_best(rows[i].facts, rows[i].count));
}

/* --- the store, in a state folder of the test's own */

static char *state_folder;

static const char *key(unsigned number)
{
	static char text[CHOICE_KEY_LENGTH + 1];

	g_snprintf(text, sizeof(text), "%064x", number);
	return text;
}

static void remember(const char *host, guint16 port, unsigned number, time_t now)
{
	assert_true(
		choice_remember(&(struct choice_gateway){ host, port }, key(number), now, NULL));
}

static void assert_recalled(const char *host, guint16 port, unsigned number)
{
	g_autofree char *found = choice_recall(&(struct choice_gateway){ host, port });

	if (number == 0)
		assert_null(found);
	else
		assert_string_equal(found, key(number));
}

static char *file(const char *name)
{
	return g_build_filename(state_folder, "choices", name, NULL);
}

static int fresh(void **state)
{
	g_autofree char *quoted = g_shell_quote(state_folder);
	g_autofree char *command = g_strdup_printf("rm -rf %s", quoted);

	return system(command);
}

static void remembered(void **state)
{
	g_autofree char *path = file("gateways.conf");
	struct stat status;

	assert_recalled("vpn.example", 443, 0);
	assert_recalled(NULL, 0, 0);
	remember("vpn.example", 443, 1, 100);
	remember("vpn.example", 444, 2, 300);
	remember("2001:db8::1", 443, 3, 200);
	assert_recalled("vpn.example", 443, 1);
	assert_recalled("VPN.Example", 443, 1);
	assert_recalled("vpn.example", 444, 2);
	assert_recalled("2001:db8::1", 443, 3);
	assert_recalled("vpn.example", 445, 0);
	assert_recalled("other.example", 443, 0);
	assert_recalled(NULL, 0, 2);
	remember("vpn.example", 443, 4, 400);
	assert_recalled("vpn.example", 443, 4);
	assert_recalled(NULL, 0, 4);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void bounded(void **state)
{
	for (unsigned i = 0; i < CHOICE_GATEWAYS_MAX + 10; i++) {
		g_autofree char *host = g_strdup_printf("host-%u.example", i);

		remember(host, 443, i + 1, 1000 + i);
	}
	assert_recalled("host-9.example", 443, 0);
	assert_recalled("host-10.example", 443, 11);
	assert_recalled("host-73.example", 443, 74);
}

static void hostile_names(void **state)
{
	static const char *const names[] = { "", "[x", "a]b", "a b", "a\nKey=b", "\xff", "\x1b[m" };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		assert_true(choice_remember(&(struct choice_gateway){ names[i], 1 }, key(7), 100,
					    NULL));
		assert_recalled(names[i], 1, 0);
	}
	assert_recalled(NULL, 0, 0);
	assert_true(
		choice_remember(&(struct choice_gateway){ "vpn.example", 1 }, "no key", 100, NULL));
	assert_recalled("vpn.example", 1, 0);
}

/* What can't be believed is as if it were not there, and the next time replaces it. */
static void damaged(void **state)
{
	static const char *const texts[] = {
		"",
		"nonsense",
		"[vpn.example 443]\nKey=short\nUsed=5\n",
		"[vpn.example 443]\nUsed=5\n",
		"[vpn.example 443]\n\xff\xfe\n",
		"[vpn.example 443]\nKey=000000000000000000000000000000000000000000000000000000000000000G\n",
	};
	g_autofree char *path = file("gateways.conf");

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		remember("other.example", 443, 1, 1);
		assert_true(g_file_set_contents(path, texts[i], -1, NULL));
		assert_recalled("vpn.example", 443, 0);
		remember("vpn.example", 443, 9, 10);
		assert_recalled("vpn.example", 443, 9);
	}
}

static void not_ours(void **state)
{
	g_autofree char *path = file("gateways.conf"), *folder = file("");
	g_autofree char *elsewhere = g_strconcat(state_folder, "-else", NULL);
	g_autofree char *big = g_strnfill(100000, '#');

	remember("vpn.example", 443, 1, 1);
	assert_int_equal(rename(path, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, path), 0);
	assert_recalled("vpn.example", 443, 0); /* a link */
	remember("vpn.example", 443, 2, 2);	/* which is replaced, not followed */
	assert_recalled("vpn.example", 443, 2);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_recalled("vpn.example", 443, 0);
	assert_int_equal(unlink(path), 0);
	assert_true(g_file_set_contents(path, big, -1, NULL));
	assert_recalled("vpn.example", 443, 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_recalled("vpn.example", 443, 0);
	assert_false(
		choice_remember(&(struct choice_gateway){ "vpn.example", 443 }, key(3), 3, NULL));
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(unlink(elsewhere), 0);
}

static int begin(void **state)
{
	state_folder = g_dir_make_tmp("devid-selection-XXXXXX", NULL);
	return state_folder && setenv("DEVID_STATE_DIR", state_folder, 1) == 0 ? 0 : -1;
}

static int end(void **state)
{
	int result = fresh(state);

	g_free(state_folder);
	return result;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(choice),
		cmocka_unit_test_teardown(remembered, fresh),
		cmocka_unit_test_teardown(bounded, fresh),
		cmocka_unit_test_teardown(hostile_names, fresh),
		cmocka_unit_test_teardown(damaged, fresh),
		cmocka_unit_test_teardown(not_ours, fresh),
	};

	return cmocka_run_group_tests_name("selection", tests, begin, end);
}
