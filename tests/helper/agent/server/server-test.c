/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server with its socket and threads, over a store under the test's hand: hangups, prompts,
 * leaving. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/client.h>
#include "agent/identity/keycache.h"
#include "agent/request/agent.h"
#include "agent/server/listen.h"
#include "tests/helper/agent/stub-store.h"
#include "tests/helper/agent/support.h"
#include "agent/server/server.h"
#include "agent/store/store.h"

static struct agent agent;
static struct listening listening;
static struct server *server;
static GThread *thread;
static struct made made;
static int status;

static gpointer run(gpointer data)
{
	status = server_run(server);
	return NULL;
}

static void server_begin(unsigned idle_seconds)
{
	char *why = NULL;

	listening = LISTENING_INIT;
	assert_int_equal(listen_bind(&listening, SCOPE_USER, geteuid(), getegid(), &why),
			 LISTEN_READY);
	agent_init(&agent, SCOPE_USER);
	server = server_new(&agent, &listening, idle_seconds);
	assert_non_null(server);
	agent_warm_up(&agent);
	thread = g_thread_new("server", run, NULL);
}

static void server_join(void)
{
	g_thread_join(thread);
	thread = NULL;
	server_free(server);
	server = NULL;
	agent_clear(&agent);
}

static int begin(void **state)
{
	if (place_make(state) != 0)
		return -1;
	stub_reset();
	identity_make("one", "p256", "file", &made);
	server_begin(0);
	return 0;
}

static int end(void **state)
{
	stub_release();
	if (thread) {
		agent_leave(&agent);
		server_join();
	}
	return place_remove(state);
}

static void put_sign(struct wire_frame *request)
{
	wire_begin(request, WIRE_SIGN);
	wire_put(request, TAG_SPKI_HASH, made.hash, WIRE_SPKI_HASH);
	wire_put_u32(request, TAG_SCHEME, SCHEME_ECDSA);
	wire_put_u32(request, TAG_DIGEST, DIGEST_SHA256);
	wire_put_text(request, TAG_DATA, "data");
	assert_int_equal(wire_finish(request), DEVID_OK);
}

static void connect_now(struct client *client)
{
	assert_int_equal(client_connect(client, SCOPE_USER, CLIENT_NO_START), DEVID_OK);
}

static void send_sign(struct client *client)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;

	put_sign(&request);
	assert_int_equal(socket_send(client->fd, &request, 1000), DEVID_OK);
}

static enum devid_result sign(struct client *client)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;

	put_sign(&request);
	return client_call(client, &request, &reply);
}

/* Until a condition holds; 10 s at most. */
#define await(condition)                                                     \
	do {                                                                 \
		gint64 until = g_get_monotonic_time() + 10 * G_USEC_PER_SEC; \
		while (!(condition) && g_get_monotonic_time() < until)       \
			g_usleep(1000);                                      \
		assert_true(condition);                                      \
	} while (0)

static void test_signs(void **state)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;

	connect_now(&client);
	assert_true(client.may_sign);
	for (int i = 0; i < 100; i++)
		assert_int_equal(sign(&client), DEVID_OK);
	assert_int_equal(stub.reads, 1);
}

/* The client goes away while a person is asked: the store hears of it at once. */
static void test_hangup_cancels(void **state)
{
	struct client client = CLIENT_INIT;
	AUTO_CLIENT struct client next = CLIENT_INIT;

	stub.block = TRUE;
	stub.prompt = TRUE;
	connect_now(&client);
	send_sign(&client);
	stub_await_reader();
	client_close(&client);
	await(stub.cancelled == 1);
	await(agent.server->clients(agent.server) == 0);
	/* It was refused nothing: the next one is asked for anew. */
	stub_release();
	stub.prompt = FALSE;
	connect_now(&next);
	assert_int_equal(sign(&next), DEVID_OK);
	assert_int_equal(stub.reads, 2);
	assert_int_equal(events_with("Failed", NULL), 0);
}

/* Half a hangup (the client shuts its writing side) is one too: it can't ask for anything any
 * more. */
static void test_shutdown_cancels(void **state)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;

	stub.block = TRUE;
	connect_now(&client);
	send_sign(&client);
	stub_await_reader();
	assert_int_equal(shutdown(client.fd, SHUT_WR), 0);
	await(stub.cancelled == 1);
}

static void test_progress(void **state)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	guint32 result = 99;

	stub.block = TRUE;
	stub.prompt = TRUE;
	connect_now(&client);
	send_sign(&client);
	assert_int_equal(socket_receive(client.fd, &frame, 5000, 0), DEVID_OK);
	assert_int_equal(wire_type(&frame), WIRE_PROGRESS);
	stub_release();
	assert_int_equal(socket_receive(client.fd, &frame, 5000, 0), DEVID_OK);
	assert_int_equal(wire_type(&frame), WIRE_REPLY);
	assert_true(wire_get_u32(&frame, TAG_RESULT, &result));
	assert_int_equal(result, DEVID_OK);
}

/* One client waits for a person, the others for nobody. */
static void test_others_go_on(void **state)
{
	AUTO_CLIENT struct client slow = CLIENT_INIT, quick = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	struct made other;

	identity_make("other", "rsa2048", "file", &other);
	connect_now(&slow);
	connect_now(&quick);
	assert_int_equal(sign(&quick), DEVID_OK);
	/* The key in use stays in use while another is asked for. */
	stub.block = TRUE;
	wire_begin(&request, WIRE_SIGN);
	wire_put(&request, TAG_SPKI_HASH, other.hash, WIRE_SPKI_HASH);
	wire_put_u32(&request, TAG_SCHEME, SCHEME_RSA_PKCS1);
	wire_put_u32(&request, TAG_DIGEST, DIGEST_SHA256);
	wire_put_text(&request, TAG_DATA, "data");
	assert_int_equal(wire_finish(&request), DEVID_OK);
	assert_int_equal(socket_send(slow.fd, &request, 1000), DEVID_OK);
	stub_await_reader();
	for (int i = 0; i < 20; i++)
		assert_int_equal(sign(&quick), DEVID_OK);
	wire_begin(&request, WIRE_STATUS);
	assert_int_equal(wire_finish(&request), DEVID_OK);
	assert_int_equal(client_call(&quick, &request, &reply), DEVID_OK);
	stub_release();
	assert_int_equal(socket_receive(slow.fd, &reply, 5000, 0), DEVID_OK);
}

/* The keyring locks: its keys go. */
static void test_keyring_locks(void **state)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	struct made ring;

	identity_make("ring", "stranger-p256", "keyring", &ring);
	connect_now(&client);
	assert_int_equal(sign(&client), DEVID_OK);
	made = ring;
	assert_int_equal(sign(&client), DEVID_OK);
	assert_int_equal(keycache_count(agent.keys), 2);
	stub.told(KEYRING_LOCKED, stub.told_data);
	assert_int_equal(keycache_count(agent.keys), 1);
	stub.fail = DEVID_STORE_LOCKED;
	assert_int_equal(sign(&client), DEVID_STORE_LOCKED);
}

/* Told to end while a store is waited for, it doesn't wait for that. */
static void test_term_while_waiting(void **state)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	gint64 begin;

	stub.block = TRUE;
	connect_now(&client);
	send_sign(&client);
	stub_await_reader();
	begin = g_get_monotonic_time();
	kill(getpid(), SIGTERM);
	server_join();
	assert_int_equal(status, 0);
	assert_true(g_get_monotonic_time() - begin < 4 * G_USEC_PER_SEC);
	assert_int_equal(stub.cancelled, 1);
	/* The client is told rather than cut off. */
	assert_int_equal(socket_receive(client.fd, &frame, 1000, 0), DEVID_OK);
	assert_int_equal(socket_receive(client.fd, &frame, 1000, 0), DEVID_AGENT_GONE);
	assert_int_equal(access(place_path("run/agent"), F_OK), -1);
}

/* A request that was sent before the agent leaves is answered; one after it can't be sent. */
static void test_last_request(void **state)
{
	AUTO_CLIENT struct client waiting = CLIENT_INIT, late = CLIENT_INIT;
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	guint32 result = 99;

	stub.block = TRUE;
	connect_now(&waiting);
	connect_now(&late);
	send_sign(&waiting);
	stub_await_reader();
	agent_leave(&agent);
	/* It leaves when nobody waits, which somebody does. */
	assert_int_equal(sign(&late) == DEVID_OK || TRUE, TRUE);
	stub_release();
	assert_int_equal(socket_receive(waiting.fd, &frame, 5000, 0), DEVID_OK);
	assert_true(wire_get_u32(&frame, TAG_RESULT, &result));
	assert_int_equal(result, DEVID_OK);
	server_join();
	assert_int_equal(status, 0);
	client_close(&late);
	assert_int_equal(client_connect(&late, SCOPE_USER, CLIENT_NO_START), DEVID_AGENT_GONE);
}

/* The socket was taken away and another agent listens: the first one leaves that alone as it
 * goes. */
static void test_replaced_socket(void **state)
{
	struct listening other = LISTENING_INIT;
	char *why = NULL;

	assert_int_equal(unlink(place_path("run/agent")), 0);
	assert_int_equal(listen_bind(&other, SCOPE_USER, geteuid(), getegid(), &why), LISTEN_READY);
	agent_leave(&agent);
	server_join();
	assert_int_equal(access(place_path("run/agent"), F_OK), 0);
	assert_true(listen_withdraw(&other, FALSE));
	assert_int_equal(access(place_path("run/agent"), F_OK), -1);
	/* Twice is harmless. */
	assert_true(listen_withdraw(&other, TRUE));
}

static void test_second_listener(void **state)
{
	struct listening other = LISTENING_INIT;
	char *why = NULL;

	assert_int_equal(listen_bind(&other, SCOPE_USER, geteuid(), getegid(), &why), LISTEN_OTHER);
	assert_null(why);
	assert_int_equal(other.fd, -1);
}

/* Somebody is on the way: an idle agent stays for him, one that is told to end does not. */
static void test_wanted(void **state)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	struct listening other = LISTENING_INIT;
	struct pollfd entry;
	char *why = NULL;

	agent_leave(&agent);
	server_join();
	assert_int_equal(listen_bind(&other, SCOPE_USER, geteuid(), getegid(), &why), LISTEN_READY);
	assert_int_equal(client_connect(&client, SCOPE_USER, CLIENT_NO_START) == DEVID_OK, FALSE);
	entry = (struct pollfd){ .fd = other.fd, .events = POLLIN };
	assert_int_equal(poll(&entry, 1, 0), 1);
	assert_false(listen_withdraw(&other, TRUE));
	assert_int_equal(access(place_path("run/agent"), F_OK), 0);
	assert_true(listen_withdraw(&other, FALSE));
	assert_int_equal(access(place_path("run/agent"), F_OK), -1);
}

static gpointer sign_and_go(gpointer data)
{
	for (int i = 0; i < 10; i++) {
		AUTO_CLIENT struct client client = CLIENT_INIT;

		if (client_connect(&client, SCOPE_USER, CLIENT_NO_START) != DEVID_OK ||
		    sign(&client) != DEVID_OK)
			return GINT_TO_POINTER(1);
	}
	return NULL;
}

/* Many come and go, while keys are dropped and records change under them. */
static void test_crowd(void **state)
{
	GThread *clients[24];

	for (gsize i = 0; i < G_N_ELEMENTS(clients); i++)
		clients[i] = g_thread_new("client", sign_and_go, NULL);
	for (int i = 0; i < 20; i++) {
		keycache_drop_all(agent.keys);
		place_write("data/generation", i % 2 ? "00000000000000aa" : "00000000000000ab",
			    0600);
		g_usleep(2000);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(clients); i++)
		assert_null(g_thread_join(clients[i]));
	await(agent.server->clients(agent.server) == 0);
}

/* A client that asks and doesn't read is not waited for by anybody else, nor for ever. */
static void test_deaf_client(void **state)
{
	AUTO_CLIENT struct client deaf = CLIENT_INIT, other = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;
	int small = 1;

	connect_now(&deaf);
	connect_now(&other);
	setsockopt(deaf.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	put_sign(&request);
	while (socket_send(deaf.fd, &request, 0) == DEVID_OK)
		;
	assert_int_equal(sign(&other), DEVID_OK);
}

int main(void)
{
#define SERVER(test) cmocka_unit_test_setup_teardown(test, begin, end)
	static const struct CMUnitTest tests[] = {
		SERVER(test_signs),
		SERVER(test_hangup_cancels),
		SERVER(test_shutdown_cancels),
		SERVER(test_progress),
		SERVER(test_others_go_on),
		SERVER(test_keyring_locks),
		SERVER(test_term_while_waiting),
		SERVER(test_last_request),
		SERVER(test_replaced_socket),
		SERVER(test_second_listener),
		SERVER(test_wanted),
		SERVER(test_crowd),
		SERVER(test_deaf_client),
	};
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
