/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts the agent as a process of nobody's: detached, with nothing of its starter's but a built
 * environment, and unseen by the starter's SIGCHLD handler and wait(-1).
 *
 * The child is made by a bare clone() with exit signal 0: no fork handler runs, no SIGCHLD comes,
 * and only a wait with __WCLONE sees it. It clones once more and ends. Between clone and execve
 * there are system calls only: the host may have threads that held any lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/client.h>
#include <internal/clock.h>
#include <internal/test-hook.h>
#include <internal/trust.h>

#define READY_FD	3
#define FIRST_CLOSED_FD 4
#define ENOUGH_FDS	1024

struct launch {
	const char *path;
	char **arguments;
	char **environment;
	uid_t uid;
	gid_t gid;
	bool change_ids; /* the host has more ids than the effective ones */
};

/* What the agent is given of its starter's environment: SECRET_BACKEND or LD_LIBRARY_PATH of a host
 * program must not reach it, nor the folders of another user that `su` left behind.
 */

/* Folders, taken where they are the caller's own. */
static const char *const folders[] = {
	"XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME",
};
static const char *const words[] = {
	"DBUS_SESSION_BUS_ADDRESS",
	"LANG",
};
#define ROOM (ARRAY_SIZE(folders) + ARRAY_SIZE(words) + 2)

struct list {
	char **entries;
	size_t count;
	bool failed;
};

/* `equals`: "=", or "" where `name` is the whole entry. */
static void add(struct list *list, const char *name, const char *equals, const char *value)
{
	char *entry;

	if (!value || list->failed)
		return;
	if (asprintf(&entry, "%s%s%s", name, equals, value) < 0)
		list->failed = true;
	else
		list->entries[list->count++] = entry;
}

/* A test's variables. */
static void add_hooks(struct list *list)
{
	if (getauxval(AT_SECURE))
		return; /* as secure_getenv() does */
	for (char **entry = environ; entry && *entry; entry++)
		if (TEST_HOOK_IS(*entry))
			add(list, *entry, "", "");
}

static void add_user(struct list *list)
{
	char home[PATH_BUFFER];

	add(list, "HOME", "=", path_home(home) ? home : NULL);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		add(list, folders[i], "=", path_from_environment(folders[i]));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		add(list, words[i], "=", secure_getenv(words[i]));
}

static void environment_free(char **environment)
{
	for (char **entry = environment; entry && *entry; entry++)
		free(*entry);
	free(environment);
}

/* NULL-ended; NULL: no memory. */
static char **environment_build(enum scope scope)
{
	struct list list = { NULL, 0, false };
	size_t hooks = 0;

	for (char **entry = environ; entry && *entry; entry++)
		hooks += TEST_HOOK_IS(*entry);
	list.entries = calloc(hooks + ROOM, sizeof(*list.entries));
	if (!list.entries)
		return NULL;
	if (scope == SCOPE_USER)
		add_user(&list);
	add_hooks(&list);
	if (list.failed) {
		environment_free(list.entries);
		return NULL;
	}
	return list.entries;
}

/* From here to become_agent(): in the child. Nothing but system calls. */

/* All arguments are zero, so their order, which differs between machines, doesn't matter. */
static pid_t clone_silently(void)
{
	return (pid_t)syscall(SYS_clone, 0UL, 0UL, 0UL, 0UL, 0UL);
}

/* The wrappers of libc would signal the other threads, which a clone doesn't have. */
static bool drop_ids(const struct launch *launch)
{
#ifdef SYS_setresuid32
	return syscall(SYS_setresgid32, launch->gid, launch->gid, launch->gid) == 0 &&
	       syscall(SYS_setresuid32, launch->uid, launch->uid, launch->uid) == 0;
#else
	return syscall(SYS_setresgid, launch->gid, launch->gid, launch->gid) == 0 &&
	       syscall(SYS_setresuid, launch->uid, launch->uid, launch->uid) == 0;
#endif
}

static void reset_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		(void)sigaction(signal_number, &action, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A host may have lowered its limits to what it needs itself; the agent serves others, too. */
static const struct {
	int resource;
	rlim_t enough;
} limits[] = {
	{ RLIMIT_NOFILE, ENOUGH_FDS },	{ RLIMIT_FSIZE, RLIM_INFINITY },
	{ RLIMIT_CPU, RLIM_INFINITY },	{ RLIMIT_AS, RLIM_INFINITY },
	{ RLIMIT_DATA, RLIM_INFINITY },
};

static void raise_limits(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit limit;

		if (getrlimit(limits[i].resource, &limit) != 0 ||
		    limit.rlim_cur >= limits[i].enough)
			continue;
		limit.rlim_cur =
			limit.rlim_max < limits[i].enough ? limit.rlim_max : limits[i].enough;
		(void)setrlimit(limits[i].resource, &limit);
	}
}

static void close_from(unsigned first)
{
	struct rlimit limit;
	unsigned end = 65536;

	if (syscall(SYS_close_range, first, ~0U, 0U) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < end)
		end = (unsigned)limit.rlim_max;
	for (unsigned fd = first; fd < end; fd++)
		close((int)fd);
}

/* Where a chroot has no /dev/null: a descriptor that can neither be read nor written. */
static int open_nothing(void)
{
	int fd = open("/dev/null", O_RDWR);

	return fd >= 0 ? fd : open("/", O_PATH);
}

/* `ready` becomes READY_FD, 0 to 2 become /dev/null, the rest is closed. */
static bool arrange_fds(int ready)
{
	if (ready == READY_FD) {
		if (fcntl(ready, F_SETFD, 0) != 0)
			return false;
	} else if (dup2(ready, READY_FD) != READY_FD) {
		return false;
	}
	close_from(FIRST_CLOSED_FD);
	for (int fd = 0; fd < READY_FD; fd++)
		close(fd);
	return open_nothing() == 0 && dup2(0, 1) == 1 && dup2(0, 2) == 2;
}

static void __attribute__((noreturn)) become_agent(const struct launch *launch, int ready)
{
	raise_limits();
	umask(077);
	if (arrange_fds(ready) && chdir("/") == 0 && (!launch->change_ids || drop_ids(launch))) {
		reset_signals();
		execve(launch->path, launch->arguments, launch->environment);
	}
	_exit(127);
}

/* One thread at a time launches: a lock that a forked child may take over from its parent's thread.
 * Signals are blocked, so no handler waits for the thread that it interrupted.
 */
static _Atomic(pid_t) launching;

static void begin_launch(void)
{
	pid_t own = getpid(), found = 0;

	while (!atomic_compare_exchange_weak(&launching, &found, own)) {
		if (found != own)
			continue;
		sched_yield();
		found = 0;
	}
}

static void end_launch(void)
{
	atomic_store(&launching, 0);
}

/* A host that adopts orphans would be given the agent as a child of its own, one that it must reap.
 * It adopts none until the child between has ended [0.2 ms]. Where it is the first process of its
 * name space there is nobody else to do so.
 */
static bool stop_adopting(void)
{
	int adopts = 0;

	return prctl(PR_GET_CHILD_SUBREAPER, &adopts, 0, 0, 0) == 0 && adopts &&
	       prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0;
}

static pid_t clone_and_reap(const struct launch *launch, int ready)
{
	pid_t child = clone_silently();

	if (child == 0) {
		setsid();
		child = clone_silently();
		if (child == 0)
			become_agent(launch, ready);
		_exit(child < 0);
	}
	if (child > 0)
		while (waitpid(child, NULL, __WCLONE) < 0 && errno == EINTR)
			;
	return child;
}

/* Clones the child that clones the agent, and reaps it. */
static enum devid_result launch_detached(const struct launch *launch, int ready)
{
	sigset_t all, before;
	bool adopts;
	pid_t child;

	/* No handler of the host may run in the child. */
	sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, &before) != 0)
		return DEVID_FAILED;
	begin_launch();
	adopts = stop_adopting();
	child = clone_and_reap(launch, ready);
	if (adopts)
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	end_launch();
	sigprocmask(SIG_SETMASK, &before, NULL);
	return child > 0 ? DEVID_OK : DEVID_NO_MEMORY;
}

/* A byte: an agent listens. The end of file: none came up. */
static enum devid_result wait_until_ready(int fd)
{
	int64_t deadline = clock_us() / 1000 + CLIENT_WAIT_MS, left;

	while ((left = deadline - clock_us() / 1000) > 0) {
		struct pollfd entry = { .fd = fd, .events = POLLIN };
		char byte;

		if (poll(&entry, 1, (int)left) > 0)
			return read(fd, &byte, 1) == 1 ? DEVID_OK : DEVID_AGENT_GONE;
	}
	return DEVID_TIMEOUT;
}

static bool has_other_ids(const struct launch *launch)
{
	uid_t real, effective, saved;
	gid_t real_group, effective_group, saved_group;

	return getresuid(&real, &effective, &saved) != 0 ||
	       getresgid(&real_group, &effective_group, &saved_group) != 0 || real != launch->uid ||
	       saved != launch->uid || real_group != launch->gid || saved_group != launch->gid;
}

enum devid_result spawn_agent(enum scope scope)
{
	char name[] = "devid-agent", user[] = "--user", system[] = "--system";
	char ready_option[] = "--ready-fd", ready_number[] = "3";
	char *arguments[] = { name, scope == SCOPE_SYSTEM ? system : user, ready_option,
			      ready_number, NULL };
	struct launch launch = { path_agent(), arguments, NULL, geteuid(), getegid(), false };
	enum devid_result result;
	char fault[PATH_BUFFER];
	int pipe_fds[2];

	/* Systemd's runs in its unit's sandbox. */
	if (scope == SCOPE_SYSTEM && (launch.uid != 0 || path_systemd_has_agent()))
		return DEVID_AGENT_GONE;
	if (euidaccess(launch.path, X_OK) != 0)
		return DEVID_AGENT_GONE;
	if (!path_may_run(launch.path, fault))
		return DEVID_DENIED;
	launch.change_ids = has_other_ids(&launch);
	launch.environment = environment_build(scope);
	if (!launch.environment)
		return DEVID_NO_MEMORY;
	if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
		environment_free(launch.environment);
		return DEVID_IO;
	}
	result = launch_detached(&launch, pipe_fds[1]);
	close(pipe_fds[1]);
	environment_free(launch.environment);
	if (result == DEVID_OK)
		result = wait_until_ready(pipe_fds[0]);
	close(pipe_fds[0]);
	return result;
}
