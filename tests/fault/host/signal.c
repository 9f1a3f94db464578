/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts with ways of their own with children and signals. Each is run where no agent listens, so
 * that its first signature starts one.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include "host.h"

static volatile sig_atomic_t children_seen;

static void count_child(int number)
{
	children_seen++;
}

/* The agent is started, signs, is told to leave, and leaves: nothing of that is seen. */
static void start_and_see_nothing(void)
{
	struct timespec moment = { 0, 5000000 };
	CK_SESSION_HANDLE session;
	sigset_t pending;
	pid_t agent;

	CHECK(agent_pid() == 0);
	host_load();
	session = host_begin();
	CHECK(host_sign(session) == CKR_OK);
	CHECK(!has_children());
	agent = agent_pid();
	CHECK(agent > 0 && kill(agent, SIGTERM) == 0);
	while (!agent_is_gone(agent))
		nanosleep(&moment, NULL);
	CHECK(!has_children());
	/* And another one in its place. */
	CHECK(host_sign(session) == CKR_OK);
	CHECK(!has_children());
	CHECK(sigpending(&pending) == 0 && !sigismember(&pending, SIGCHLD));
	CHECK(children_seen == 0);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
}

static void child_default(void)
{
	start_and_see_nothing();
}

static void child_ignored(void)
{
	CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	start_and_see_nothing();
}

static void child_not_waited(void)
{
	struct sigaction action = { .sa_handler = count_child, .sa_flags = SA_NOCLDWAIT };

	CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
	start_and_see_nothing();
}

static void child_handled(void)
{
	struct sigaction action = { .sa_handler = count_child };

	CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
	start_and_see_nothing();
}

static void child_blocked(void)
{
	sigset_t set, now;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	start_and_see_nothing();
	CHECK(sigprocmask(SIG_SETMASK, NULL, &now) == 0);
	CHECK(sigismember(&now, SIGCHLD) && !sigismember(&now, SIGTERM));
}

static void *reap_one(void *own)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, 0);
	while (pid < 0 && errno == EINTR);
	return pid == *(pid_t *)own ? NULL : own;
}

/* A thread sits in wait(-1): it gets the host's own child, and no other before it. */
static void child_reaped(void)
{
	struct timespec moment = { 0, 5000000 };
	pid_t own = fork(), agent;
	CK_SESSION_HANDLE session;
	pthread_t reaper;
	void *wrong;

	if (own == 0) {
		pause();
		_exit(0);
	}
	CHECK(pthread_create(&reaper, NULL, reap_one, &own) == 0);
	nanosleep(&moment, NULL);
	host_load();
	session = host_begin();
	CHECK(host_sign(session) == CKR_OK);
	agent = agent_pid();
	CHECK(agent > 0 && kill(agent, SIGTERM) == 0);
	while (!agent_is_gone(agent))
		nanosleep(&moment, NULL);
	CHECK(host_sign(session) == CKR_OK);
	CHECK(kill(own, SIGKILL) == 0);
	CHECK(pthread_join(reaper, &wrong) == 0 && !wrong);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
}

/* Its own orphans come to it still. */
static void make_an_orphan(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (fork() == 0)
			_exit(7);
		_exit(0);
	}
	wait_for_child(pid);
	CHECK(waitpid(-1, &status, 0) > 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void subreaper(void)
{
	struct sigaction action = { .sa_handler = count_child };
	int is_one = 0;

	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	make_an_orphan();
	CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
	start_and_see_nothing();
	CHECK(prctl(PR_GET_CHILD_SUBREAPER, &is_one) == 0 && is_one);
	CHECK(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
	make_an_orphan();
}

static void *begin_and_sign(void *data)
{
	CK_SESSION_HANDLE session;

	CHECK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK);
	CHECK(host_sign(session) == CKR_OK);
	return NULL;
}

/* Eight threads start the agent at once. */
static void subreaper_threads(void)
{
	struct timespec moment = { 0, 5000000 };
	pthread_t threads[8];
	int is_one = 0;
	pid_t agent;

	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	host_load();
	host_begin();
	for (int i = 0; i < 8; i++)
		CHECK(pthread_create(&threads[i], NULL, begin_and_sign, NULL) == 0);
	for (int i = 0; i < 8; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK(prctl(PR_GET_CHILD_SUBREAPER, &is_one) == 0 && is_one);
	CHECK(!has_children());
	agent = agent_pid();
	CHECK(agent > 0 && kill(agent, SIGTERM) == 0);
	while (!agent_is_gone(agent))
		nanosleep(&moment, NULL);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	make_an_orphan();
}

static volatile sig_atomic_t interruptions;

static void interrupt(int number)
{
	interruptions++;
}

/* A timer interrupts every system call that can be. */
static void interrupted(void)
{
	struct sigaction action = { .sa_handler = interrupt };
	const struct itimerval timer = { { 0, 500 }, { 0, 500 } }, none = { { 0, 0 }, { 0, 0 } };
	CK_SESSION_HANDLE session;

	CHECK(sigaction(SIGALRM, &action, NULL) == 0);
	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
	host_load();
	session = host_begin();
	for (int i = 0; i < 50 || interruptions < 20; i++)
		CHECK(host_sign(session) == CKR_OK);
	CHECK(host_sign_begin(session, STREAMED) == CKR_OK);
	CHECK(host_sign_end(session, STREAMED) == CKR_OK);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	CHECK(setitimer(ITIMER_REAL, &none, NULL) == 0);
}

const struct manner signal_manners[] = {
	{ "child-default", child_default },
	{ "child-ignored", child_ignored },
	{ "child-not-waited", child_not_waited },
	{ "child-handled", child_handled },
	{ "child-blocked", child_blocked },
	{ "child-reaped", child_reaped },
	{ "subreaper", subreaper },
	{ "subreaper-threads", subreaper_threads },
	{ "interrupted", interrupted },
	{ NULL, NULL },
};
