/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many processes of a client at once, let go at the same moment: each lists, signs and leaves.
 *
 *	fault-crowd COUNT        prints how many did all of it; the others say why not. It asks the
 *agent itself and stays with it to the end of its input, so that the agent can be looked at.
 *
 * Each is a program of its own, as `fault-crowd one` is.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "host.h"

#define COUNT_MOST 1000

static int list(CK_SESSION_HANDLE session)
{
	CK_OBJECT_HANDLE objects[64];
	CK_ULONG count = 0;

	CHECK(p11->C_FindObjectsInit(session, NULL, 0) == CKR_OK);
	CHECK(p11->C_FindObjects(session, objects, 64, &count) == CKR_OK);
	CHECK(p11->C_FindObjectsFinal(session) == CKR_OK);
	return (int)count;
}

static int be_one(void)
{
	CK_SESSION_HANDLE session;
	CK_RV rv;

	host_load();
	session = host_begin();
	/* A private key, a public key and a certificate at least. */
	CHECK(list(session) >= 3);
	rv = host_sign(session);
	if (rv != CKR_OK)
		fprintf(stderr, "# %d: 0x%lx\n", getpid(), rv);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	return rv != CKR_OK;
}

/* It waits for the end of `start`, that all see at once. */
static void become_one(const int *start, char *name)
{
	char *const arguments[] = { name, (char[]){ "one" }, NULL };
	char byte;

	close(start[1]);
	if (read(start[0], &byte, 1) == 0)
		execv("/proc/self/exe", arguments);
	_exit(1);
}

int main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0, good = 0, start[2], status;

	alarm(200);
	if (argc == 2 && strcmp(argv[1], "one") == 0)
		return be_one();
	if (count < 1 || count > COUNT_MOST)
		return 2;
	CHECK(pipe2(start, O_CLOEXEC) == 0);
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0)
			become_one(start, argv[0]);
	}
	close(start[0]);
	close(start[1]);
	for (int i = 0; i < count; i++) {
		CHECK(wait(&status) > 0);
		good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	CHECK(!has_children());
	host_load();
	host_begin();
	printf("%d\n", good);
	fflush(stdout);
	while (getchar() != EOF)
		;
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	return 0;
}
