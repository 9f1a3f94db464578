/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The proxy's own end: see listener.h. What passes there is not encrypted. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <gio/gio.h>

#include "base/error.h"
#include "base/gio-ready.h"
#include "base/trusted.h"
#include "listener.h"

#define UNIX_PREFIX "unix:"

static bool usage(GError **error, const char *text, const char *why)
{
	return devid_error_set(error, DEVID_USAGE, NULL,
			       "as in 127.0.0.1:8080, [::1]:8080 or unix:/run/user/1000/vpn.socket",
			       "proxy: --listen %s: %s", text, why);
}

static bool io_error(GError **error, const char *text, int code)
{
	return devid_error_set(error, code == EACCES ? DEVID_DENIED : DEVID_IO, NULL,
			       code == EADDRINUSE ? "something listens there: end it, or take "
						    "another place"
						  : NULL,
			       "proxy: --listen %s: %s", text, g_strerror(code));
}

/* --- TCP ------------------------------------------------------------------------------------- */

static bool parse_address(const char *text, GSocketAddress **address, GError **error)
{
	g_autoptr(GNetworkAddress) parsed =
		G_NETWORK_ADDRESS(g_network_address_parse(text, 0, NULL));
	g_autoptr(GInetAddress) host = NULL;
	const char *colon = strrchr(text, ':');

	if (!parsed || !colon || colon[1] == '\0' || strchr(colon, ']'))
		return usage(error, text, "neither ADDRESS:PORT nor unix:PATH");
	host = g_inet_address_new_from_string(g_network_address_get_hostname(parsed));
	if (!host)
		return usage(error, text, "its address is to be written in numbers");
	if (!g_inet_address_get_is_loopback(host))
		return usage(error, text,
			     "no address of the loopback; what passes there is not encrypted, and "
			     "is for this machine alone");
	*address = g_inet_socket_address_new(host, g_network_address_get_port(parsed));
	return true;
}

static char *own_name(int fd)
{
	struct sockaddr_storage bytes;
	socklen_t length = sizeof(bytes);
	g_autoptr(GSocketAddress) own = NULL;

	if (getsockname(fd, (struct sockaddr *)&bytes, &length) != 0)
		return NULL;
	own = g_socket_address_new_from_native(&bytes, length);
	return g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(own));
}

static bool open_tcp(struct listener *listener, const char *text, GError **error)
{
	g_autoptr(GSocketAddress) address = NULL;
	struct sockaddr_storage bytes;
	int yes = 1;

	gio_ready();
	if (!parse_address(text, &address, error))
		return false;
	g_socket_address_to_native(address, &bytes, sizeof(bytes), NULL);
	listener->fd = socket(bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0 ||
	    setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
	    bind(listener->fd, (struct sockaddr *)&bytes,
		 (socklen_t)g_socket_address_get_native_size(address)) != 0)
		return io_error(error, text, errno);
	listener->name = own_name(listener->fd);
	return true;
}

/* --- Unix ------------------------------------------------------------------------------------ */

/* A socket of before, on which nobody listens any more. Anything else stays. */
static bool remove_stale(const struct sockaddr_un *address)
{
	struct stat status;
	int probe;
	bool stale;

	if (lstat(address->sun_path, &status) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(status.st_mode) || status.st_uid != geteuid()) {
		errno = EEXIST;
		return false;
	}
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	stale = probe >= 0 &&
		connect(probe, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
		errno == ECONNREFUSED;
	if (probe >= 0)
		close(probe);
	errno = EADDRINUSE;
	return stale && unlink(address->sun_path) == 0;
}

/* Who can write there can put another's socket in its place, and get what is sent. */
static bool folder_is_safe(const char *path, const char *text, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path);
	const char *why = NULL;
	int fd = trusted_open_folder(AT_FDCWD, folder, geteuid(), true, &why);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	if (!why)
		return io_error(error, text, errno);
	return devid_error_set(error, DEVID_DENIED, NULL,
			       "a folder of your own is below $XDG_RUNTIME_DIR",
			       "proxy: --listen %s: its folder: %s", text, why);
}

static bool open_unix(struct listener *listener, const char *text, GError **error)
{
	const char *path = text + strlen(UNIX_PREFIX);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	int code;

	if (*path != '/')
		return usage(error, text, "its path is not absolute");
	if (strlen(path) >= sizeof(address.sun_path))
		return usage(error, text, "its path is too long for a socket");
	memcpy(address.sun_path, path, strlen(path));
	if (!folder_is_safe(path, text, error))
		return false;
	if (!remove_stale(&address))
		return io_error(error, text, errno);
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	before = umask(0177);
	code = listener->fd < 0 ||
			       bind(listener->fd, (struct sockaddr *)&address, sizeof(address)) != 0
		       ? errno
		       : 0;
	umask(before);
	if (code != 0)
		return io_error(error, text, code);
	listener->path = g_strdup(path);
	listener->name = g_strdup(text);
	return true;
}

bool listener_open(struct listener *listener, const char *text, GError **error)
{
	bool opened = g_str_has_prefix(text, UNIX_PREFIX) ? open_unix(listener, text, error)
							  : open_tcp(listener, text, error);

	if (!opened)
		return false;
	return listen(listener->fd, SOMAXCONN) == 0 || io_error(error, text, errno);
}

void listener_close(struct listener *listener)
{
	if (listener->fd >= 0)
		close(listener->fd);
	if (listener->path)
		unlink(listener->path);
	g_free(listener->path);
	g_free(listener->name);
	*listener = (struct listener)LISTENER_INIT;
}
