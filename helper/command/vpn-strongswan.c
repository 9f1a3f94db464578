/* strongSwan, by swanctl: Config= names the child of swanctl.conf that is initiated. The daemon runs as root and has
 * the machine's identity.
 */
#include "command.h"
#include "vpn.h"

#define CLIENT "strongswan"

static GPtrArray *make_argv(const struct vpn_session *session, const char *action)
{
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
	char *program = vpn_program("swanctl");
	char **const lists[] = { session->connection->arguments, session->arguments };

	g_ptr_array_add(argv, program != NULL ? program : g_strdup("swanctl"));
	g_ptr_array_add(argv, g_strdup(action));
	g_ptr_array_add(argv, g_strdup("--child"));
	g_ptr_array_add(argv, g_strdup(session->connection->config));
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
		for (char **word = lists[i]; word != NULL && *word != NULL; word++)
			g_ptr_array_add(argv, g_strdup(*word));
	return argv;
}

/* As root, NULL-ended. These commands end by themselves: no terminal is needed. */
static GPtrArray *root_argv(const struct vpn_session *session, const char *action, gboolean *may)
{
	GPtrArray *argv = make_argv(session, action);
	bool terminal;

	*may = vpn_as_root(argv, &terminal) && *may;
	g_ptr_array_add(argv, NULL);
	return argv;
}

static gboolean start(struct vpn_session *session, GError **error)
{
	gboolean may = TRUE;
	const struct vpn_daemon daemon = {
		.begin = root_argv(session, "--initiate", &may),
		.look = root_argv(session, "--list-sas", &may),
		.end = root_argv(session, "--terminate", &may),
		.present = "INSTALLED",
		.address = "installing new virtual IP ",
		.client = CLIENT,
	};

	if (may)
		return vpn_daemon_start(session, &daemon, error);
	g_ptr_array_unref(daemon.begin);
	g_ptr_array_unref(daemon.look);
	g_ptr_array_unref(daemon.end);
	vpn_root_needed(session, error);
	return FALSE;
}

static void describe(const struct vpn_session *session, GPtrArray *lines)
{
	gboolean may = TRUE;
	g_autoptr(GPtrArray) argv = root_argv(session, "--initiate", &may);

	g_ptr_array_add(lines, vpn_words((const char *const *)argv->pdata));
}

const struct vpn_driver vpn_strongswan = {
	.name = CLIENT,
	.config_needed = true,
	.system = true,
	.start = start,
	.stop = vpn_daemon_stop,
	.describe = describe,
};
