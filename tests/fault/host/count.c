/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a host has and should not have more of afterwards: descriptors and children; and who the
 * agent is. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "host.h"

#define FDS_LOOKED_AT 1024

/* Without /proc, which a host may not have. */
int count_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < FDS_LOOKED_AT; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

bool has_children(void)
{
	return waitpid(-1, NULL, __WALL | WNOHANG | WUNTRACED) != -1 || errno != ECHILD;
}

void wait_for_child(pid_t pid)
{
	int status;

	CHECK(pid > 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status));
	CHECK(WEXITSTATUS(status) == 0);
}

pid_t agent_pid(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct ucred peer = { 0, 0, 0 };
	socklen_t length = sizeof(peer);

	CHECK(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/devid/agent",
		 getenv("XDG_RUNTIME_DIR"));
	/* The peer's credentials are those of listen(). */
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		CHECK(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0);
	close(fd);
	return peer.pid;
}

/* Somebody else's zombie counts for nothing: who inherits orphans here may be slow to reap. */
bool agent_is_gone(pid_t pid)
{
	char path[64], state = 0;
	int parent = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT;
	if (fscanf(file, "%*d (%*[^)]) %c %d", &state, &parent) != 2)
		parent = getpid();
	fclose(file);
	return state == 'Z' && parent != getpid();
}
