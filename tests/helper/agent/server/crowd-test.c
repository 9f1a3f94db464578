/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose connection ends where there are too many: nobody keeps others out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "agent/server/connection.h"
#include "agent/server/crowd.h"

#define ROOT  0
#define ALICE 1000
#define BOB   1001
#define CAROL 1002

static struct connection *add(GPtrArray *connections, uid_t uid, enum connection_holds holds)
{
	struct connection *connection = g_new0(struct connection, 1);

	connection->session.peer.uid = uid;
	connection->holds = holds;
	connection->used = (gint64)connections->len + 1;
	g_ptr_array_add(connections, connection);
	return connection;
}

static int setup(void **state)
{
	*state = g_ptr_array_new_with_free_func(g_free);
	return 0;
}

static int teardown(void **state)
{
	g_ptr_array_unref(*state);
	return 0;
}

static void the_idlest_goes(void **state)
{
	GPtrArray *connections = *state;
	struct connection *first = add(connections, ALICE, HOLDS_NOTHING);
	struct connection *second = add(connections, ALICE, HOLDS_NOTHING);

	assert_ptr_equal(crowd_pick(connections, CROWD_ANYBODY), first);
	first->used = 100;
	assert_ptr_equal(crowd_pick(connections, CROWD_ANYBODY), second);
	second->busy_since = 1;
	assert_ptr_equal(crowd_pick(connections, CROWD_ANYBODY), first);
	first->ending = TRUE;
	assert_null(crowd_pick(connections, CROWD_ANYBODY));
}

static void a_uid_makes_room_among_its_own(void **state)
{
	GPtrArray *connections = *state;
	struct connection *own;

	add(connections, ALICE, HOLDS_NOTHING);
	add(connections, BOB, HOLDS_SIGNATURE);
	assert_null(crowd_pick(connections, BOB));
	own = add(connections, BOB, HOLDS_NOTHING);
	assert_ptr_equal(crowd_pick(connections, BOB), own);
	assert_int_equal(crowd_count(connections, BOB), 2);
	own->ending = TRUE;
	assert_int_equal(crowd_count(connections, BOB), 1);
}

static void who_has_most_makes_room(void **state)
{
	GPtrArray *connections = *state;
	struct connection *first_of_bob;

	add(connections, ALICE, HOLDS_NOTHING);
	first_of_bob = add(connections, BOB, HOLDS_NOTHING);
	add(connections, BOB, HOLDS_NOTHING);
	assert_ptr_equal(crowd_pick(connections, CROWD_ANYBODY), first_of_bob);
}

/* Some users who begin signatures and never end them: the one who comes after them must not be the
 * one to go, for want of others.
 */
static void begun_signatures_keep_nobody_out(void **state)
{
	GPtrArray *connections = *state;
	struct connection *first, *import;

	import = add(connections, ROOT, HOLDS_IMPORT);
	first = add(connections, ALICE, HOLDS_SIGNATURE);
	for (int i = 0; i < 63; i++)
		add(connections, ALICE, HOLDS_SIGNATURE);
	for (int i = 0; i < 64; i++)
		add(connections, BOB, HOLDS_SIGNATURE);
	add(connections, CAROL, HOLDS_NOTHING);
	assert_ptr_equal(crowd_pick(connections, CROWD_ANYBODY), first);
	/* One's own are one's own affair. */
	for (guint i = 0; i < connections->len; i++)
		((struct connection *)connections->pdata[i])->session.peer.uid = ALICE;
	g_ptr_array_remove_index(connections, connections->len - 1);
	assert_null(crowd_pick(connections, CROWD_ANYBODY));
	assert_int_equal(import->holds, HOLDS_IMPORT);
}

/* One that has connected and is about to ask is not ended for want of idle ones; not for ever. */
static void who_comes_just_now_stays(void **state)
{
	GPtrArray *connections = *state;
	struct connection *coming = add(connections, ALICE, HOLDS_NOTHING), *served;

	coming->fresh = true;
	coming->used = g_get_monotonic_time();
	assert_null(crowd_pick(connections, CROWD_ANYBODY));
	served = add(connections, ALICE, HOLDS_NOTHING);
	served->used = coming->used + 1;
	assert_ptr_equal(crowd_pick(connections, CROWD_ANYBODY), served);
	coming->used -= 3 * G_USEC_PER_SEC;
	assert_ptr_equal(crowd_pick(connections, CROWD_ANYBODY), coming);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_idlest_goes),		TEST(a_uid_makes_room_among_its_own),
		TEST(who_has_most_makes_room),	TEST(begun_signatures_keep_nobody_out),
		TEST(who_comes_just_now_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
