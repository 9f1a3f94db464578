/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* After a renewal: units that are told, and programs that somebody must tell. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "connection/process.h"
#include "identity/holder.h"
#include "renewed.h"
#include "report.h"

/* A service's own ExecReload= may take its time; systemd has the job all the same. */
#define UNIT_BOUND_MS (90 * 1000)

static void keep_line(const char *line, void *data)
{
	GString *said = data;

	g_string_truncate(said, 0);
	g_string_append(said, line);
}

/* No shell: the unit is one word of the account's, and was looked at when that was read. */
static void tell_unit(struct import *import, const char *unit)
{
	const char *const argv[] = { "systemctl", "try-reload-or-restart", "--", unit, NULL };
	g_autoptr(GString) said = g_string_new(NULL);
	const struct process_command command = { .argv = argv, .line = keep_line, .data = said };
	g_autoptr(GError) error = NULL;
	int status = 0;

	if (!process_run(&command, UNIT_BOUND_MS, &status, &error))
		import_warn(import, "AfterRenewal=: %s was not told: %s", unit, error->message);
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		import_warn(import, "AfterRenewal=: %s was not told: %s", unit,
			    said->len > 0 ? said->str : "systemctl failed");
	else
		g_ptr_array_add(import->told, g_strdup(unit));
}

static bool was_told(const struct import *import, const struct holder *holder)
{
	return holder->unit &&
	       g_ptr_array_find_with_equal_func(import->told, holder->unit, g_str_equal, NULL);
}

void renewed_tell_units(struct import *import)
{
	char *const *units = import->scope == SCOPE_SYSTEM && geteuid() == 0
				     ? devid_account_after_renewal(import->account)
				     : NULL;

	if (!import->replaced)
		return;
	import->told = g_ptr_array_new_with_free_func(g_free);
	/* Before they are told: what is started anew has nothing of the past. */
	import->holders = holder_list(0);
	for (; units && *units; units++)
		tell_unit(import, *units);
	for (guint i = import->holders->len; i-- > 0;)
		if (was_told(import, import->holders->pdata[i]))
			g_ptr_array_remove_index(import->holders, i);
}
