/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The owner of a connection's other end: see owner.h. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>
#include <glib.h>

#include "base/files.h"
#include "owner.h"

#define TABLE_MAX (64 * 1024 * 1024) /* of some 400,000 connections */

/* As proc(5) has them, from 0. */
enum { FIELD_OWN = 1, FIELD_OTHER, FIELD_STATE, FIELD_UID = 7, FIELD_INODE = 9, FIELDS };

/* "0100007F:1F90": each 32 bits of the address as the machine's own number, the port as it is
 * spoken of. */
static char *table_address(const struct sockaddr *address, bool six)
{
	const struct sockaddr_in *four = (const void *)address;
	guint32 words[4] = { 0, 0, 0, 0 };
	guint16 port = four->sin_port;

	if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *long_one = (const void *)address;

		memcpy(words, &long_one->sin6_addr, sizeof(words));
		port = long_one->sin6_port;
	} else {
		words[2] = htonl(0xffff);
		memcpy(&words[3], &four->sin_addr, sizeof(words[3]));
	}
	if (!six)
		return address->sa_family == AF_INET
			       ? g_strdup_printf("%08X:%04X", words[3], ntohs(port))
			       : NULL;
	return g_strdup_printf("%08X%08X%08X%08X:%04X", words[0], words[1], words[2], words[3],
			       ntohs(port));
}

/* A socket that a program has: of one that was closed the kernel says uid 0 and inode 0, whosever
 * it was. And one that is connected, whether or not it has ended its own direction: not one that
 * has just taken the port of another.
 */
static bool is_held(const char *state, const char *inode)
{
	static const char *const states[] = { "01", "04", "05", NULL };
	guint64 number;

	return g_strv_contains(states, state) &&
	       g_ascii_string_to_unsigned(inode, 10, 1, G_MAXUINT64, &number, NULL);
}

/* " 0: OWN OTHER STATE QUEUES TIMER RETRANSMITS UID TIMEOUT INODE …" */
static bool read_line(const char *line, const char *own, const char *other, uid_t *uid)
{
	g_auto(GStrv) fields = g_strsplit_set(line, " ", -1);
	const char *kept[FIELDS] = { NULL };
	guint64 number;
	size_t count = 0;

	for (char **field = fields; *field && count < FIELDS; field++)
		if (**field != '\0')
			kept[count++] = *field;
	if (count < FIELDS || strcmp(kept[FIELD_OWN], own) != 0 ||
	    strcmp(kept[FIELD_OTHER], other) != 0 ||
	    !is_held(kept[FIELD_STATE], kept[FIELD_INODE]) ||
	    !g_ascii_string_to_unsigned(kept[FIELD_UID], 10, 0, G_MAXUINT32 - 1, &number, NULL))
		return false;
	*uid = (uid_t)number;
	return true;
}

static bool find_in_form(const char *table, const struct sockaddr *own,
			 const struct sockaddr *other, bool six, uid_t *uid)
{
	g_autofree char *own_text = table_address(own, six);
	g_autofree char *other_text = table_address(other, six);
	const char *at = table;

	while (own_text && other_text && at) {
		const char *end = strchr(at, '\n');
		gsize length = end ? (gsize)(end - at) : strlen(at);

		/* The address alone tells most lines apart, at no cost. */
		if (g_strstr_len(at, (gssize)length, own_text)) {
			g_autofree char *line = g_strndup(at, length);

			if (read_line(line, own_text, other_text, uid))
				return true;
		}
		at = end ? end + 1 : NULL;
	}
	return false;
}

bool owner_in_table(const char *table, const struct sockaddr *own, const struct sockaddr *other,
		    uid_t *uid)
{
	return find_in_form(table, own, other, false, uid) ||
	       find_in_form(table, own, other, true, uid);
}

static bool find_in_file(const char *path, const struct sockaddr *own, const struct sockaddr *other,
			 uid_t *uid)
{
	int table = open(path, O_RDONLY | O_CLOEXEC);
	g_autoptr(GBytes) bytes = table < 0 ? NULL : files_read(table, TABLE_MAX);
	g_autofree char *text = NULL;

	if (table >= 0)
		close(table);
	if (!bytes)
		return false;
	text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	return owner_in_table(text, own, other, uid);
}

bool owner_find(int fd, uid_t *uid)
{
	struct sockaddr_storage own, other;
	socklen_t own_length = sizeof(own), other_length = sizeof(other);
	struct ucred credentials;
	socklen_t length = sizeof(credentials);

	if (getpeername(fd, (struct sockaddr *)&own, &own_length) != 0 ||
	    getsockname(fd, (struct sockaddr *)&other, &other_length) != 0)
		return false;
	if (other.ss_family == AF_UNIX) {
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
			return false;
		*uid = credentials.uid;
		return true;
	}
	/* Still connected: else it may have been another's, who has that port now. */
	return (find_in_file("/proc/net/tcp", (void *)&own, (void *)&other, uid) ||
		find_in_file("/proc/net/tcp6", (void *)&own, (void *)&other, uid)) &&
	       getpeername(fd, (struct sockaddr *)&own, &own_length) == 0;
}
