/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every session of a VPN client has. */
#include <glib.h>
#include "command/cli/print.h"
#include "connection/process.h"
#include "session.h"

#define LINES_KEPT 40

void vpn_session_clear(struct vpn_session *session)
{
	secret_clear(&session->ticket);
	g_clear_pointer(&session->lines, g_ptr_array_unref);
	if (session->prepared)
		session->drop(g_steal_pointer(&session->prepared));
}

void vpn_session_end_argv(const struct vpn_session *session, GPtrArray *argv, char *last)
{
	process_add_all(argv, session->connection->arguments);
	process_add_all(argv, session->arguments);
	if (last)
		g_ptr_array_add(argv, last);
	g_ptr_array_add(argv, NULL);
}

void vpn_session_describe(GPtrArray *lines, const GPtrArray *argv)
{
	g_ptr_array_add(lines, process_words((const char *const *)argv->pdata));
}

void vpn_session_line(struct vpn_session *session, const char *line)
{
	if (!session->lines)
		session->lines = g_ptr_array_new_with_free_func(g_free);
	if (session->lines->len >= LINES_KEPT)
		g_ptr_array_remove_index(session->lines, 0);
	g_ptr_array_add(session->lines, g_strdup(line));
	if (session->log) {
		print_line(session->log, "  %s", line);
		fflush(session->log);
	}
}
