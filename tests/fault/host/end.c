/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts that end without C_Finalize, in every way that there is. All end with 0. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "host.h"

static atomic_int signatures;

static void *sign_for_ever(void *data)
{
	CK_SESSION_HANDLE session;

	CHECK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK);
	while (host_sign_blindly(session) == CKR_OK)
		signatures++;
	return NULL;
}

/* A session with a connection of its own in the middle of a signature. */
static CK_SESSION_HANDLE begin_amid(void)
{
	CK_SESSION_HANDLE session;

	host_load();
	session = host_begin();
	CHECK(host_sign(session) == CKR_OK);
	CHECK(host_sign_begin(session, STREAMED) == CKR_OK);
	return session;
}

static void begin_threads(void)
{
	struct timespec moment = { 0, 5000000 };
	pthread_t thread;

	begin_amid();
	for (int i = 0; i < 8; i++)
		CHECK(pthread_create(&thread, NULL, sign_for_ever, NULL) == 0);
	while (signatures < 20)
		nanosleep(&moment, NULL);
}

static void end_exit(void)
{
	begin_amid();
	exit(0);
}

static void end_at_once(void)
{
	begin_amid();
	_exit(0);
}

static void end_return(void)
{
	CK_SESSION_HANDLE session = begin_amid();

	CHECK(host_sign_end(session, STREAMED) == CKR_OK);
	exit(0);
}

/* While eight others sign. */
static void end_amid_threads(void)
{
	begin_threads();
	exit(0);
}

static void *exit_here(void *data)
{
	exit(0);
}

static void end_in_thread(void)
{
	pthread_t thread;

	begin_threads();
	CHECK(pthread_create(&thread, NULL, exit_here, NULL) == 0);
	for (;;)
		pause();
}

static void *sign_and_exit(void *data)
{
	CK_SESSION_HANDLE session;

	CHECK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK);
	for (int i = 0; i < 20; i++)
		CHECK(host_sign(session) == CKR_OK);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	exit(0);
}

/* The first thread goes, the others go on. */
static void end_of_main(void)
{
	pthread_t thread;

	begin_amid();
	CHECK(pthread_create(&thread, NULL, sign_and_exit, NULL) == 0);
	pthread_exit(NULL);
}

static void finalize_late(void)
{
	CK_SESSION_INFO info;

	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	CHECK(p11->C_Finalize(NULL) == CKR_CRYPTOKI_NOT_INITIALIZED);
	CHECK(p11->C_GetSessionInfo(1, &info) == CKR_CRYPTOKI_NOT_INITIALIZED);
	CHECK(p11->C_CloseSession(1) == CKR_CRYPTOKI_NOT_INITIALIZED);
}

/* As NSS and p11-kit do: in a handler, while others are inside. */
static void end_in_handler(void)
{
	begin_threads();
	CHECK(atexit(finalize_late) == 0);
	exit(0);
}

const struct manner end_manners[] = {
	{ "end-exit", end_exit },
	{ "end-at-once", end_at_once },
	{ "end-return", end_return },
	{ "end-amid-threads", end_amid_threads },
	{ "end-in-thread", end_in_thread },
	{ "end-of-main", end_of_main },
	{ "end-in-handler", end_in_handler },
	{ NULL, NULL },
};
