/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid export: certificate and chain as PEM, or a file that names the key. The key itself is never
 * exported: nobody could ask for it. */
#include "command/cli/output.h"
#include "command/cli/report.h"
#include "identity/naming.h"
#include "identity/export.h"
#include "identity/identity.h"
#include "command.h"

static struct {
	struct naming naming;
	char *output;
	gboolean leaf, key_reference;
} options;

static const GOptionEntry entries[] = {
	{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
	  "Write to this file (default: standard output)", "FILE" },
	{ "leaf", 0, 0, G_OPTION_ARG_NONE, &options.leaf,
	  "The device certificate alone, without its chain", NULL },
	{ "key-reference", 0, 0, G_OPTION_ARG_NONE, &options.key_reference,
	  "The key's URI as a PEM file, for programs that take a key from a file alone", NULL },
	NAMING_OPTIONS(options.naming),
	{ NULL },
};

static enum exit_status run(char **operands, GError **error)
{
	AUTO_NAMING struct naming naming = options.naming;
	g_autoptr(GString) pem = g_string_new(NULL);
	const struct identity *identity;

	if (options.leaf && options.key_reference)
		return report_usage("export",
				    "--leaf is of certificates: not with --key-reference");
	identity = naming_identity(&naming, operands[0], error);
	if (!identity ||
	    !(options.key_reference ? identity_export_reference(identity, pem, error)
				    : identity_export_chain(identity, options.leaf, pem, error)))
		return EXIT_FAILED;
	return output_write(options.output, pem->str, error) ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_export = {
	.name = "export",
	.arguments = "[LABEL|URI]",
	.summary = "Print certificate and chain as PEM, never the key",
	.about = "Print an identity's certificate and chain as PEM, leaf first. The private key is "
		 "never exported; a file that names it can be.",
	.entries = entries,
	.operands = { 0, 1 },
	.run = run,
};
