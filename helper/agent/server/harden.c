/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hardening: of the process, of libcrypto, and from root to the user that owns the machine's
 * keys. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <internal/cleanup.h>
#include <internal/path.h>
#include "harden.h"

/* Room for the private numbers of some 256 keys (agent/identity/keycache.c); what has no room there
 * is refused. */
#define SECURE_HEAP	(1024 * 1024)
#define SECURE_SMALLEST 32
/* A descriptor a client, some for the keyring and the logs. */
#define DESCRIPTORS 1024

static bool failed(char **why, const char *what)
{
	*why = g_strdup_printf("%s: %s", what, g_strerror(errno));
	return false;
}

/* Closes all above stderr but those in `keep`, which are in ascending order. */
static void close_others(const int *keep, guint count)
{
	unsigned first = STDERR_FILENO + 1;

	for (guint i = 0; i <= count; i++) {
		unsigned last = i < count ? (unsigned)keep[i] - 1 : ~0u;

		if (i < count && keep[i] < (int)first)
			continue;
		if (first <= last)
			(void)syscall(SYS_close_range, first, last, 0);
		first = last + 2;
	}
}

static void raise_limit(__rlimit_resource_t resource, rlim_t enough)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0 || limit.rlim_cur >= enough)
		return;
	limit.rlim_cur = limit.rlim_max < enough ? limit.rlim_max : enough;
	(void)setrlimit(resource, &limit);
}

bool harden_process(const int *keep, guint keep_count, char **why)
{
	static const struct rlimit no_core = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &no_core) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed(why, "process");
	umask(077);
	close_others(keep, keep_count);
	raise_limit(RLIMIT_NOFILE, DESCRIPTORS);
	raise_limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
	return true;
}

void harden_crypto(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	/* Where it can't be locked it is a heap all the same. */
	(void)CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_SMALLEST);
}

bool harden_find_user(struct system_user *user, char **why)
{
	const struct passwd *entry;

	*user = (struct system_user){ geteuid(), getegid(), false };
	if (user->uid != 0)
		return true;
	errno = 0;
	entry = getpwnam(SYSTEM_USER);
	if (!entry || entry->pw_uid == 0) {
		*why = g_strdup("user " SYSTEM_USER
				": there is none, and the machine's agent doesn't "
				"run as root (systemd-sysusers makes it)");
		return false;
	}
	*user = (struct system_user){ entry->pw_uid, entry->pw_gid, true };
	return true;
}

/* A folder that root made, and where nobody else can write, is handed over. */
static bool hand_over(bool (*place)(enum scope scope, char *path), mode_t mode,
		      const struct system_user *user, char **why)
{
	AUTO_CLOSE int folder = -1;
	char path[PATH_BUFFER];
	struct stat status;

	if (!place(SCOPE_SYSTEM, path)) {
		*why = g_strdup("machine's folders: a name is too long");
		return false;
	}
	(void)!mkdir(path, mode);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0 || fstat(folder, &status) < 0)
		return failed(why, path);
	if (status.st_uid == user->uid)
		return true;
	if (status.st_uid != 0 || status.st_mode & 022) {
		*why = g_strdup_printf("%s: the folder belongs neither to root nor to " SYSTEM_USER
				       ", or others can write to it",
				       path);
		return false;
	}
	if (fchown(folder, user->uid, user->gid) < 0 || fchmod(folder, mode) < 0)
		return failed(why, path);
	return true;
}

bool harden_folders(const struct system_user *user, char **why)
{
	return hand_over(path_data, 0755, user, why) && hand_over(path_state, 0750, user, why);
}

bool harden_drop(const struct system_user *user, char **why)
{
	uid_t real, effective, saved;

	if (!user->drop)
		return true;
	if (initgroups(SYSTEM_USER, user->gid) < 0 ||
	    setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return failed(why, "user " SYSTEM_USER);
	if (getresuid(&real, &effective, &saved) < 0 || real != user->uid ||
	    effective != user->uid || saved != user->uid || setuid(0) == 0) {
		*why = g_strdup("user " SYSTEM_USER ": root could not be left");
		return false;
	}
	/* A change of ids may have made the process dumpable again. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return failed(why, "process");
	return true;
}
