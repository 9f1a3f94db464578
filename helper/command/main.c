/* devid: the command. One row a subcommand; each row's function is in the file of its name. */
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
#include "command/cli/table.h"
#include "command/cli/words.h"
#include "command.h"

static enum exit_status command_help(int argc, char **argv);

/* The table is the documentation: usage, completions and the manual page agree with it
 * (tests/helper/command/cli/options.sh). Rows stand in the order in which a newcomer needs them.
 */
static const struct command commands[] = {
	{ "import-cert", "FILE", "Import a device identity", command_import_cert },
	{ "inspect", "FILE…", "Show what is in .p12 and certificate files", command_inspect },
	{ "list", "[URI…]", "List the device identities", command_list },
	{ "show", "[LABEL|URI]", "Show one identity and its chain", command_show },
	{ "check", "[LABEL|URI]", "Check whether the account accepts the certificate",
	  command_check },
	{ "remove", "LABEL", "Remove an identity", command_remove },
	{ "rename", "OLD NEW", "Give an identity another label", command_rename },
	{ "export", "[LABEL|URI]", "Print certificate and chain as PEM, never the key",
	  command_export },
	{ "ca", "add|list|show|remove", "Manage the account's signing certificates", command_ca },
	{ "account", "revoke", "Change the account's own files", command_account },
	{ "verify", "FILE|-", "Check a chain from a file, as a gateway does", command_verify },
	{ "policy", "show|test|lint", "Tell who may connect, as the account says", command_policy },
	{ "posture", "[LABEL|URI]", "Run the account's device profiles on this computer",
	  command_posture },
	{ "connect", "[NAME|HOST[:PORT]]", "Check, and connect to a VPN gateway", command_connect },
	{ "disconnect", "[NAME]", "End such a connection", command_disconnect },
	{ "profile", "[CLIENT [LABEL|URI]]", "Print or install a client's configuration",
	  command_profile },
	{ "reset-cred", "", "Forget sign-in data; with --keys, the identities too",
	  command_reset_cred },
	{ "status", "", "Show agent, keyring, account, identities at a glance", command_status },
	{ "doctor", "", "Find out why a connection doesn't come about", command_doctor },
	{ "events", "", "Show what happened", command_events },
	{ "version", "", "Print the version", command_version },
	{ "help", "[COMMAND]", "Explain a command", command_help },
};

/* Room for their names and the NULL behind them. */
#define NAMES (G_N_ELEMENTS(commands) + 1)

static void list_names(const char *names[NAMES])
{
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		names[i] = commands[i].name;
	names[G_N_ELEMENTS(commands)] = NULL;
}

static const struct command *find_command(const char *word)
{
	const char *names[NAMES], *name;

	list_names(names);
	name = words_meant(word, names);
	for (size_t i = 0; name && i < G_N_ELEMENTS(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void print_usage(FILE *stream)
{
	print_lines(stream, COLOUR_PLAIN,
		    "Usage: devid COMMAND [OPTION…]\n"
		    "\n"
		    "Gives this computer one device identity that every VPN client can use.\n"
		    "\n"
		    "Commands:\n");
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		g_autofree char *words =
			g_strdup_printf("%s %s", commands[i].name, commands[i].arguments);

		print_line(stream, "  %s%*s %s", words, 24 - text_width(words), "",
			   commands[i].summary);
	}
	print_lines(stream, COLOUR_PLAIN,
		    "\n"
		    "devid help COMMAND tells more of each. First steps:\n"
		    "  devid import-cert FILE.p12\n"
		    "  devid check\n");
}

static enum exit_status unknown_command(const char *name)
{
	const char *names[NAMES], *nearest;

	list_names(names);
	nearest = words_nearest(name, names);
	if (!nearest)
		return report_usage(NULL, "%s: no such command", name);
	return report_usage_near(nearest, "%s: no such command", name);
}

/* `devid help ca add` and `devid ca add --help` are the same. */
static enum exit_status command_help(int argc, char **argv)
{
	g_autofree char **arguments = g_new0(char *, (gsize)argc + 2);
	const struct command *command;
	int count = 0;

	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	if (argv[1][0] == '-')
		return report_usage("help", "unknown option %s", argv[1]);
	command = find_command(argv[1]);
	if (!command)
		return unknown_command(argv[1]);
	arguments[count++] = (char *)command->name;
	for (int i = 2; i < argc; i++)
		arguments[count++] = argv[i];
	arguments[count++] = (char[]){ "--help" };
	return command->run(count, arguments);
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

static enum exit_status run(int argc, char **argv)
{
	const struct command *command;
	const char *name;

	if (argc < 2) {
		print_usage(stderr);
		return EXIT_WORDS;
	}
	name = argv[1];
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		name = "version";
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	/* The compared client has its commands as options: --reset-cred. */
	if (g_str_has_prefix(name, "--") && find_command(name + 2))
		name += 2;
	if (name[0] == '-')
		return report_usage(NULL, "unknown option %s", name);
	command = find_command(name);
	if (!command)
		return unknown_command(name);
	argv[1] = (char *)command->name;
	return command->run(argc - 1, argv + 1);
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
	cli_front_set();
	status = run(argc, argv);
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == EXIT_DONE) {
		print_line(stderr, "devid: standard output: %s", g_strerror(errno));
		status = EXIT_FAILED;
	}
	return status;
}
