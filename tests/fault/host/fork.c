/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts that fork and exec. */
#include <stdlib.h>
#include <sys/wait.h>
#include "host.h"

static void a_child_s_life(void)
{
	int fds = count_fds();
	CK_SESSION_HANDLE session = host_begin();

	CHECK(host_sign(session) == CKR_OK);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	/* The parent's connections, where there were any, have been let go. */
	CHECK(count_fds() <= fds);
	CHECK(!has_children());
	_exit(0);
}

static void fork_before(void)
{
	CK_SESSION_HANDLE session;
	pid_t pid;

	host_load();
	pid = fork();
	if (pid == 0)
		a_child_s_life();
	session = host_begin();
	CHECK(host_sign(session) == CKR_OK);
	wait_for_child(pid);
	CHECK(host_sign(session) == CKR_OK);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
}

/* With a connection kept, and one that is in the middle of a signature. */
static void fork_amid(void)
{
	CK_SESSION_HANDLE session, other;
	CK_SESSION_INFO info;
	pid_t pid;

	host_load();
	session = host_begin();
	CHECK(host_sign(session) == CKR_OK);
	CHECK(host_sign_begin(session, STREAMED) == CKR_OK);
	pid = fork();
	if (pid == 0) {
		CHECK(p11->C_GetSessionInfo(session, &info) == CKR_CRYPTOKI_NOT_INITIALIZED);
		CHECK(host_sign_end(session, STREAMED) == CKR_CRYPTOKI_NOT_INITIALIZED);
		CHECK(p11->C_Finalize(NULL) == CKR_CRYPTOKI_NOT_INITIALIZED);
		a_child_s_life();
	}
	wait_for_child(pid);
	CHECK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &other) == CKR_OK);
	CHECK(host_sign(other) == CKR_OK);
	CHECK(host_sign_end(session, STREAMED) == CKR_OK);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
}

/* Ends with the handlers of its parent, and calls nothing. */
static void fork_exit(void)
{
	CK_SESSION_HANDLE session;
	pid_t pid;

	host_load();
	session = host_begin();
	CHECK(host_sign_begin(session, STREAMED) == CKR_OK);
	pid = fork();
	if (pid == 0)
		exit(0);
	wait_for_child(pid);
	CHECK(host_sign_end(session, STREAMED) == CKR_OK);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
}

/* A daemon's way: the grandchild goes on, the parent has gone. */
static void fork_twice(void)
{
	CK_SESSION_HANDLE session;
	int done[2];
	char byte = 0;
	pid_t pid;

	CHECK(pipe(done) == 0);
	host_load();
	session = host_begin();
	CHECK(host_sign(session) == CKR_OK);
	pid = fork();
	if (pid == 0) {
		close(done[0]);
		pid = fork();
		if (pid > 0)
			_exit(0);
		setsid();
		session = host_begin();
		CHECK(host_sign(session) == CKR_OK);
		CHECK(p11->C_Finalize(NULL) == CKR_OK);
		CHECK(write(done[1], "1", 1) == 1);
		_exit(0);
	}
	close(done[1]);
	wait_for_child(pid);
	CHECK(read(done[0], &byte, 1) == 1 && byte == '1');
	close(done[0]);
	CHECK(host_sign(session) == CKR_OK);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
}

/* What another program is started with: the standard streams, and nothing of ours. */
static void exec_self(void)
{
	static char name[] = "exec-other", count[16];
	char *arguments[] = { host_arguments[0], name, count, NULL };
	CK_SESSION_HANDLE session;

	snprintf(count, sizeof(count), "%d", count_fds());
	host_load();
	session = host_begin();
	CHECK(host_sign(session) == CKR_OK);
	CHECK(host_sign_begin(session, STREAMED) == CKR_OK);
	CHECK(count_fds() >= atoi(count) + 2);
	execv("/proc/self/exe", arguments);
	CHECK(!"execv");
}

static void exec_other(void)
{
	CK_SESSION_HANDLE session;

	CHECK(!host_arguments[2] || count_fds() == atoi(host_arguments[2]));
	CHECK(!has_children());
	host_load();
	session = host_begin();
	CHECK(host_sign(session) == CKR_OK);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
}

const struct manner fork_manners[] = {
	{ "fork-before", fork_before },
	{ "fork-amid", fork_amid },
	{ "fork-exit", fork_exit },
	{ "fork-twice", fork_twice },
	{ "exec-self", exec_self },
	{ "exec-other", exec_other },
	{ NULL, NULL },
};
