/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is at the other end of a connection: the kernel's word (SO_PEERCRED), and for events and
 * messages the executable, which is a description and never a permission.
 */
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include "base/pid.h"
#include "peer.h"

bool peer_of_socket(struct peer *peer, int fd)
{
	struct ucred credentials;
	socklen_t length = sizeof(credentials);

	memset(peer, 0, sizeof(*peer));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0 ||
	    length != sizeof(credentials))
		return false;
	peer->uid = credentials.uid;
	peer->gid = credentials.gid;
	peer->pid = credentials.pid;
	return true;
}

char *peer_user_name(const struct peer *peer)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (getpwuid_r(peer->uid, &entry, buffer, sizeof(buffer), &found) != 0 || !found)
		return NULL;
	return g_strdup(found->pw_name);
}

void peer_look(struct peer *peer)
{
	AUTO_CLOSE int folder = peer->looked ? -1 : pid_open(peer->pid);

	if (peer->looked)
		return;
	peer->looked = true;
	if (folder >= 0) {
		peer->start_time = pid_started_in(folder);
		peer->program = pid_program_in(folder);
	}
	if (!peer->program)
		peer->program = g_strdup_printf("process %ld", (long)peer->pid);
}

void peer_clear(struct peer *peer)
{
	g_clear_pointer(&peer->program, g_free);
}
