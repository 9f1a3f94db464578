/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sixteen threads that do all that a session can, while sessions are closed, the library is ended
 *and begun anew, and children are made under them; with the real agent.
 *
 *	fault-stress SECONDS        prints how much was done of each; 0 where every answer was one
 *that may come
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include "host.h"

#define THREADS	      16
#define BOUND_SECONDS 120 /* the end of what hangs */
#define SIGNED_LEAST  10  /* of each kind; a slow machine signs, too */

static atomic_int stop;
static atomic_uint counts[8];

/* What a call may hear when its session, or the library, ends under it. */
static const CK_RV ends[] = {
	CKR_OK,
	CKR_SESSION_HANDLE_INVALID,
	CKR_SESSION_CLOSED,
	CKR_CRYPTOKI_NOT_INITIALIZED,
	CKR_OPERATION_NOT_INITIALIZED,
	CKR_OBJECT_HANDLE_INVALID,
	CKR_KEY_HANDLE_INVALID,
};

static bool may_come(CK_RV rv)
{
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (rv == ends[i])
			return true;
	fprintf(stderr, "# 0x%lx\n", rv);
	return false;
}

static CK_RV sign_whole(CK_SESSION_HANDLE session)
{
	return host_sign(session);
}

static CK_RV sign_parts(CK_SESSION_HANDLE session)
{
	CK_RV rv = host_sign_begin(session, STREAMED);

	return rv == CKR_OK ? host_sign_end(session, STREAMED) : rv;
}

static CK_RV sign_curve(CK_SESSION_HANDLE session)
{
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	CK_BYTE data[32] = { 1 }, signature[64];
	CK_ULONG length = sizeof(signature);
	CK_OBJECT_HANDLE key;
	CK_RV rv = host_find_key(session, CKK_EC, &key);

	if (rv == CKR_OK)
		rv = p11->C_SignInit(session, &mechanism, key);
	return rv == CKR_OK ? p11->C_Sign(session, data, 32, signature, &length) : rv;
}

/* The session is closed with it, and its connection with that. */
static CK_RV give_up(CK_SESSION_HANDLE session)
{
	return host_sign_begin(session, STREAMED);
}

static CK_RV look(CK_SESSION_HANDLE session)
{
	CK_OBJECT_HANDLE objects[32];
	CK_BYTE value[8192];
	CK_ULONG count = 0;
	CK_RV rv = p11->C_FindObjectsInit(session, NULL, 0);

	if (rv == CKR_OK)
		rv = p11->C_FindObjects(session, objects, 32, &count);
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		CK_ATTRIBUTE attribute = { CKA_LABEL, value, sizeof(value) };

		rv = p11->C_GetAttributeValue(session, objects[i], &attribute, 1);
	}
	return rv;
}

static CK_RV ask_around(CK_SESSION_HANDLE session)
{
	CK_SESSION_INFO session_info;
	CK_TOKEN_INFO token_info;
	CK_SLOT_ID slot;
	CK_BYTE random[16];
	CK_RV rv = p11->C_GetSessionInfo(session, &session_info);

	if (rv == CKR_OK)
		rv = p11->C_GetTokenInfo(0, &token_info);
	if (rv == CKR_OK)
		rv = p11->C_GenerateRandom(session, random, sizeof(random));
	if (rv == CKR_OK)
		rv = p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL);
	return rv == CKR_NO_EVENT ? CKR_OK : rv;
}

static CK_RV close_all(CK_SESSION_HANDLE session)
{
	return p11->C_CloseAllSessions(0);
}

static const struct {
	const char *name;
	CK_RV (*run)(CK_SESSION_HANDLE session);
	int weight;
} deeds[] = {
	{ "whole", sign_whole, 6 },    { "parts", sign_parts, 3 }, { "curve", sign_curve, 6 },
	{ "given up", give_up, 2 },    { "look", look, 4 },	   { "ask", ask_around, 4 },
	{ "close all", close_all, 1 },
};
#define DEEDS (sizeof(deeds) / sizeof(deeds[0]))

static size_t choose(unsigned *seed)
{
	int total = 0, at;
	size_t i = 0;

	for (size_t k = 0; k < DEEDS; k++)
		total += deeds[k].weight;
	at = rand_r(seed) % total;
	while (at >= deeds[i].weight)
		at -= deeds[i++].weight;
	return i;
}

static void *work(void *data)
{
	unsigned seed = (unsigned)(size_t)data;

	while (!atomic_load(&stop)) {
		size_t deed = choose(&seed);
		CK_SESSION_HANDLE session;
		CK_RV rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session);

		CHECK(may_come(rv));
		if (rv != CKR_OK)
			continue;
		rv = deeds[deed].run(session);
		CHECK(may_come(rv));
		if (rv == CKR_OK)
			atomic_fetch_add(&counts[deed], 1);
		/* Some are left for C_CloseAllSessions and C_Finalize. */
		if (rand_r(&seed) % 4)
			CHECK(may_come(p11->C_CloseSession(session)));
	}
	return NULL;
}

/* Children inherit locks in every state. The sanitizers' allocators aren't made ready for a fork
 * under threads, and a child can wait in them for ever: there it can but ask.
 */
static void make_child(void)
{
	CK_INFO info;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(BOUND_SECONDS);
		CHECK(p11->C_GetInfo(&info) == CKR_CRYPTOKI_NOT_INITIALIZED);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		CK_SESSION_HANDLE session = host_begin();

		CHECK(sign_curve(session) == CKR_OK);
		CHECK(p11->C_Finalize(NULL) == CKR_OK);
#endif
		_exit(0);
	}
	wait_for_child(pid);
}

static void begin_anew(void)
{
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	CHECK(p11->C_Initialize(NULL) == CKR_OK);
}

/* On a machine that has much else to do it takes longer until each kind had its turn. */
static bool enough_done(void)
{
	for (size_t i = 0; i < DEEDS; i++)
		if (atomic_load(&counts[i]) < SIGNED_LEAST)
			return false;
	return true;
}

static void trouble_them(int seconds)
{
	struct timespec moment = { 0, 50000000 }, start, now;
	unsigned rounds = 0;
	bool over = false;

	clock_gettime(CLOCK_MONOTONIC, &start);
	/* When the time is over the library is ended no more: on a slow machine the longest deeds
	 * hardly ever come to their end between two of those.
	 */
	do {
		nanosleep(&moment, NULL);
		if (rounds++ % 3 || over)
			make_child();
		else
			begin_anew();
		clock_gettime(CLOCK_MONOTONIC, &now);
		over = now.tv_sec - start.tv_sec >= seconds;
	} while (!over || !enough_done());
	printf("rounds %u\n", rounds);
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	int fds;

	if (argc != 2)
		return 2;
	alarm(BOUND_SECONDS);
	host_load();
	fds = count_fds();
	CHECK(p11->C_Initialize(NULL) == CKR_OK);
	for (size_t i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
	trouble_them(atoi(argv[1]));
	atomic_store(&stop, 1);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	for (size_t i = 0; i < DEEDS; i++)
		printf("%s %u\n", deeds[i].name, atomic_load(&counts[i]));
	for (size_t i = 0; i < DEEDS; i++)
		CHECK(counts[i] >= SIGNED_LEAST);
	CHECK(count_fds() == fds);
	CHECK(!has_children());
	return 0;
}
