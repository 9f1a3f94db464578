/* openconnect in two halves. Signing in is done as the user, whose key it is; the cookie that this brings goes to
 * what may make a tunnel: openconnect itself as root, directly, by sudo or by pkexec.
 *
 * The ticket is what `openconnect --authenticate` prints: COOKIE='…', CONNECT_URL='…', and so on.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "vpn.h"

#define CLIENT "openconnect"
/* A keyring's open question has two minutes. */
#define SIGN_IN_BOUND_MS (150 * 1000)
#define CONFIGURED	 "Configured as "
/* Its script sets up interface and routes after that. */
#define LOOK_MS	    10
#define LOOKS_MAX   (30 * 1000 / LOOK_MS)
#define EXAMPLE_PIN "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void add(GPtrArray *argv, const char *word)
{
	g_ptr_array_add(argv, g_strdup(word));
}

static void add_all(GPtrArray *argv, char *const *words)
{
	for (; words != NULL && *words != NULL; words++)
		add(argv, *words);
}

static GPtrArray *new_argv(const struct vpn_session *session)
{
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
	const char *protocol = session->connection->protocol;
	char *program = vpn_program(CLIENT);

	g_ptr_array_add(argv, program != NULL ? program : g_strdup(CLIENT));
	g_ptr_array_add(
		argv, g_strdup_printf("--protocol=%s", protocol != NULL ? protocol : "anyconnect"));
	return argv;
}

/* --- signing in ----------------------------------------------------------------------------- */

static GPtrArray *sign_in_argv(const struct vpn_session *session, const char *user)
{
	const struct connection *connection = session->connection;
	GPtrArray *argv = new_argv(session);

	add(argv, "--authenticate");
	add(argv, "--non-inter");
	/* It takes a gateway that either one speaks for: the pin is to be the one. */
	if (connection->server_pin != NULL)
		g_ptr_array_add(argv, g_strdup_printf("--servercert=%s", connection->server_pin));
	else if (connection->ca_file != NULL)
		g_ptr_array_add(argv, g_strdup_printf("--cafile=%s", connection->ca_file));
	if (session->uri != NULL) {
		add(argv, "-c");
		add(argv, session->uri);
	}
	if (user != NULL) {
		g_ptr_array_add(argv, g_strdup_printf("--user=%s", user));
		add(argv, "--passwd-on-stdin");
	}
	add_all(argv, connection->arguments);
	add_all(argv, session->arguments);
	g_ptr_array_add(argv, g_strdup_printf("https://%s", connection->gateway));
	g_ptr_array_add(argv, NULL);
	return argv;
}

static void take_line(const char *line, void *data)
{
	vpn_session_line(data, line);
}

/* The password as a line. */
static gboolean make_line(const struct secret *word, struct secret *line)
{
	return secret_append(line, word->data, word->length) == DEVID_OK &&
	       secret_append(line, "\n", 1) == DEVID_OK;
}

static gboolean sign_in(struct vpn_session *session, const struct sign_in *sign_in, GError **error)
{
	g_autoptr(GPtrArray) argv = sign_in_argv(session, sign_in == NULL ? NULL : sign_in->user);
	AUTO_SECRET struct secret password = SECRET_INIT;
	const struct vpn_command command = {
		.argv = (const char *const *)argv->pdata,
		.input = sign_in == NULL ? NULL : &password,
		.output = &session->ticket,
		.line = take_line,
		.data = session,
		/* In a handshake it heeds no other, and there is nothing to undo. */
		.ending = SIGKILL,
	};
	int status = 0;

	secret_clear(&session->ticket);
	g_clear_pointer(&session->lines, g_ptr_array_unref);
	session->as_root = false;
	if (sign_in != NULL && !make_line(&sign_in->password, &password)) {
		devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "sign-in: no memory");
		return FALSE;
	}
	if (!vpn_process_run(&command, SIGN_IN_BOUND_MS, &status, error))
		return FALSE;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && session->ticket.length > 0)
		return TRUE;
	vpn_cause(session, CLIENT, status, error);
	return FALSE;
}

/* --- the ticket ----------------------------------------------------------------------------- */

/* Where NAME='value' is in it; NULL: nowhere. */
static const char *find_value(const struct secret *ticket, const char *name, size_t *length)
{
	const char *at = (const char *)ticket->data, *end = at + ticket->length;
	size_t size = strlen(name);

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t line = (size_t)((stop != NULL ? stop : end) - at);

		if (line >= size + 3 && memcmp(at, name, size) == 0 && at[size] == '=' &&
		    at[size + 1] == '\'' && at[line - 1] == '\'') {
			*length = line - size - 3;
			return at + size + 2;
		}
		at += line + 1;
	}
	return NULL;
}

/* Nothing that isn't the cookie is secret. Only characters that can be nothing but part of a word. */
char *vpn_ticket_value(const struct secret *ticket, const char *name)
{
	size_t length = 0;
	const char *value = find_value(ticket, name, &length);

	if (value == NULL || length == 0 || *value == '-')
		return NULL;
	for (size_t i = 0; i < length; i++)
		if (value[i] <= ' ' || value[i] >= 0x7f || value[i] == '\'')
			return NULL;
	return g_strndup(value, length);
}

gboolean vpn_ticket_cookie(const struct secret *ticket, struct secret *line)
{
	size_t length = 0;
	const char *value = find_value(ticket, "COOKIE", &length);

	return value != NULL && length > 0 && secret_append(line, value, length) == DEVID_OK &&
	       secret_append(line, "\n", 1) == DEVID_OK;
}

/* --- the tunnel ----------------------------------------------------------------------------- */

/* The words stay in this order: sudo's rules go by them (devid(1)). `ticket` NULL: for a person to read. */
static GPtrArray *tunnel_argv(const struct vpn_session *session, const struct secret *ticket)
{
	g_autofree char *url =
		ticket == NULL ? g_strdup("CONNECT_URL") : vpn_ticket_value(ticket, "CONNECT_URL");
	g_autofree char *print =
		ticket == NULL ? g_strdup("FINGERPRINT") : vpn_ticket_value(ticket, "FINGERPRINT");
	g_autofree char *resolve =
		ticket == NULL ? g_strdup("RESOLVE") : vpn_ticket_value(ticket, "RESOLVE");
	GPtrArray *argv;

	if (url == NULL || print == NULL || (ticket != NULL && !g_str_has_prefix(url, "https://")))
		return NULL;
	argv = new_argv(session);
	add(argv, "--cookie-on-stdin");
	add(argv, "--non-inter");
	/* A dropped connection is checked before it is made again: by us. */
	add(argv, "--reconnect-timeout=0");
	g_ptr_array_add(argv, g_strdup_printf("--servercert=%s", print));
	if (resolve != NULL)
		g_ptr_array_add(argv, g_strdup_printf("--resolve=%s", resolve));
	add_all(argv, session->connection->arguments);
	add_all(argv, session->arguments);
	g_ptr_array_add(argv, g_steal_pointer(&url));
	return argv;
}

static gboolean look(gpointer data)
{
	struct vpn_tunnel *tunnel = data;

	if (tunnel->looks++ < LOOKS_MAX &&
	    (!vpn_address_is_here(tunnel->address) ||
	     vpn_client_is_busy(vpn_process_pid(tunnel->process), CLIENT)))
		return G_SOURCE_CONTINUE;
	tunnel->timer = 0;
	tunnel->session->connected(tunnel->session, tunnel->address);
	return G_SOURCE_REMOVE;
}

static void tunnel_line(struct vpn_tunnel *tunnel, const char *line)
{
	const char *address = strstr(line, CONFIGURED);

	if (address == NULL || tunnel->address != NULL)
		return;
	address += strlen(CONFIGURED);
	tunnel->address = g_strndup(address, strcspn(address, ", "));
	tunnel->timer = g_timeout_add(LOOK_MS, look, tunnel);
}

/* The words of a tunnel to come, as far as sudo's rules tell them apart. */
static void prepare(const struct vpn_session *session)
{
	AUTO_SECRET struct secret ticket = SECRET_INIT;
	g_autofree char *text =
		g_strdup_printf("CONNECT_URL='https://%s/'\n"
				"FINGERPRINT='pin-sha256:" EXAMPLE_PIN "'\n"
				"RESOLVE='%s:192.0.2.1'\n",
				session->connection->gateway, session->connection->host);
	g_autoptr(GPtrArray) argv = NULL;

	if (secret_append(&ticket, text, strlen(text)) == DEVID_OK)
		argv = tunnel_argv(session, &ticket);
	if (argv != NULL)
		vpn_as_root_ahead(argv);
}

static gboolean start(struct vpn_session *session, GError **error)
{
	static const struct vpn_tunnel_kind kind = {
		.client = CLIENT, .root = true, .line = tunnel_line, .start = start
	};
	g_autoptr(GPtrArray) argv = tunnel_argv(session, &session->ticket);
	AUTO_SECRET struct secret cookie = SECRET_INIT;

	if (argv == NULL || !vpn_ticket_cookie(&session->ticket, &cookie)) {
		devid_error_set(error, DEVID_FAILED, "client-failed", NULL,
				"%s: what openconnect answered to the sign-in is not understood",
				session->connection->gateway);
		return FALSE;
	}
	return vpn_tunnel_start(session, &kind, argv, &cookie, error);
}

static void describe(const struct vpn_session *session, GPtrArray *lines)
{
	g_autoptr(GPtrArray) first = sign_in_argv(session, session->connection->user);
	g_autoptr(GPtrArray) second = tunnel_argv(session, NULL);
	bool terminal;

	g_ptr_array_add(lines, vpn_words((const char *const *)first->pdata));
	prepare(session);
	(void)vpn_as_root(second, &terminal);
	g_ptr_array_add(second, NULL);
	g_ptr_array_add(lines, vpn_words((const char *const *)second->pdata));
}

const struct vpn_driver vpn_openconnect = {
	.name = CLIENT,
	.sign_in = sign_in,
	.prepare = prepare,
	.start = start,
	.stop = vpn_tunnel_stop,
	.describe = describe,
};
