/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid export: certificate and chain as PEM. The key is never exported: nobody could ask for
 * it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <internal/cleanup.h>

#include "base/error.h"
#include "base/files.h"
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

static gboolean to_pem(const struct identity *identity, GString *pem, GError **error)
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
	return TRUE;
}

static gboolean failed(GError **error, const char *path, int number)
{
	return devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(number), "%s: %s", path,
			       g_strerror(number));
}

/* A file that is there is replaced as a whole; a link, a folder or a device is not written to. */
static gboolean write_file(const char *path, const GString *pem, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
	AUTO_CLOSE int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;

	if (at < 0)
		return failed(error, folder, errno);
	if (fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(status.st_mode))
		return devid_error_set(error, DEVID_IO, NULL, "name a file, or leave --output out",
				       "%s: it is no regular file, and is not replaced", path);
	return files_replace(at, name, 0666, pem->str, pem->len, FILES_UMASK) ||
	       failed(error, path, errno);
}

static enum exit_status run(char **operands, GError **error)
{
	AUTO_NAMING struct naming naming = options.naming;
	g_autoptr(GString) pem = g_string_new(NULL);
	const struct identity *identity = naming_identity(&naming, operands[0], error);

	if (!identity || !to_pem(identity, pem, error))
		return EXIT_FAILED;
	if (options.output && strcmp(options.output, "-") != 0)
		return write_file(options.output, pem, error) ? EXIT_DONE : EXIT_FAILED;
	fputs(pem->str, stdout);
	return EXIT_DONE;
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
