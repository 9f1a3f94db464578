/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts with many threads: sessions closed and the library ended under them. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#include "host.h"

#define THREADS 16

static atomic_int good, stop;

/* What a thread may hear when its session, or the library, ends under it. */
static bool is_end(CK_RV rv)
{
	return rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED ||
	       rv == CKR_CRYPTOKI_NOT_INITIALIZED || rv == CKR_OPERATION_NOT_INITIALIZED ||
	       rv == CKR_KEY_HANDLE_INVALID;
}

static void *sign_on_and_on(void *data)
{
	while (!stop) {
		CK_SESSION_HANDLE session;
		CK_RV rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session);

		if (rv == CKR_OK)
			rv = host_sign(session);
		good += rv == CKR_OK;
		CHECK(rv == CKR_OK || is_end(rv));
		rv = p11->C_CloseSession(session);
		CHECK(rv == CKR_OK || is_end(rv));
	}
	return NULL;
}

static void pause_for_ms(long ms)
{
	struct timespec length = { 0, ms * 1000000 };

	nanosleep(&length, NULL);
}

/* `under` is done to them again and again, until they have signed enough. */
static void with_threads(void (*under)(void))
{
	pthread_t threads[THREADS];

	good = stop = 0;
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, sign_on_and_on, NULL) == 0);
	for (int i = 0; i < 20 || good < 200; i++) {
		pause_for_ms(20);
		under();
	}
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

static void close_all(void)
{
	CHECK(p11->C_CloseAllSessions(0) == CKR_OK);
}

static void threads_closed(void)
{
	host_load();
	host_begin();
	with_threads(close_all);
	CHECK(host_sign(0) == CKR_SESSION_HANDLE_INVALID);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
}

static int fds_at_rest;

static void end_and_begin(void)
{
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	CHECK(p11->C_Finalize(NULL) == CKR_CRYPTOKI_NOT_INITIALIZED);
	CHECK(count_fds() == fds_at_rest);
	CHECK(p11->C_Initialize(NULL) == CKR_OK);
}

static void threads_finalized(void)
{
	host_load();
	fds_at_rest = count_fds();
	host_begin();
	with_threads(end_and_begin);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
}

/* The application's mutexes, which let a call wait at the door until the end has been made. */
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static pthread_t late;
static atomic_bool late_waits, ended;

static CK_RV create_mutex(void **mutex)
{
	*mutex = &door;
	return CKR_OK;
}

static CK_RV destroy_mutex(void *mutex)
{
	return CKR_OK;
}

static CK_RV lock_mutex(void *mutex)
{
	if (late_waits || !pthread_equal(pthread_self(), late))
		return pthread_mutex_lock(mutex) == 0 ? CKR_OK : CKR_GENERAL_ERROR;
	late_waits = true;
	while (!ended)
		pause_for_ms(1);
	return pthread_mutex_lock(mutex) == 0 ? CKR_OK : CKR_GENERAL_ERROR;
}

static CK_RV unlock_mutex(void *mutex)
{
	ended = late_waits;
	return pthread_mutex_unlock(mutex) == 0 ? CKR_OK : CKR_GENERAL_ERROR;
}

static void *open_late(void *data)
{
	late = pthread_self();
	CHECK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, data) ==
	      CKR_CRYPTOKI_NOT_INITIALIZED);
	return NULL;
}

/* A call that waits for the lock while the library ends makes nothing that would outlive it. */
static void thread_late(void)
{
	CK_C_INITIALIZE_ARGS arguments = { .CreateMutex = create_mutex,
					   .DestroyMutex = destroy_mutex,
					   .LockMutex = lock_mutex,
					   .UnlockMutex = unlock_mutex };
	CK_SESSION_HANDLE session = 0;
	pthread_t thread;

	host_load();
	CHECK(p11->C_Initialize(&arguments) == CKR_OK);
	CHECK(pthread_create(&thread, NULL, open_late, &session) == 0);
	while (!late_waits)
		pause_for_ms(1);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(session == 0);
}

const struct manner thread_manners[] = {
	{ "threads-closed", threads_closed },
	{ "threads-finalized", threads_finalized },
	{ "thread-late", thread_late },
	{ NULL, NULL },
};
