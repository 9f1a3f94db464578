/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid export: certificate and chain as PEM, or a file that names the key. The key itself is never
 * exported: nobody could ask for it. */
#include <devid/reason.h>

#include "base/error.h"
#include "command/cli/output.h"
#include "command/cli/report.h"
#include "identity/naming.h"
#include "identity/identity.h"
#include "identity/key-reference.h"
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

/* What pkcs11-provider reads as a private key. */
static bool to_reference(const struct identity *identity, GString *pem, GError **error)
{
	g_autofree char *text = NULL;

	if (!record_has_key(identity->record))
		return devid_error_set(error, DEVID_KEY_MISSING, "key-missing", NULL, "%s: %s",
				       identity->record->label,
				       devid_reason_find("key-missing")->cause);
	text = key_reference_pem(identity);
	if (!text)
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "export: no memory");
	g_string_append(pem, text);
	return true;
}

static enum exit_status run(char **operands, GError **error)
{
	AUTO_NAMING struct naming naming = options.naming;
	g_autoptr(GString) pem = g_string_new(NULL);
	const struct identity *identity;

	if (options.leaf && options.key_reference)
		return report_usage("export",
				    "--leaf is of certificates: not with --key-reference");
	identity = naming_identity(&naming, operands[0], error);
	if (!identity || !(options.key_reference ? to_reference : to_pem)(identity, pem, error))
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
