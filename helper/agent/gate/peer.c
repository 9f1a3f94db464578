/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is at the other end of a connection: the kernel's word (SO_PEERCRED), and for events and
 * messages the executable, which is a description and never a permission.
 */
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <internal/cleanup.h>
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

static gssize read_small(int folder, const char *name, char *buffer, gsize size)
{
	AUTO_CLOSE int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	gssize got = fd < 0 ? -1 : read(fd, buffer, size - 1);

	buffer[got < 0 ? 0 : got] = '\0';
	return got;
}

/* Field 22 of proc(5) stat; the name in field 2 may hold blanks and parentheses. */
static guint64 read_start_time(int folder)
{
	char text[1024];
	char *at;

	if (read_small(folder, "stat", text, sizeof(text)) <= 0)
		return 0;
	at = strrchr(text, ')');
	for (guint field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? g_ascii_strtoull(at + 1, NULL, 10) : 0;
}

void peer_look(struct peer *peer)
{
	char path[PATH_MAX];
	ssize_t length;

	if (peer->looked)
		return;
	peer->looked = true;
	g_snprintf(path, sizeof(path), "/proc/%ld", (long)peer->pid);

	AUTO_CLOSE int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (folder >= 0) {
		peer->start_time = read_start_time(folder);
		length = readlinkat(folder, "exe", path, sizeof(path) - 1);
		/* Another user's process shows its short name alone. */
		if (length <= 0)
			length = read_small(folder, "comm", path, sizeof(path));
		if (length > 0) {
			path[length] = '\0';
			peer->program = g_utf8_make_valid(g_strchomp(path), -1);
		}
	}
	if (!peer->program)
		peer->program = g_strdup_printf("process %ld", (long)peer->pid);
}

void peer_clear(struct peer *peer)
{
	g_clear_pointer(&peer->program, g_free);
}
