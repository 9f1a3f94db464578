/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections: what their files say, what their state files are worth, what clients' words mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "base/pid.h"
#include "command/connect/connection-state.h"
#include "command/vpn/cause.h"
#include "command/vpn/driver.h"
#include "command/vpn/session.h"
#include "connection/connection.h"
#include "connection/openconnect.h"
#include "connection/process.h"

#define HALF " --cookie-on-stdin --non-inter --reconnect-timeout=0"

static struct connection *parse(const char *text, char **why)
{
	return connection_parse("work", text, strlen(text), why);
}

static void reads_all(void **unused)
{
	g_autofree char *why = NULL;
	g_autoptr(Connection) connection = parse("# ours\n"
						 "[Connection]\n"
						 "Gateway = VPN.example.com:8443\n"
						 "Client=exec\n"
						 "Identity=laptop 1\n"
						 "User=alice\n"
						 "SaveSignIn=yes\n"
						 "Protocol=gp\n"
						 "Arguments=--one; --two=a, b ;\n"
						 "CAFile=/etc/ca.pem\n"
						 "ServerPin=pin-sha256:AbC+/=\n"
						 "Command=/bin/x {uri} 'a b'\n"
						 "Office=ignore\n",
						 &why);

	assert_null(why);
	assert_non_null(connection);
	assert_string_equal(connection->gateway, "VPN.example.com:8443");
	assert_string_equal(connection->host, "vpn.example.com");
	assert_int_equal(connection->port, 8443);
	assert_string_equal(connection->identity, "laptop 1");
	assert_string_equal(connection->arguments[1], "--two=a, b");
	assert_null(connection->arguments[2]);
	assert_string_equal(connection->command[2], "a b");
	assert_true(connection->save);
	assert_true(connection->ignore_office);
}

static void has_defaults(void **unused)
{
	g_autofree char *why = NULL;
	g_autoptr(Connection) connection =
		parse("[Connection]\nGateway=[2001:DB8::1]\nIdentity=choose\n", &why);
	g_autofree char *address = NULL;

	assert_non_null(connection);
	assert_string_equal(connection->client, "openconnect");
	assert_string_equal(connection->host, "2001:db8::1");
	assert_int_equal(connection->port, 443);
	assert_null(connection->identity);
	assert_false(connection->save);
	address = connection_address(connection);
	assert_string_equal(address, "[2001:db8::1]:443");
}

#define G "[Connection]\nGateway=vpn.example.com\n"

static void refuses_what_is_off(void **unused)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "there is no Gateway=" },
		{ "[Connection]\nClient=openconnect\n", "there is no Gateway=" },
		{ "Gateway=a\n", "1: Gateway stands before" },
		{ "[Connexion]\n", "1: unknown section" },
		{ "[Connection x]\n", "1: [Connection] takes no name" },
		{ "[Connection]\nGateway\n", "2: neither" },
		{ "[Connection]\nGateway=\n", "2: Gateway has no value" },
		{ G "Gateway=other\n", "3: Gateway is given twice" },
		{ G "Color=red\n", "3: unknown key Color" },
		{ G "client=openconnect\n", "3: unknown key client" },
		{ G "Client=cisco\n", "3: Client is none of: openconnect" },
		{ G "SaveSignIn=maybe\n", "3: SaveSignIn is none of" },
		{ G "Office=yes\n", "3: Office is none of" },
		{ G "Protocol=any --script=x\n", "3: Protocol is no protocol's name" },
		{ G "CAFile=ca.pem\n", "3: CAFile is no absolute path" },
		{ G "ServerPin=a b\n", "3: ServerPin is no fingerprint" },
		{ G "ServerPin=a;b\n", "3: ServerPin is no fingerprint" },
		{ G "Config=-x\n", "3: Config begins with a dash" },
		{ G "Arguments=;\n", "3: Arguments names nothing" },
		{ G "Command=/bin/x 'a\n", "3: Command can't be split" },
		{ G "Command=x\n", "3: Command does not begin with an absolute path" },
		{ G "Client=exec\n", "Client=exec needs Command=" },
		{ G "User=a\033[2J\n", "3: User holds a control" },
		{ G "User=a\xff\n", "3: the line is not in UTF-8" },
		{ G "User=a\r\n", "3: the line ends with CR LF" },
		{ "[Connection]\nGateway=-oProxy\n", "2: Gateway is no HOST" },
		{ "[Connection]\nGateway=a b\n", "2: Gateway is no HOST" },
		{ "[Connection]\nGateway=https://a\n", "2: Gateway is no HOST" },
		{ "[Connection]\nGateway=a/b\n", "2: Gateway is no HOST" },
		{ "[Connection]\nGateway=a:0\n", "2: Gateway is no HOST" },
		{ "[Connection]\nGateway=a:65536\n", "2: Gateway is no HOST" },
		{ "[Connection]\nGateway=a:1x\n", "2: Gateway is no HOST" },
		{ "[Connection]\nGateway=:443\n", "2: Gateway is no HOST" },
		{ "[Connection]\nGateway=[::1\n", "2: Gateway is no HOST" },
		{ "[Connection]\nGateway=[::1]443\n", "2: Gateway is no HOST" },
		{ "[Connection]\nGateway=$(id)\n", "2: Gateway is no HOST" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *why = NULL;
		struct connection *connection = parse(rows[i].text, &why);

		if (connection || !why || !g_str_has_prefix(why, rows[i].why))
			fail_msg("%s: %s", rows[i].text, why);
	}
}

static void refuses_a_nul(void **unused)
{
	static const char text[] = G "User=a\0b\n";
	char *why = NULL;

	assert_null(connection_parse("work", text, sizeof(text) - 1, &why));
	assert_true(g_str_has_prefix(why, "3: the line holds a NUL"));
	g_free(why);
}

static void names(void **unused)
{
	static const char *const good[] = { "work", "a", "0x.y_z-1" };
	static const char *const bad[] = {
		"", ".", "..", ".hidden", "-x", "a/b", "a b", "a\n", "é"
	};
	g_autofree char *longest = g_strnfill(CONNECTION_NAME_MAX, 'a');
	g_autofree char *longer = g_strnfill(CONNECTION_NAME_MAX + 1, 'a');

	for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
		assert_true(connection_is_name(good[i]));
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_false(connection_is_name(bad[i]));
	assert_true(connection_is_name(longest));
	assert_false(connection_is_name(longer));
}

/* What is made up has a name that a file can have. */
static void made_up(void **unused)
{
	static const char *const gateways[] = { "vpn.example.com", "a:1", "[::1]:65535",
						"[2001:db8::1]" };
	g_autofree char *longest = g_strnfill(253, 'a');
	GError *error = NULL;

	for (size_t i = 0; i <= G_N_ELEMENTS(gateways); i++) {
		const char *gateway = i < G_N_ELEMENTS(gateways) ? gateways[i] : longest;
		g_autoptr(Connection) connection = connection_for_gateway(gateway, NULL);

		assert_non_null(connection);
		assert_true(connection_is_name(connection->name));
	}
	assert_null(connection_for_gateway("no such thing", &error));
	assert_int_equal(devid_error_result(error), DEVID_USAGE);
	g_error_free(error);
}

/* --- state files ---------------------------------------------------------------------------- */

static char *runtime, *folder;

static int make_runtime(void **unused)
{
	runtime = g_dir_make_tmp("dvXXXXXX", NULL);
	folder = g_build_filename(runtime, "connections", NULL);
	return g_setenv("DEVID_RUNTIME_DIR", runtime, TRUE) ? 0 : -1;
}

static int remove_runtime(void **unused)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		g_unlink(path);
	}
	if (dir)
		g_dir_close(dir);
	g_rmdir(folder);
	g_rmdir(runtime);
	g_free(folder);
	g_free(runtime);
	return 0;
}

static void write_state(pid_t pid, guint64 started)
{
	const struct connection_state state = { .name = (char *)"work",
						.client = (char *)"openconnect",
						.gateway = (char *)"vpn.example.com",
						.address = (char *)"10.0.0.1",
						.state = (char *)"connected",
						.since = 1,
						.pid = pid,
						.started = started };

	assert_true(connection_state_write(&state, NULL));
}

static void put(const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void state_is_read_back(void **unused)
{
	g_autoptr(ConnectionState) state = NULL;
	int supervisor;

	write_state(getpid(), pid_started(getpid()));
	state = connection_state_read("work");
	assert_non_null(state);
	assert_string_equal(state->state, "connected");
	assert_string_equal(state->address, "10.0.0.1");
	assert_null(state->identity);
	supervisor = connection_state_supervisor(state);
	assert_true(supervisor >= 0);
	close(supervisor);
	connection_state_remove("work");
	assert_null(connection_state_read("work"));
}

/* A process that has that number by now is not the one that is meant. */
static void another_process_is_not_it(void **unused)
{
	for (int i = 0; i < 3; i++) {
		g_autoptr(ConnectionState) state = NULL;

		write_state(i == 2 ? 0 : getpid(), pid_started(getpid()) * (i != 1) + (i == 0));
		state = connection_state_read("work");
		assert_non_null(state);
		assert_int_equal(connection_state_supervisor(state), -1);
		assert_true(connection_state_is_over(state));
		assert_null(state->address);
	}
}

static void rubbish_is_nothing(void **unused)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"null",
		"\"x\"",
		"{}",
		"{\"client\": 1, \"gateway\": [], \"state\": {}}",
		"{\"client\": \"x\", \"gateway\": \"y\"}",
		"\xff\xfe",
	};
	g_autofree char *big = g_strnfill(20000, ' '),
			*path = g_build_filename(folder, "work.json", NULL);

	write_state(getpid(), 1);
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		put("work.json", texts[i]);
		assert_null(connection_state_read("work"));
	}
	put("work.json", big);
	assert_null(connection_state_read("work"));
	write_state(getpid(), 1);
	assert_int_equal(chmod(path, 0666), 0);
	assert_null(connection_state_read("work"));
	g_unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_null(connection_state_read("work"));
}

static void only_names_are_listed(void **unused)
{
	g_autoptr(GPtrArray) states = NULL;

	write_state(getpid(), pid_started(getpid()));
	put("a b.json", "{}");
	put(".hidden.json", "{}");
	put("other.txt", "{}");
	states = connection_state_list();
	assert_int_equal(states->len, 1);
}

static void one_at_a_time(void **unused)
{
	g_autoptr(GError) error = NULL;
	int lock = connection_state_lock("work", NULL);

	assert_true(lock >= 0);
	assert_int_equal(connection_state_lock("work", &error), -1);
	assert_string_equal(devid_error_reason(error), "connection-busy");
	close(lock);
	lock = connection_state_lock("work", NULL);
	assert_true(lock >= 0);
	close(lock);
}

/* --- what clients' words mean --------------------------------------------------------------- */

static void causes(void **unused)
{
	static const struct {
		const char *client, *lines[3], *reason;
	} rows[] = {
		{ "openconnect",
		  { "Login failed.", "User input required in non-interactive mode" },
		  "sign-in-wrong" },
		{ "openconnect",
		  { "User input required in non-interactive mode" },
		  "sign-in-needed" },
		{ "openconnect",
		  { "Certificate from VPN server \"x\" failed verification." },
		  "gateway-untrusted" },
		{ "openconnect",
		  { "None of the 1 fingerprint(s) specified via --servercert match server's certificate: x",
		    "SSL connection failure: Error in the certificate." },
		  "gateway-untrusted" },
		{ "openconnect",
		  { "SSL connection failure: Error in the certificate." },
		  "gateway-untrusted" },
		{ "openconnect",
		  { "SSL connection failure: A TLS fatal alert has been received." },
		  "gateway-refused" },
		{ "openconnect",
		  { "getaddrinfo failed for host 'x': Name or service not known" },
		  "gateway-unreachable" },
		{ "openconnect",
		  { "Failed to read from TLS/DTLS socket: Error in the pull function.",
		    "Failed to complete authentication" },
		  "gateway-closed" },
		{ "openconnect", { "Failed to complete authentication" }, "gateway-closed" },
		{ "openconnect", { "Cookie is no longer valid, ending session" }, "session-ended" },
		{ "openconnect", { "Failed to open tun device: x" }, "root-needed" },
		{ "openconnect", { "Error loading certificate from PKCS#11: x" }, "key-failed" },
		/* of a TPM's module */
		{ "openconnect",
		  { "WARNING:tcti:src/util/io.c:262:socket_connect() Failed to connect to host 127.0.0.1",
		    "Failed to complete authentication" },
		  "gateway-closed" },
		/* a banner's */
		{ "openconnect", { "Not authorized", "Access denied" }, "client-failed" },
		{ "openconnect", { "something else" }, "client-failed" },
		{ "openconnect", { NULL }, "client-failed" },
		/* another client's words are not its own */
		{ "exec", { "Login failed." }, "client-failed" },
	};
	struct connection connection = { .gateway = (char *)"vpn.example.com" };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct vpn_session session = { .connection = &connection, .ticket = SECRET_INIT };
		g_autoptr(GError) error = NULL;

		for (size_t j = 0; j < 3 && rows[i].lines[j]; j++)
			vpn_session_line(&session, rows[i].lines[j]);
		vpn_cause(&session, rows[i].client, 256, &error);
		assert_string_equal(devid_error_reason(error), rows[i].reason);
		assert_true(g_str_has_prefix(error->message, "vpn.example.com: "));
		vpn_session_clear(&session);
	}
}

/* --- what root runs for users --------------------------------------------------------------- */

static void clients_are_drivers(void **unused)
{
	g_autofree char *names = connection_client_names();
	g_auto(GStrv) each = g_strsplit(names, ", ", -1);

	assert_int_equal(g_strv_length(each), 5);
	for (char **name = each; *name; name++)
		assert_non_null(vpn_driver_find(*name));
	assert_null(connection_client_find("gpclient"));
}

static void tunnel_gateways(void **unused)
{
	static const struct {
		const char *wanted, *meant;
	} rows[] = {
		{ "vpn.example.com", "vpn.example.com:443" },
		{ "VPN.example.com:443", "vpn.example.com:443" },
		{ "b.example.com:8443", "b.example.com:8443" },
		{ "[2001:db8::1]", "[2001:db8::1]:443" },
		{ "vpn.example.com:8443", NULL },
		{ "b.example.com", NULL },
		{ "vpn.example.com/", NULL },
		{ "vpn.example.com:443 --script=/x", NULL },
		{ "--script=/x", NULL },
		{ "vpn.example.com\n", NULL },
		{ "", NULL },
	};
	g_autofree char *why = NULL, *odd = NULL;
	g_autoptr(Connection) connection =
		parse("[Connection]\nGateway=vpn.example.com\n"
		      "TunnelGateways=B.example.com:8443, [2001:db8::1]\n",
		      &why);

	assert_non_null(connection);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *meant = connection_tunnel_gateway(connection, rows[i].wanted);

		if (rows[i].meant)
			assert_string_equal(meant, rows[i].meant);
		else
			assert_null(meant);
	}
	assert_null(parse("[Connection]\nGateway=a\nTunnelGateways=a, b c\n", &odd));
	assert_string_equal(odd, "3: TunnelGateways has b c, which is no HOST or HOST:PORT");
}

static void root_runs_the_files_words(void **unused)
{
	static const struct {
		const char *keys, *address, *words;
	} rows[] = {
		{ "", NULL, "--protocol=anyconnect" HALF " https://vpn.example.com:443" },
		{ "Protocol=gp\nCAFile=/etc/ca.pem\n", NULL,
		  "--protocol=gp" HALF " --cafile=/etc/ca.pem https://vpn.example.com:443" },
		{ "CAFile=/etc/ca.pem\nServerPin=pin-sha256:x\nArguments=--no-dtls\n", "192.0.2.1",
		  "--protocol=anyconnect" HALF " --servercert=pin-sha256:x"
		  " --resolve=vpn.example.com:192.0.2.1 --no-dtls https://vpn.example.com:443" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text =
			g_strdup_printf("[Connection]\nGateway=vpn.example.com\n%s", rows[i].keys);
		g_autofree char *why = NULL, *line = NULL;
		g_autoptr(Connection) connection = parse(text, &why);
		g_autoptr(GPtrArray) argv = openconnect_machine_argv(
			connection, "vpn.example.com:443", rows[i].address);

		g_ptr_array_add(argv, NULL);
		line = process_words((const char *const *)argv->pdata + 1);
		assert_string_equal(line, rows[i].words);
	}
}

/* Words that a shell would take apart are quoted. */
static void words(void **unused)
{
	static const char *const argv[] = { "openconnect", "-c", "pkcs11:token=a;object=b", "",
					    NULL };
	g_autofree char *text = process_words(argv);

	assert_string_equal(text, "openconnect -c 'pkcs11:token=a;object=b' ''");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all),
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(refuses_what_is_off),
		cmocka_unit_test(refuses_a_nul),
		cmocka_unit_test(names),
		cmocka_unit_test(made_up),
		cmocka_unit_test_setup_teardown(state_is_read_back, make_runtime, remove_runtime),
		cmocka_unit_test_setup_teardown(another_process_is_not_it, make_runtime,
						remove_runtime),
		cmocka_unit_test_setup_teardown(rubbish_is_nothing, make_runtime, remove_runtime),
		cmocka_unit_test_setup_teardown(only_names_are_listed, make_runtime,
						remove_runtime),
		cmocka_unit_test_setup_teardown(one_at_a_time, make_runtime, remove_runtime),
		cmocka_unit_test(causes),
		cmocka_unit_test(clients_are_drivers),
		cmocka_unit_test(tunnel_gateways),
		cmocka_unit_test(root_runs_the_files_words),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
