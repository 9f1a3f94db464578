/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose the other end of a connection is: lines as the kernel writes them, and what is none. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <glib.h>
#include <sys/un.h>
#include <unistd.h>

#include "command/proxy/owner.h"

#define HEAD \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define QUEUES " 00000000:00000000 00:00000000 00000000 "
#define REST   " 01" QUEUES

/* 127.0.0.1, 127.0.0.1:8080 and so on, as a little machine has them. */
#define LOW  (htonl(1) != 1)
#define HOST (LOW ? "0100007F" : "7F000001")

static struct sockaddr_in four(const char *host, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	assert_int_equal(inet_pton(AF_INET, host, &address.sin_addr), 1);
	return address;
}

static bool find(const char *format, uid_t *uid)
{
	struct sockaddr_in own = four("127.0.0.1", 40000), other = four("127.0.0.1", 8080);
	g_auto(GStrv) parts = g_strsplit(format, "%s", -1);
	g_autofree char *table = g_strjoinv(HOST, parts);

	return owner_in_table(table, (void *)&own, (void *)&other, uid);
}

static void test_found(void **state)
{
	uid_t uid = 0;

	assert_true(find(HEAD "   0: %s:9C40 %s:1F90" REST "  1001        0 34 1\n", &uid));
	assert_int_equal(uid, 1001);
	/* Without the last line feed, and behind others. */
	assert_true(find(HEAD "   0: 00000000:0016 00000000:0000" REST "0 0 1\n"
			      "  11: %s:9C40 %s:1F90" REST "4294967294 0 3",
			 &uid));
	assert_int_equal(uid, 4294967294U);
	/* It has ended its own direction. */
	assert_true(find(HEAD " 0: %s:9C40 %s:1F90 04" QUEUES "7 0 34 1\n", &uid));
	assert_true(find(HEAD " 0: %s:9C40 %s:1F90 05" QUEUES "7 0 34 1\n", &uid));
	assert_int_equal(uid, 7);
}

/* An IPv4 connection of a socket of both families, in tcp6. */
static void test_mapped(void **state)
{
	uid_t uid = 0;
	const char *prefix = LOW ? "0000000000000000FFFF0000" : "00000000000000000000FFFF";
	g_autofree char *line = g_strconcat(HEAD " 0: ", prefix, "%s:9C40 ", prefix,
					    "%s:1F90" REST "7 0 3\n", NULL);

	assert_true(find(line, &uid));
	assert_int_equal(uid, 7);
}

static void test_not_found(void **state)
{
	static const char *const tables[] = {
		"",
		"\n",
		HEAD,
		/* The other way round: that is our own end. */
		HEAD " 0: %s:1F90 %s:9C40" REST "1001 0 3\n",
		HEAD " 0: %s:9C40 %s:1F91" REST "1001 0 3\n",
		HEAD " 0: %s:9C40 %s:1F90 01 00000000:00000000 00:00000000\n",
		HEAD " 0: %s:9C40 %s:1F90" REST "\n",
		HEAD " 0: %s:9C40 %s:1F90" REST "-1 0 3\n",
		HEAD " 0: %s:9C40 %s:1F90" REST "1001x 0 3\n",
		HEAD " 0: %s:9C40 %s:1F90" REST "4294967295 0 3\n",
		HEAD " 0: %s:9C40 %s:1F90" REST "99999999999 0 3\n",
		/* Closed by its program: no longer anybody's, though it says root's. */
		HEAD " 0: %s:9C40 %s:1F90 05" QUEUES "0 0 0 3 0000000085646db9\n",
		HEAD " 0: %s:9C40 %s:1F90 06" QUEUES "0 0 0 3 0000000085646db9\n",
		HEAD " 0: %s:9C40 %s:1F90" REST "1001 0 x\n",
		HEAD " 0: %s:9C40 %s:1F90" REST "1001 0\n",
		/* It is only about to connect. */
		HEAD " 0: %s:9C40 %s:1F90 02" QUEUES "1001 0 3\n",
		/* Its words stand elsewhere in the line. */
		HEAD " %s:9C40 %s:1F90 0:" REST "1001 0 3\n",
	};
	uid_t uid = 77;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		assert_false(find(tables[i], &uid));
	assert_int_equal(uid, 77);
}

/* Real ones, in each family: ours. */
static void check_pair(int family, struct sockaddr *address, socklen_t length, socklen_t room)
{
	int listener = socket(family, SOCK_STREAM, 0), client = socket(family, SOCK_STREAM, 0);
	uid_t uid = (uid_t)-1;
	int server;

	assert_int_equal(bind(listener, address, length), 0);
	assert_int_equal(listen(listener, 1), 0);
	length = room;
	assert_int_equal(getsockname(listener, address, &length), 0);
	assert_int_equal(connect(client, address, length), 0);
	server = accept(listener, NULL, NULL);
	assert_true(owner_find(server, &uid));
	assert_int_equal(uid, geteuid());
	close(client);
	/* Of a Unix socket the kernel keeps who connected it. */
	uid = (uid_t)-1;
	assert_int_equal(owner_find(server, &uid), family == AF_UNIX);
	assert_int_equal(uid, family == AF_UNIX ? geteuid() : (uid_t)-1);
	close(server);
	close(listener);
}

static void test_real(void **state)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in one = four("127.0.0.1", 0);
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	uid_t uid = 77;
	int pipes[2];

	check_pair(AF_INET, (void *)&one, sizeof(one), sizeof(one));
	check_pair(AF_INET6, (void *)&six, sizeof(six), sizeof(six));
	/* A name that the kernel chooses. */
	check_pair(AF_UNIX, (void *)&local, sizeof(sa_family_t), sizeof(local));
	assert_int_equal(pipe(pipes), 0);
	assert_false(owner_find(pipes[0], &uid));
	close(pipes[0]);
	close(pipes[1]);
	assert_false(owner_find(pipes[0], &uid));
	assert_int_equal(uid, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
