/* devid export: certificate and chain as PEM. The key is never exported: nobody could ask for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <internal/cleanup.h>

#include "base/error.h"
#include "base/files.h"
#include "command/cli/options.h"
#include "command/cli/report.h"
#include "identity/choose.h"
#include "identity/identity.h"
#include "command.h"

static gboolean to_pem(const struct identity *identity, bool leaf_alone, GString *pem,
		       GError **error)
{
	if (identity->chain_count == 0) {
		devid_error_set(error, DEVID_NOT_FOUND, "no-certificate", NULL,
				"%s: a private key alone, without a certificate",
				identity->record->label);
		return FALSE;
	}
	for (size_t i = 0; i < (leaf_alone ? 1 : identity->chain_count); i++) {
		gnutls_datum_t text = { NULL, 0 };
		int code = gnutls_x509_crt_export2(identity->chain[i], GNUTLS_X509_FMT_PEM, &text);

		if (code < 0) {
			devid_error_set(error, DEVID_BAD_DATA, NULL, NULL, "%s: %s",
					identity->record->label, gnutls_strerror(code));
			return FALSE;
		}
		g_string_append_len(pem, (const char *)text.data, (gssize)text.size);
		gnutls_free(text.data);
	}
	return TRUE;
}

static gboolean failed(GError **error, const char *path, int number)
{
	devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(number), "%s: %s", path,
			g_strerror(number));
	return FALSE;
}

/* A file that is there is replaced as a whole; a link, a folder or a device is not written to. */
static gboolean write_file(const char *path, const GString *pem, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
	AUTO_CLOSE int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;

	if (at < 0)
		return failed(error, folder, errno);
	if (fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(status.st_mode)) {
		devid_error_set(error, DEVID_IO, NULL, "name a file, or leave --output out",
				"%s: it is no regular file, and is not replaced", path);
		return FALSE;
	}
	return files_replace(at, name, 0666, pem->str, pem->len, FILES_UMASK) ||
	       failed(error, path, errno);
}

enum exit_status command_export(int argc, char **argv)
{
	AUTO_CHOICE struct choice choice = { 0 };
	g_autofree char *output = NULL;
	gboolean leaf = FALSE;
	const GOptionEntry entries[] = {
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
		  "Write to this file (default: standard output)", "FILE" },
		{ "leaf", 0, 0, G_OPTION_ARG_NONE, &leaf,
		  "The device certificate alone, without its chain", NULL },
		CHOICE_OPTIONS(choice),
		{ NULL },
	};
	g_autoptr(GString) pem = g_string_new(NULL);
	const struct identity *identity;
	GError *error = NULL;
	enum exit_status status;
	bool done;

	if (!options_parse(
		    &argc, &argv, "[LABEL|URI]",
		    "Print an identity's certificate and chain as PEM, leaf first. The private "
		    "key is never exported.",
		    NULL, entries, &done, &status) ||
	    done)
		return status;
	if (argc > 2)
		return report_usage("export", "%s: one label is enough", argv[2]);
	identity = choose(&choice, argc > 1 ? argv[1] : NULL, &error);
	if (!identity || !to_pem(identity, leaf, pem, &error))
		return report_error(&error, false);
	if (!output || strcmp(output, "-") == 0)
		fputs(pem->str, stdout);
	else if (!write_file(output, pem, &error))
		return report_error(&error, false);
	return EXIT_DONE;
}
