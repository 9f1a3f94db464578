/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One process with 64 sessions and 10,000 signatures: no memory grows, here or in the agent.
 *
 *	fault-signs        prints what each had after the first thousand and at the end, in KiB
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "host.h"

#define THREADS	 8
#define SESSIONS 8 /* of each thread */
#define FIRST	 1000
#define ALL	 10000
#define RSA_EACH 10 /* every tenth */
/* Allocators keep what they had at their busiest, and how busy a moment was is chance [+16 to +200
 * KiB, and no more of it after 200,000 signatures]; 64 bytes lost with each would be 560 KiB.
 */
#define NOISE_KIB 512

static struct {
	CK_SESSION_HANDLE sessions[SESSIONS];
	CK_OBJECT_HANDLE rsa, curve;
	int signatures;
} shares[THREADS];

/* Of its own, in memory and not from files. */
static long private_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	file = fopen(path, "re");
	CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Anonymous: %ld", &kib) == 1)
			break;
	fclose(file);
	CHECK(kib > 0);
	return kib;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM mechanism = { type, NULL, 0 };
	CK_BYTE data[32] = { 1 }, signature[512];
	CK_ULONG length = sizeof(signature);
	CK_RV rv = p11->C_SignInit(session, &mechanism, key);

	return rv == CKR_OK ? p11->C_Sign(session, data, 32, signature, &length) : rv;
}

static void *work(void *data)
{
	size_t share = (size_t)data;

	for (int i = 0; i < shares[share].signatures; i++) {
		CK_SESSION_HANDLE session = shares[share].sessions[i % SESSIONS];

		if (i % RSA_EACH == 0)
			CHECK(sign(session, CKM_SHA256_RSA_PKCS, shares[share].rsa) == CKR_OK);
		else
			CHECK(sign(session, CKM_ECDSA, shares[share].curve) == CKR_OK);
	}
	return NULL;
}

static void sign_many(int total)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		shares[i].signatures = total / THREADS;
		CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
	}
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

static void open_sessions(void)
{
	for (int i = 0; i < THREADS; i++) {
		for (int k = 0; k < SESSIONS; k++)
			CHECK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL,
						 &shares[i].sessions[k]) == CKR_OK);
		CHECK(host_find_key(shares[i].sessions[0], CKK_RSA, &shares[i].rsa) == CKR_OK);
		CHECK(host_find_key(shares[i].sessions[0], CKK_EC, &shares[i].curve) == CKR_OK);
	}
}

int main(void)
{
	long own, agents;
	int fds = count_fds();
	pid_t agent;

	alarm(100);
	host_load();
	CHECK(p11->C_Initialize(NULL) == CKR_OK);
	open_sessions();
	sign_many(FIRST);
	agent = agent_pid();
	CHECK(agent > 0);
	own = private_kib(getpid());
	agents = private_kib(agent);
	sign_many(ALL - FIRST);
	CHECK(agent_pid() == agent);
	printf("client %ld %ld\n", own, private_kib(getpid()));
	printf("agent %ld %ld\n", agents, private_kib(agent));
#ifndef __SANITIZE_ADDRESS__ /* which keeps what is freed */
	CHECK(private_kib(getpid()) <= own + NOISE_KIB);
	CHECK(private_kib(agent) <= agents + NOISE_KIB);
#endif
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	CHECK(count_fds() == fds);
	CHECK(!has_children());
	return 0;
}
