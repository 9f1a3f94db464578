/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many processes of many threads, which all sign with the P-256 key until the time is over.
 *
 *	fault-threads PROCESSES THREADS SECONDS		prints how many signatures there were; the
 *first that fails in each process is told, and ends with 1
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include "host.h"

#define MOST 512

static struct shared {
	atomic_ulong signatures;
	atomic_uint ready;
	struct timespec end;
} * shared;
static atomic_ulong failed; /* CKR + 1 */

static bool is_over(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > shared->end.tv_sec ||
	       (now.tv_sec == shared->end.tv_sec && now.tv_nsec >= shared->end.tv_nsec);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	CK_BYTE data[32] = { 1 }, signature[64];
	CK_ULONG length = sizeof(signature);
	CK_RV rv = p11->C_SignInit(session, &mechanism, key);

	return rv != CKR_OK ? rv : p11->C_Sign(session, data, sizeof(data), signature, &length);
}

static void *work(void *unused)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	CK_RV rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session);

	if (rv == CKR_OK)
		rv = host_find_key(session, CKK_EC, &key);
	while (rv == CKR_OK && !is_over()) {
		rv = sign(session, key);
		if (rv == CKR_OK)
			atomic_fetch_add(&shared->signatures, 1);
	}
	if (rv != CKR_OK)
		atomic_store(&failed, rv + 1);
	return unused;
}

static int be_one(int threads)
{
	pthread_t thread[MOST];

	host_load();
	CHECK(p11->C_Initialize(&(CK_C_INITIALIZE_ARGS){ .flags = CKF_OS_LOCKING_OK }) == CKR_OK);
	for (int i = 0; i < threads; i++)
		CHECK(pthread_create(&thread[i], NULL, work, NULL) == 0);
	for (int i = 0; i < threads; i++)
		CHECK(pthread_join(thread[i], NULL) == 0);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	if (failed)
		fprintf(stderr, "# %d: 0x%lx\n", getpid(), atomic_load(&failed) - 1);
	return failed != 0;
}

int main(int argc, char **argv)
{
	int processes = argc == 4 ? atoi(argv[1]) : 0, threads = argc == 4 ? atoi(argv[2]) : 0;
	int status, bad = 0;

	if (processes < 1 || processes > MOST || threads < 1 || threads > MOST)
		return 2;
	alarm((unsigned)atoi(argv[3]) + 120);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CHECK(shared != MAP_FAILED);
	clock_gettime(CLOCK_MONOTONIC, &shared->end);
	shared->end.tv_sec += atoi(argv[3]);
	for (int i = 0; i < processes; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0)
			_exit(be_one(threads));
	}
	for (int i = 0; i < processes; i++) {
		CHECK(wait(&status) > 0);
		bad += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	}
	printf("%lu\n", atomic_load(&shared->signatures));
	if (bad > 0)
		fprintf(stderr, "# %d of %d processes failed\n", bad, processes);
	return bad > 0;
}
