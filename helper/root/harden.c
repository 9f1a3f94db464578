/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is given up before the bus is listened to, and so what is run has. */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "harden.h"

static bool build_environment(void)
{
	static const char *const words[][2] = {
		{ "PATH", "/usr/sbin:/usr/bin:/sbin:/bin" },
		{ "LANG", "C.UTF-8" },
		{ "HOME", "/" },
	};

	if (clearenv() != 0)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (setenv(words[i][0], words[i][1], 1) != 0)
			return false;
	return true;
}

/* Of the bounding set, so that what is run as root has no other either; then our own. */
static bool drop_capabilities(guint32 kept)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		if ((capability >= 32 || !(kept >> capability & 1)) &&
		    prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 &&
		    prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1)
			return false;
	data[0].effective = data[0].permitted = kept;
	return syscall(SYS_capset, &header, data) == 0;
}

bool harden(guint32 kept, GError **error)
{
	static const struct rlimit none = { 0, 0 };

	umask(022);
	if (build_environment() && chdir("/") == 0 && setrlimit(RLIMIT_CORE, &none) == 0 &&
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && drop_capabilities(kept))
		return true;
	return devid_error_set(error, DEVID_FAILED, NULL, NULL,
			       "can't give up what is not needed: %s", g_strerror(errno));
}
