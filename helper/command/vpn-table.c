/* The clients that `devid connect` runs, and what every session has. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nm.h"
#include "vpn.h"

#define LINES_KEPT 40

static const struct vpn_driver *const drivers[] = {
	&vpn_openconnect, &vpn_openvpn, &vpn_strongswan, &vpn_networkmanager, &vpn_exec,
};

const struct vpn_driver *vpn_driver_find(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++)
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	return NULL;
}

/* openconnect's tunnel is NetworkManager's where that carries the network: it needs no root. */
const struct vpn_driver *vpn_driver_for(const struct connection *connection)
{
	const struct vpn_driver *driver = vpn_driver_find(connection->client);

	return driver == &vpn_openconnect && geteuid() != 0 && nm_is_usable() ? &vpn_networkmanager
									      : driver;
}

char *vpn_driver_names(void)
{
	GString *names = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++)
		g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", drivers[i]->name);
	return g_string_free(names, FALSE);
}

void sign_in_clear(struct sign_in *sign_in)
{
	g_clear_pointer(&sign_in->user, g_free);
	secret_clear(&sign_in->password);
}

void vpn_session_clear(struct vpn_session *session)
{
	secret_clear(&session->ticket);
	g_clear_pointer(&session->lines, g_ptr_array_unref);
}

void vpn_session_line(struct vpn_session *session, const char *line)
{
	if (session->lines == NULL)
		session->lines = g_ptr_array_new_with_free_func(g_free);
	if (session->lines->len >= LINES_KEPT)
		g_ptr_array_remove_index(session->lines, 0);
	g_ptr_array_add(session->lines, g_strdup(line));
	if (session->log != NULL) {
		g_autofree char *safe = g_strescape(line, NULL);

		fprintf(session->log, "  %s\n", safe);
		fflush(session->log);
	}
}
