/* Any program as a VPN client: Command=, in which {uri}, {gateway}, {host}, {port} and {user} as whole words stand
 * for what they say. It is connected as long as the program runs, and it is ended by SIGTERM.
 */
#include <string.h>

#include "command.h"
#include "vpn.h"

#define CLIENT "exec"
/* One that fails does so within this. */
#define SETTLE_MS 1000

struct tunnel {
	struct vpn_process *process;
	struct vpn_session *session;
	guint settling;
	bool stopping;
};

static char *fill(const struct vpn_session *session, const char *word)
{
	const struct connection *connection = session->connection;
	g_autofree char *port = g_strdup_printf("%u", connection->port);
	const struct {
		const char *name, *value;
	} names[] = {
		{ "{uri}", session->uri },	{ "{gateway}", connection->gateway },
		{ "{host}", connection->host }, { "{port}", port },
		{ "{user}", connection->user },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(names[i].name, word) == 0)
			return g_strdup(names[i].value != NULL ? names[i].value : "");
	return g_strdup(word);
}

static GPtrArray *make_argv(const struct vpn_session *session)
{
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

	for (char **word = session->connection->command; *word != NULL; word++)
		g_ptr_array_add(argv, fill(session, *word));
	for (char **word = session->arguments; word != NULL && *word != NULL; word++)
		g_ptr_array_add(argv, g_strdup(*word));
	g_ptr_array_add(argv, NULL);
	return argv;
}

static void take_line(const char *line, void *data)
{
	vpn_session_line(((struct tunnel *)data)->session, line);
}

static void has_ended(int status, void *data)
{
	struct tunnel *tunnel = data;
	struct vpn_session *session = tunnel->session;
	GError *error = NULL;

	session->tunnel = NULL;
	if (tunnel->settling != 0)
		g_source_remove(tunnel->settling);
	if (!tunnel->stopping)
		vpn_cause(session, CLIENT, status, &error);
	g_free(tunnel);
	session->ended(session, error);
}

static gboolean has_settled(gpointer data)
{
	struct tunnel *tunnel = data;

	tunnel->settling = 0;
	tunnel->session->connected(tunnel->session, NULL);
	return G_SOURCE_REMOVE;
}

static gboolean start(struct vpn_session *session, GError **error)
{
	g_autoptr(GPtrArray) argv = make_argv(session);
	struct tunnel *tunnel = g_new0(struct tunnel, 1);
	const struct vpn_command command = {
		.argv = (const char *const *)argv->pdata,
		.line = take_line,
		.ended = has_ended,
		.data = tunnel,
	};

	g_clear_pointer(&session->lines, g_ptr_array_unref);
	tunnel->session = session;
	tunnel->process = vpn_process_start(&command, error);
	if (tunnel->process == NULL) {
		g_free(tunnel);
		return FALSE;
	}
	tunnel->settling = g_timeout_add(SETTLE_MS, has_settled, tunnel);
	session->tunnel = tunnel;
	return TRUE;
}

static void stop(struct vpn_session *session)
{
	struct tunnel *tunnel = session->tunnel;

	tunnel->stopping = true;
	vpn_process_stop(tunnel->process);
}

static void describe(const struct vpn_session *session, GPtrArray *lines)
{
	g_autoptr(GPtrArray) argv = make_argv(session);

	g_ptr_array_add(lines, vpn_words((const char *const *)argv->pdata));
}

const struct vpn_driver vpn_exec = {
	.name = CLIENT,
	.command_needed = true,
	.start = start,
	.stop = stop,
	.describe = describe,
};
