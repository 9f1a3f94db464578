/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid export: certificate and chain as PEM. The key is never exported: nobody could ask for
 * it. */
#include "base/error.h"
#include "command/cli/output.h"
#include "command/cli/report.h"
#include "identity/naming.h"
#include "identity/identity.h"
#include "command.h"

static struct {
	struct naming naming;
	char *output;
	gboolean leaf;
} options;

static const GOptionEntry entries[] = {
	{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
	  "Write to this file (default: standard output)", "FILE" },
	{ "leaf", 0, 0, G_OPTION_ARG_NONE, &options.leaf,
	  "The device certificate alone, without its chain", NULL },
	NAMING_OPTIONS(options.naming),
	{ NULL },
};

static bool to_pem(const struct identity *identity, GString *pem, GError **error)
{
	if (identity->chain_count == 0)
		return devid_error_set(error, DEVID_NOT_FOUND, "no-certificate", NULL,
				       "%s: a private key alone, without a certificate",
				       identity->record->label);
	for (size_t i = 0; i < (options.leaf ? 1 : identity->chain_count); i++) {
		gnutls_datum_t text = { NULL, 0 };
		int code = gnutls_x509_crt_export2(identity->chain[i], GNUTLS_X509_FMT_PEM, &text);

		if (code < 0)
			return devid_error_set(error, DEVID_BAD_DATA, NULL, NULL, "%s: %s",
					       identity->record->label, gnutls_strerror(code));
		g_string_append_len(pem, (const char *)text.data, (gssize)text.size);
		gnutls_free(text.data);
	}
	return true;
}

static enum exit_status run(char **operands, GError **error)
{
	AUTO_NAMING struct naming naming = options.naming;
	g_autoptr(GString) pem = g_string_new(NULL);
	const struct identity *identity = naming_identity(&naming, operands[0], error);

	if (!identity || !to_pem(identity, pem, error))
		return EXIT_FAILED;
	return output_write(options.output, pem->str, error) ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_export = {
	.name = "export",
	.arguments = "[LABEL|URI]",
	.summary = "Print certificate and chain as PEM, never the key",
	.about = "Print an identity's certificate and chain as PEM, leaf first. The private key is "
		 "never exported.",
	.entries = entries,
	.operands = { 0, 1 },
	.run = run,
};
