/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* That the one who starts the agent sees nothing of it, and is told where it can't be. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "spawn-report.h"
#include <internal/client.h>

static volatile sig_atomic_t children_seen;

static void count_child(int signal_number)
{
	children_seen++;
}

static int with_handler(void *data)
{
	struct sigaction action = { .sa_handler = count_child };

	sigaction(SIGCHLD, &action, NULL);
	if (spawn_agent(SCOPE_USER) != DEVID_OK)
		return 1;
	if (waitpid(-1, NULL, 0) != -1 || errno != ECHILD)
		return 2;
	return children_seen ? 3 : 0;
}

static void a_handler_hears_nothing(void **state)
{
	assert_int_equal(in_child(with_handler, NULL), 0);
}

static int with_ignored(void *data)
{
	signal(SIGCHLD, SIG_IGN);
	if (spawn_agent(SCOPE_USER) != DEVID_OK)
		return 1;
	return waitpid(-1, NULL, 0) != -1 || errno != ECHILD;
}

static void ignored_children_do_no_harm(void **state)
{
	assert_int_equal(in_child(with_ignored, NULL), 0);
}

static int with_blocked(void *data)
{
	sigset_t set, pending, now;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_SETMASK, &set, NULL);
	if (spawn_agent(SCOPE_USER) != DEVID_OK)
		return 1;
	sigpending(&pending);
	sigprocmask(SIG_SETMASK, NULL, &now);
	if (sigismember(&pending, SIGCHLD))
		return 2;
	/* The host's own mask is back. */
	return !sigismember(&now, SIGCHLD) || sigismember(&now, SIGTERM);
}

static void nothing_is_left_pending(void **state)
{
	assert_int_equal(in_child(with_blocked, NULL), 0);
}

static void *wait_for_any(void *data)
{
	pid_t *own = data, got = waitpid(-1, NULL, 0);

	return got == *own ? NULL : data;
}

/* A thread sits in wait(-1) the whole time: it gets the host's own child and no other. */
static int with_waiter(void *data)
{
	struct timespec pause_for = { 0, 5000000 };
	pthread_t thread;
	pid_t own;
	void *wrong;

	own = fork();
	if (own == 0) {
		pause();
		_exit(0);
	}
	if (pthread_create(&thread, NULL, wait_for_any, &own) != 0)
		return 1;
	nanosleep(&pause_for, NULL);
	for (int i = 0; i < 5; i++)
		if (spawn_agent(SCOPE_USER) != DEVID_OK)
			return 2;
	kill(own, SIGKILL);
	pthread_join(thread, &wrong);
	return wrong ? 3 : 0;
}

static void a_waiting_thread_gets_its_own_child(void **state)
{
	assert_int_equal(in_child(with_waiter, NULL), 0);
}

static int without_streams(void *data)
{
	close(0);
	close(1);
	close(2);
	if (spawn_agent(SCOPE_USER) != DEVID_OK)
		return 1;
	return fcntl(0, F_GETFD) != -1 || fcntl(1, F_GETFD) != -1 || fcntl(2, F_GETFD) != -1;
}

static void closed_streams_do_no_harm(void **state)
{
	assert_int_equal(in_child(without_streams, NULL), 0);
	assert_true(report_has("fd 0 /dev/null"));
	assert_true(report_has("fd 2 /dev/null"));
	assert_true(report_has("fd 3 pipe"));
}

/* So many descriptors are left: two are needed. */
static int with_few(void *data)
{
	int left = *(int *)data, last = -1, fd;
	struct rlimit limit = { 64, 64 };

	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 98;
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	for (int i = 0; i < left; i++)
		close(last - i);
	return spawn_agent(SCOPE_USER);
}

static void few_descriptors_are_enough_or_told(void **state)
{
	int left = 2;

	assert_int_equal(in_child(with_few, &left), DEVID_OK);
	assert_true(report_has("files 64"));
	left = 1;
	assert_int_equal(in_child(with_few, &left), DEVID_IO);
	left = 0;
	assert_int_equal(in_child(with_few, &left), DEVID_IO);
}

static int with_low_limit(void *data)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 16;
	if (limit.rlim_max < 1024 || setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 98;
	return spawn_agent(SCOPE_USER);
}

static void a_low_limit_is_not_handed_on(void **state)
{
	assert_int_equal(in_child(with_low_limit, NULL), DEVID_OK);
	assert_true(report_has("files 1024"));
}

static int leaking(void *data)
{
	int before = count_fds();

	for (int i = 0; i < 5; i++)
		if (spawn_agent(SCOPE_USER) != DEVID_OK)
			return 1;
	setenv("DEVID_FAKE_MANNER", "fail", 1);
	if (spawn_agent(SCOPE_USER) != DEVID_AGENT_GONE)
		return 2;
	return count_fds() != before;
}

static void no_descriptor_is_lost(void **state)
{
	assert_int_equal(in_child(leaking, NULL), 0);
}

static void what_is_no_program_is_told(void **state)
{
	/* Below /tmp root runs nothing. */
	int refused = geteuid() == 0 ? DEVID_DENIED : DEVID_AGENT_GONE;
	char path[256];

	setenv("DEVID_AGENT", "/nonexistent/agent", 1);
	assert_int_equal(in_child(spawn_plain, NULL), DEVID_AGENT_GONE);
	write_file(report_folder, "text", "no program", 10, 0755);
	snprintf(path, sizeof(path), "%s/text", report_folder);
	setenv("DEVID_AGENT", path, 1);
	assert_int_equal(in_child(spawn_plain, NULL), refused);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(in_child(spawn_plain, NULL), DEVID_AGENT_GONE);
	setenv("DEVID_AGENT", report_folder, 1);
	assert_int_equal(in_child(spawn_plain, NULL), refused);
}

static int hurried(void *data)
{
	hurry_factor = 50;
	return spawn_plain(data);
}

static void an_agent_that_is_never_ready_is_bounded(void **state)
{
	struct timespec moment = { 0, 10000000 };
	char *report = NULL, *pid = NULL;

	setenv("DEVID_FAKE_MANNER", "mute", 1);
	assert_int_equal(in_child(hurried, NULL), DEVID_TIMEOUT);
	/* It may have been given up before it came to write. */
	for (int tries = 0; !pid && tries < 3000; tries++) {
		free(report);
		report = read_whole(report_folder, "report");
		pid = report ? strstr(report, "\npid ") : NULL;
		if (!pid)
			nanosleep(&moment, NULL);
	}
	assert_non_null(pid);
	kill(atoi(pid + 5), SIGKILL);
	free(report);
}

static void *spawn_in_thread(void *data)
{
	*(enum devid_result *)data = spawn_agent(SCOPE_USER);
	return NULL;
}

static int many_threads(void *data)
{
	enum devid_result results[8];
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, spawn_in_thread, &results[i]);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 8; i++)
		if (results[i] != DEVID_OK)
			return 1;
	return 0;
}

static void threads_may_start_it_at_once(void **state)
{
	assert_int_equal(in_child(many_threads, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_handler_hears_nothing),	    TEST(ignored_children_do_no_harm),
		TEST(nothing_is_left_pending),	    TEST(a_waiting_thread_gets_its_own_child),
		TEST(closed_streams_do_no_harm),    TEST(few_descriptors_are_enough_or_told),
		TEST(a_low_limit_is_not_handed_on), TEST(no_descriptor_is_lost),
		TEST(what_is_no_program_is_told),   TEST(an_agent_that_is_never_ready_is_bounded),
		TEST(threads_may_start_it_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
