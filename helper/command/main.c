/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid: the command. One row a subcommand; each is in the file of its name. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "command/cli/front.h"
#include "command/cli/group.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/words.h"
#include "command.h"
#include "complete.h"

static enum exit_status help(char **operands, GError **error);

static const struct command command_help = {
	.name = "help",
	.arguments = "[COMMAND]",
	.summary = "Explain a command",
	.operands = { 0, OPERANDS_ANY },
	.run = help,
};

/* The table is the documentation: usage, completions and the manual page agree with it
 * (tests/helper/command/cli/options.sh). Rows stand in the order in which a newcomer needs them.
 */
/* clang-format off */
static const struct command *const commands[] = {
	&command_import_cert,
	&command_request,
	&command_inspect,
	&command_list,
	&command_show,
	&command_check,
	&command_remove,
	&command_rename,
	&command_move,
	&command_renew,
	&command_retire,
	&command_export,
	&command_wrap,
	&command_ca,
	&command_account,
	&command_verify,
	&command_policy,
	&command_posture,
	&command_connect,
	&command_disconnect,
	&command_profile,
	&command_proxy,
	&command_reset_cred,
	&command_status,
	&command_doctor,
	&command_events,
	&command_version,
	&command_help,
	NULL,
};
/* clang-format on */

static const struct command devid = {
	.arguments = "COMMAND",
	.about = "Gives this computer one device identity that every VPN client can use.",
	.description = "devid help COMMAND tells more of each. First steps:\n"
		       "  devid import-cert FILE.p12\n"
		       "  devid check",
	.actions = commands,
};

/* `devid help ca add` and `devid ca add --help` are the same. */
static enum exit_status help(char **operands, GError **error)
{
	guint count = g_strv_length(operands);
	g_autofree char **words = g_new0(char *, count + 3);

	words[0] = (char[]){ "devid" };
	memcpy(words + 1, operands, count * sizeof(char *));
	words[count + 1] = (char[]){ "--help" };
	return group_run(&devid, NULL, words);
}

/* A closed descriptor 0, 1 or 2 would be given to the next file that is opened, and output written
 * into it.
 */
static void open_standard_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) < 0)
			_exit(EXIT_FAILED);
}

/* Word processors make one long dash of "--"; what follows a lone "--" is left as it is. */
static void replace_dashes(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		char *plain = words_plain_dashes(argv[i]);

		if (plain)
			argv[i] = plain;
	}
}

/* The compared client has its commands as options: --reset-cred. */
static void replace_option(char **word)
{
	if (strcmp(*word, "-V") == 0)
		*word = (char *)command_version.name;
	else if (g_str_has_prefix(*word, "--") && group_find(&devid, *word + 2))
		*word += 2;
}

int main(int argc, char **argv)
{
	enum exit_status status;

	open_standard_descriptors();
	/* Messages are English; names are UTF-8, whatever the environment's locale says. */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		setlocale(LC_CTYPE, "");
	g_set_prgname("devid");
	replace_dashes(argc, argv);
	if (argc > 1)
		replace_option(&argv[1]);
	cli_front_set();
	if (argc > 2 && strcmp(argv[1], "--complete") == 0)
		status = complete_print(&devid, argv + 2);
	else
		status = group_run(&devid, NULL, argv);
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == EXIT_DONE) {
		print_line(stderr, "devid: standard output: %s", g_strerror(errno));
		status = EXIT_FAILED;
	}
	return status;
}
