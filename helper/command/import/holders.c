/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that have the module loaded, in words: see holders.h. */
#include <string.h>
#include <unistd.h>
#include "base/json-build.h"
#include "command/cli/print.h"
#include "holders.h"

/* What makes a program look for certificate and key anew. */
static const struct need {
	const char *program; /* the last component of its executable's path */
	const char *what;
} needs[] = {
	{ "charon", "swanctl --load-all" },
	{ "charon-systemd", "swanctl --load-all" },
	{ "charon-nm", "connect again" },
	{ "wpa_supplicant", "systemctl restart wpa_supplicant" },
	{ "openconnect", "nothing: it looks anew when it logs in again" },
	{ "openvpn", "restart it" },
	{ "ssh-pkcs11-helper", "ssh-add -e MODULE, then ssh-add -s MODULE" },
	{ "stunnel4", "restart it" },
};

static const char *program_name(const struct holder *holder)
{
	const char *slash = strrchr(holder->program, '/');

	return slash ? slash + 1 : holder->program;
}

static const char *known_need(const struct holder *holder)
{
	const char *name = program_name(holder);

	for (size_t i = 0; i < G_N_ELEMENTS(needs); i++)
		if (strcmp(needs[i].program, name) == 0)
			return needs[i].what;
	return NULL;
}

/* Of a user's unit its user alone is told: who reads this as root would restart the machine's of
 * that name. */
static char *need_of(const struct holder *holder)
{
	const char *known = known_need(holder);

	if (known && strcmp(known, "restart it") != 0)
		return g_strdup(known);
	if (holder->unit)
		return g_strdup_printf("systemctl restart %s", holder->unit);
	if (holder->user_unit && holder->uid == geteuid())
		return g_strdup_printf("systemctl --user restart %s", holder->user_unit);
	return g_strdup(known ? known : "start it again");
}

void holders_tell(const GPtrArray *holders, const char *head)
{
	if (holders->len > 0)
		print_line(stderr, "  %s", head);
	for (guint i = 0; i < holders->len; i++) {
		const struct holder *holder = holders->pdata[i];
		g_autofree char *need = need_of(holder);

		print_line(stderr, "    %s (process %ld): %s", program_name(holder),
			   (long)holder->pid, need);
	}
}

void holders_json(JsonBuilder *builder, const char *name, const GPtrArray *holders)
{
	json_begin_array(builder, name);
	for (guint i = 0; i < holders->len; i++) {
		const struct holder *holder = holders->pdata[i];
		g_autofree char *need = need_of(holder);

		json_builder_begin_object(builder);
		json_number(builder, "pid", holder->pid);
		json_number(builder, "uid", holder->uid);
		json_text(builder, "program", holder->program);
		json_text(builder, "unit", holder->unit);
		json_text(builder, "need", need);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}
