/* The half of openconnect that root runs: its words, and when its tunnel stands. devid-tunnel runs it for users. */
#include <string.h>

#include "look.h"
#include "openconnect.h"
#include "process.h"

#define CLIENT	   VPN_OPENCONNECT
#define CONFIGURED "Configured as "
/* Its script sets up interface and routes after that. */
#define LOOK_MS	  10
#define LOOKS_MAX (30 * 1000 / LOOK_MS)

static void add_all(GPtrArray *argv, char *const *words)
{
	for (; words && *words; words++)
		g_ptr_array_add(argv, g_strdup(*words));
}

GPtrArray *openconnect_argv(const struct connection *connection)
{
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
	char *program = process_find(CLIENT);

	g_ptr_array_add(argv, program ? program : g_strdup(CLIENT));
	g_ptr_array_add(argv,
			g_strdup_printf("--protocol=%s", connection->protocol ? connection->protocol
									      : "anyconnect"));
	return argv;
}

void openconnect_add_trust(GPtrArray *argv, const struct connection *connection)
{
	/* It takes a gateway that either one speaks for: the pin is to be the one. */
	if (connection->server_pin)
		g_ptr_array_add(argv, g_strdup_printf("--servercert=%s", connection->server_pin));
	else if (connection->ca_file)
		g_ptr_array_add(argv, g_strdup_printf("--cafile=%s", connection->ca_file));
}

void openconnect_add_tunnel(GPtrArray *argv)
{
	g_ptr_array_add(argv, g_strdup("--cookie-on-stdin"));
	g_ptr_array_add(argv, g_strdup("--non-inter"));
	/* A dropped connection is checked before it is made again: by us. */
	g_ptr_array_add(argv, g_strdup("--reconnect-timeout=0"));
}

GPtrArray *openconnect_machine_argv(const struct connection *connection, const char *gateway,
				    const char *address)
{
	GPtrArray *argv = openconnect_argv(connection);

	openconnect_add_tunnel(argv);
	openconnect_add_trust(argv, connection);
	if (address) {
		g_autofree char *host = g_strndup(gateway, strrchr(gateway, ':') - gateway);

		g_ptr_array_add(argv, g_strdup_printf("--resolve=%s:%s", host, address));
	}
	add_all(argv, connection->arguments);
	g_ptr_array_add(argv, g_strdup_printf("https://%s", gateway));
	return argv;
}

/* --- when it stands ------------------------------------------------------------------------- */

static gboolean look(gpointer data)
{
	struct openconnect_settling *settling = data;

	if (settling->looks++ < LOOKS_MAX &&
	    (!look_address_is_here(settling->address) || look_is_busy(settling->pid, CLIENT)))
		return G_SOURCE_CONTINUE;
	settling->timer = 0;
	settling->settled(settling->address, settling->data);
	return G_SOURCE_REMOVE;
}

void openconnect_settle(struct openconnect_settling *settling, const char *line)
{
	const char *address = strstr(line, CONFIGURED);

	if (!address || settling->address)
		return;
	address += strlen(CONFIGURED);
	settling->address = g_strndup(address, strcspn(address, ", "));
	settling->timer = g_timeout_add(LOOK_MS, look, settling);
}

void openconnect_settle_end(struct openconnect_settling *settling)
{
	if (settling->timer != 0)
		g_source_remove(settling->timer);
	settling->timer = 0;
	g_clear_pointer(&settling->address, g_free);
}
