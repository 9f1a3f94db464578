/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts that load and unload. */
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include "host.h"

#define ROUNDS 100

static void load_loop(void)
{
	int fds = count_fds();

	for (int i = 0; i < ROUNDS; i++) {
		void *module = host_load();
		CK_SESSION_HANDLE session = host_begin();

		CHECK(host_sign(session) == CKR_OK);
		CHECK(p11->C_Finalize(NULL) == CKR_OK);
		CHECK(dlclose(module) == 0);
		CHECK(count_fds() == fds);
	}
}

/* Unloaded with a live connection, and without C_Finalize: what is kept doesn't grow. */
static void load_unfinished(void)
{
	int fds = 0;

	for (int i = 0; i < ROUNDS; i++) {
		void *module = host_load();
		CK_RV rv = p11->C_Initialize(NULL);
		CK_SESSION_HANDLE session;

		CHECK(rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED);
		CHECK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK);
		CHECK(host_sign(session) == CKR_OK);
		CHECK(dlclose(module) == 0);
		if (i == 0)
			fds = count_fds();
		CHECK(count_fds() == fds);
	}
	host_load();
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
}

static void *wait_for_event(void *data)
{
	CK_SLOT_ID slot;

	return (void *)p11->C_WaitForSlotEvent(0, &slot, NULL);
}

/* Unloaded under a thread that is inside: its code is still there. */
static void load_occupied(void)
{
	struct timespec moment = { 0, 50000000 };
	void *module = host_load(), *rv;
	pthread_t thread;

	CHECK(host_sign(host_begin()) == CKR_OK);
	CHECK(pthread_create(&thread, NULL, wait_for_event, NULL) == 0);
	nanosleep(&moment, NULL);
	CHECK(dlclose(module) == 0);
	host_load();
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	CHECK(pthread_join(thread, &rv) == 0);
	CHECK((CK_RV)rv == CKR_CRYPTOKI_NOT_INITIALIZED);
}

const struct manner load_manners[] = {
	{ "load-loop", load_loop },
	{ "load-unfinished", load_unfinished },
	{ "load-occupied", load_occupied },
	{ NULL, NULL },
};
