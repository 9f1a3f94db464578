/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid remove: an identity, its certificate and its private key. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>

#include "base/json-build.h"
#include "command/cli/ask.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "command/profile/support.h"
#include "connection/connection.h"
#include "connection/list.h"
#include "identity/agent.h"
#include "identity/change.h"
#include "identity/naming.h"
#include "identity/list.h"
#include "identity/uri.h"
#include "command.h"

static struct {
	struct naming naming;
	gboolean json, yes;
} options = { .naming = { .authorities = true } };

static const GOptionEntry entries[] = {
	NAMING_OPTIONS(options.naming),
	{ "yes", 'y', 0, G_OPTION_ARG_NONE, &options.yes, "Don't ask", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

static void tell(const struct identity *identity, const GPtrArray *kept)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	if (!options.json) {
		print_line(stdout, "%s: removed from %s", identity->record->label, identity->token);
		table_unreachable(kept);
		return;
	}
	json_text(builder, "result", "ok");
	json_flag(builder, "changed", TRUE);
	json_text(builder, "label", identity->record->label);
	json_text(builder, "token", identity->token);
	json_text(builder, "uri", identity->uri);
	json_texts(builder, "unreachable", kept);
	report_builder(builder);
}

/* A connection that names it. */
static void tell_connections(const struct identity *identity)
{
	g_autoptr(GPtrArray) names = connection_names();

	for (guint i = 0; i < names->len; i++) {
		g_autoptr(Connection) connection = connection_find(names->pdata[i], NULL);

		if (connection && connection->identity &&
		    identity_is_named(identity, connection->identity))
			print_line(stderr, "  the connection %s: devid connect %s",
				   connection->name, connection->name);
	}
}

#define CONFIGURATION_MAX (1024 * 1024)

/* By its URI, or by its CKA_ID as strongSwan (small letters) and OpenVPN (capitals) are told it. */
static bool configuration_names(const char *path, const struct identity *identity, const char *id)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	g_autofree char *text = g_malloc0(CONFIGURATION_MAX + 1), *small = NULL;
	struct stat status;
	ssize_t got;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    strstr(path, ".devid-backup"))
		return false;
	got = read(fd, text, CONFIGURATION_MAX);
	if (got <= 0)
		return false;
	small = g_ascii_strdown(text, -1);
	return identity_uri_is_in(identity, text) || (*id && strstr(small, id));
}

/* Configurations of programs that have its URI, where those lie that devid installs. */
static void tell_profiles(const struct identity *identity)
{
	g_autofree char *own = g_build_filename(g_get_home_dir(), ".config/devid/clients", NULL);
	const char *const folders[] = { own, "/etc/swanctl/conf.d", "/etc/openvpn/client",
					"/etc/NetworkManager/system-connections",
					"/etc/wpa_supplicant" };
	g_autofree char *id = profile_id(identity);

	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autoptr(GDir) folder = g_dir_open(folders[i], 0, NULL);
		const char *name;

		while (folder && (name = g_dir_read_name(folder))) {
			g_autofree char *path = g_build_filename(folders[i], name, NULL);

			if (configuration_names(path, identity, id))
				print_line(stderr, "  what %s configures", path);
		}
	}
}

/* Told only where somebody is asked. */
static enum ask_answer confirm(const struct identity *identity)
{
	if (ask_would(options.yes)) {
		print_line(
			stderr,
			"This removes %s from %s%s. There is no way back but another import. What "
			"is known to use it, and stops working:",
			identity->record->label, identity->token,
			record_has_key(identity->record) ? ", with its private key" : "");
		tell_connections(identity);
		tell_profiles(identity);
		print_line(stderr, "  and whatever else was given %s", identity->uri);
	}
	return ask_yes("remove", options.yes);
}

static enum exit_status run(char **operands, GError **error)
{
	AUTO_NAMING struct naming naming = options.naming;
	AUTO_CLIENT struct client client = CLIENT_INIT;
	g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
	const struct identity *identity = naming_own(&naming, operands[0], error);

	/* A script that removes goes on doing so: only a person is asked. */
	if (!identity || !change_allowed(identity->scope, error) || confirm(identity) == ASK_NO ||
	    !agent_connect(&client, identity->scope, CLIENT_START, error) ||
	    !change_remove(&client, identity, NULL, kept, error))
		return EXIT_FAILED;
	tell(identity, kept);
	return EXIT_DONE;
}

const struct command command_remove = {
	.name = "remove",
	.arguments = "LABEL",
	.summary = "Remove an identity",
	.about =
		"Remove an identity from this computer: its certificate, its chain and its private "
		"key. There is no way back but another import.",
	.entries = entries,
	.operands = { 1, 1, "a label is missing" },
	.run = run,
};
