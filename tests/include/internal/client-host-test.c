/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose socket the client uses, and that its connection is its process's own. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "client-place.h"
#include "fake-server.h"

static void a_folder_that_others_enter_is_not_used(void **state)
{
	struct place *place = *state;
	struct client client = CLIENT_INIT;

	place_serve(place, "answer");
	for (mode_t bit = 1; bit < 0100; bit <<= 1) {
		assert_int_equal(chmod(place->folder, 0700 | bit), 0);
		assert_result(connect_user(&client), DEVID_DENIED);
	}
	assert_int_equal(chmod(place->folder, 0700), 0);
	assert_result(connect_user(&client), DEVID_OK);
	client_close(&client);
}

static void a_link_to_a_folder_is_not_used(void **state)
{
	struct place *place = *state;
	struct client client = CLIENT_INIT;
	char link[256];

	place_serve(place, "answer");
	snprintf(link, sizeof(link), "%s/link", place->folder);
	assert_int_equal(symlink(place->folder, link), 0);
	setenv("DEVID_RUNTIME_DIR", link, 1);
	assert_result(connect_user(&client), DEVID_DENIED);
}

static void a_folder_of_another_user_is_not_used(void **state)
{
	struct place *place = *state;
	struct client client = CLIENT_INIT;

	if (!is_root())
		skip();
	place_serve(place, "answer");
	assert_int_equal(chown(place->folder, 65534, 65534), 0);
	assert_result(connect_user(&client), DEVID_DENIED);
}

/* The folder is right and the listener is another user's. */
static void a_listener_of_another_user_is_not_used(void **state)
{
	struct place *place = *state;
	struct client client = CLIENT_INIT;
	char path[256];
	int listener;

	if (!is_root())
		skip();
	snprintf(path, sizeof(path), "%s/agent", place->folder);
	/* Peer credentials are those of listen(). */
	assert_int_equal(chmod(place->folder, 0777), 0);
	assert_int_equal(seteuid(65534), 0);
	listener = fake_listen(path);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(place->folder, 0700), 0);
	assert_true(listener >= 0);
	assert_result(connect_user(&client), DEVID_DENIED);
	/* On the machine's scope root's folder may hold root's socket alone. */
	setenv("DEVID_SYSTEM_RUNTIME_DIR", place->folder, 1);
	assert_result(client_connect(&client, SCOPE_SYSTEM, CLIENT_NO_START), DEVID_DENIED);
	close(listener);
}

static void the_machine_s_folder_is_not_writable_by_others(void **state)
{
	struct place *place = *state;
	struct client client = CLIENT_INIT;

	place_serve(place, "answer");
	setenv("DEVID_SYSTEM_RUNTIME_DIR", place->folder, 1);
	assert_int_equal(chmod(place->folder, 0755), 0);
	assert_result(client_connect(&client, SCOPE_SYSTEM, CLIENT_NO_START), DEVID_OK);
	client_close(&client);
	assert_int_equal(chmod(place->folder, 0775), 0);
	assert_result(client_connect(&client, SCOPE_SYSTEM, CLIENT_NO_START), DEVID_DENIED);
	assert_int_equal(chmod(place->folder, 0757), 0);
	assert_result(client_connect(&client, SCOPE_SYSTEM, CLIENT_NO_START), DEVID_DENIED);
}

static int use_in_child(void *data)
{
	struct client *client = data;
	struct client own = CLIENT_INIT;

	if (client_is_connected(client) || ask(client, DEVID_OK) != DEVID_AGENT_GONE ||
	    client->fd != -1)
		return 1;
	client_close(client);
	if (connect_user(&own) != DEVID_OK || ask(&own, DEVID_OK) != DEVID_OK)
		return 2;
	client_close(&own);
	return 0;
}

static int close_in_child(void *data)
{
	client_close(data);
	return 0;
}

/* The parent's connection is the parent's; what a child does must not reach it. */
static void a_forked_child_has_its_own(void **state)
{
	struct place *place = *state;
	AUTO_CLIENT struct client client = CLIENT_INIT;
	pid_t second;

	place_serve(place, "answer");
	second = place->server;
	assert_result(connect_user(&client), DEVID_OK);
	assert_result(ask(&client, DEVID_OK), DEVID_OK);
	/* One server serves one at a time: the child's goes to another. */
	place_serve(place, "answer");
	assert_int_equal(in_child(use_in_child, &client), 0);
	assert_int_equal(in_child(close_in_child, &client), 0);
	assert_result(ask(&client, DEVID_STORE_LOCKED), DEVID_STORE_LOCKED);
	client_close(&client);
	kill(second, SIGKILL);
	waitpid(second, NULL, 0);
}

/* A host that became a daemon closed everything, and opened something else in our place. */
static void a_descriptor_that_is_no_longer_ours_is_left_alone(void **state)
{
	struct place *place = *state;
	struct client client = CLIENT_INIT;
	int fds[2], fd;
	char byte;

	place_serve(place, "answer");
	assert_result(connect_user(&client), DEVID_OK);
	fd = client.fd;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(dup2(fds[0], fd), fd);
	assert_result(ask(&client, DEVID_OK), DEVID_AGENT_GONE);
	assert_int_equal(client.fd, -1);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	assert_int_equal(recv(fds[1], &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	close(fd);
	close(fds[0]);
	close(fds[1]);
}

static int without_standard_streams(void *data)
{
	struct client client = CLIENT_INIT;

	close(0);
	close(1);
	close(2);
	if (connect_user(&client) != DEVID_OK || client.fd < 3)
		return 1;
	if (fcntl(0, F_GETFD) != -1 || fcntl(1, F_GETFD) != -1 || fcntl(2, F_GETFD) != -1)
		return 2;
	return ask(&client, DEVID_OK) != DEVID_OK;
}

static void the_standard_streams_stay_free(void **state)
{
	place_serve(*state, "answer");
	assert_int_equal(in_child(without_standard_streams, NULL), 0);
}

static int without_descriptors(void *data)
{
	struct client client = CLIENT_INIT;

	while (open("/dev/null", O_RDONLY) >= 0)
		;
	if (connect_user(&client) != DEVID_IO || client.fd != -1)
		return 1;
	close(10);
	return connect_user(&client) != DEVID_OK || ask(&client, DEVID_OK) != DEVID_OK;
}

static void no_descriptor_left_is_told(void **state)
{
	place_serve(*state, "answer");
	assert_int_equal(in_child(without_descriptors, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_folder_that_others_enter_is_not_used),
		TEST(a_link_to_a_folder_is_not_used),
		TEST(a_folder_of_another_user_is_not_used),
		TEST(a_listener_of_another_user_is_not_used),
		TEST(the_machine_s_folder_is_not_writable_by_others),
		TEST(a_forked_child_has_its_own),
		TEST(a_descriptor_that_is_no_longer_ours_is_left_alone),
		TEST(the_standard_streams_stay_free),
		TEST(no_descriptor_left_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
