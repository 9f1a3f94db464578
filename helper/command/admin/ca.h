/* devid ca: the account's signing certificates as files in its folder signing/. */
#ifndef COMMAND_ADMIN_CA_H
#define COMMAND_ADMIN_CA_H

#include <devid/account.h>
#include <internal/path.h>
#include "command/cli/report.h"

/* ca-usage.c: the list with what each carries, by the event logs `files` (ended by NULL). */
gboolean ca_print_usage(const struct devid_account *account, char *const *files, time_t since,
			bool json, GError **error);

enum exit_status ca_add(int argc, char **argv);
enum exit_status ca_list(int argc, char **argv);
enum exit_status ca_show(int argc, char **argv);
enum exit_status ca_remove(int argc, char **argv);

#endif
