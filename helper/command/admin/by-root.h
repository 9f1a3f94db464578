/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What needs root, for whoever isn't: devid-admin is asked, which asks polkit. Files are read here,
 * as the user; root gets what is in them. */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>
#include <internal/secret.h>
#include "command/cli/report.h"

struct by_root {
	GDBusConnection *bus;
	GVariantBuilder options;
};

/* NULL: we are root, or there is no devid-admin here, and then nobody but root can. */
struct by_root *by_root_open(void);
void by_root_free(struct by_root *by_root);
static inline void by_root_clear(struct by_root **by_root)
{
	by_root_free(*by_root);
}
#define AUTO_BY_ROOT __attribute__((cleanup(by_root_clear)))

/* An option of the command, without its dashes; NULL: it was not given. */
void by_root_option(struct by_root *by_root, const char *name, const char *value);
void by_root_flag(struct by_root *by_root, const char *name, bool given);
/* Runs that command of devid's as root, with what it reads ("" where it reads nothing): prints what
 * it says, and answers its exit status. On a terminal the person is asked there, where no desktop
 * asks. With *error set where it was not run. */
enum exit_status by_root_run(struct by_root *by_root, const char *command,
			     const struct secret *input, GError **error);
