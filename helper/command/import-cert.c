/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid import-cert FILE: a device identity out of a file onto a token. */
#include <string.h>
#include <unistd.h>
#include <internal/path.h>
#include "base/error.h"
#include "command/cli/password.h"
#include "command/cli/report.h"
#include "command/import/foreign.h"
#include "command/import/hand-over.h"
#include "command/import/import.h"
#include "command/import/own.h"
#include "command/import/renewed.h"
#include "command/import/report.h"
#include "command/import/store-words.h"
#include "keyfile/bundle.h"
#include "command.h"

static struct import_options options = { .password_fd = -1 };

static const GOptionEntry entries[] = {
	{ "user", 0, 0, G_OPTION_ARG_NONE, &options.user,
	  "To your own token (but for root, the default)", NULL },
	{ "system", 0, 0, G_OPTION_ARG_NONE, &options.system,
	  "To the machine's token (root's default; of others polkit is asked)", NULL },
	{ "store", 0, 0, G_OPTION_ARG_STRING, &options.store,
	  "Where the key rests: keyring (the default on your own token), file (the machine's), tpm, or "
	  "the pkcs11: URI of another token, which then takes the whole identity",
	  "STORE" },
	{ "tpm-auth", 0, 0, G_OPTION_ARG_STRING, &options.tpm_auth,
	  "What a key in the TPM needs beside it: keyring (the default on your own token: what is kept "
	  "in your keyring), credential (on the machine's: what systemd keeps sealed) or none",
	  "keyring|credential|none" },
	{ "label", 0, 0, G_OPTION_ARG_STRING, &options.label,
	  "Its name; by default the account's DefaultLabel=, the file's friendly name, or the subject's",
	  "NAME" },
	{ "suggested-label", 0, 0, G_OPTION_ARG_STRING, &options.suggested_label,
	  "Its name where neither --label nor the account says one, in the place of the file's own",
	  "NAME" },
	{ "key", 0, 0, G_OPTION_ARG_FILENAME, &options.key,
	  "The private key, where FILE is a certificate alone", "FILE" },
	IMPORT_CHOICE_OPTIONS(options.choice),
	{ "password-file", 0, 0, G_OPTION_ARG_FILENAME, &options.password_file,
	  "Read the file's password from FILE", "FILE" },
	{ "password-fd", 0, 0, G_OPTION_ARG_INT, &options.password_fd,
	  "Read the file's password from descriptor N", "N" },
	{ "pin-file", 0, 0, G_OPTION_ARG_FILENAME, &options.pin_file,
	  "Read the PIN of the token that --store names from FILE", "FILE" },
	{ "replace", 0, 0, G_OPTION_ARG_NONE, &options.replace,
	  "Put it in the place of the identity with that label; its URI stays the same", NULL },
	{ "accept-size", 0, 0, G_OPTION_ARG_NONE, &options.accept_size,
	  "Take a certificate that is over the limit as PEM and within it as DER", NULL },
	{ "dry-run", 0, 0, G_OPTION_ARG_NONE, &options.dry_run,
	  "Say what would happen, and write nothing", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	{ NULL },
};

static bool set_usage(GError **error, const char *text)
{
	return devid_error_set(error, DEVID_USAGE, NULL, "devid help import-cert",
			       "import-cert: %s", text);
}

/* Words that contradict each other, and which token and store they come to. */
static bool understand(struct import *import, const struct by_root *by_root, GError **error)
{
	const char *store = options.store;

	import->foreign = store && g_ascii_strncasecmp(store, "pkcs11:", strlen("pkcs11:")) == 0;
	import->scope =
		options.system || (geteuid() == 0 && !options.user) ? SCOPE_SYSTEM : SCOPE_USER;
	if (options.user && options.system)
		return set_usage(error, "--user or --system, not both");
	if (import->foreign && (options.user || options.system))
		return set_usage(
			error, "--store with another token's URI goes without --user and --system");
	if (options.password_file && options.password_fd >= 0)
		return set_usage(error, "--password-file or --password-fd, not both");
	if (options.choice.number < 0)
		return set_usage(error, "--number counts from 1");
	if (options.pin_file && !import->foreign)
		return set_usage(error, "--pin-file is for another token, named by --store");
	if ((strcmp(options.file, "-") == 0) + (g_strcmp0(options.key, "-") == 0) +
		    (g_strcmp0(options.password_file, "-") == 0 ||
		     options.password_fd == STDIN_FILENO) +
		    (g_strcmp0(options.pin_file, "-") == 0) >
	    1)
		return set_usage(error, "standard input can be one thing only");
	if (import->foreign && options.tpm_auth)
		return set_usage(error, "--tpm-auth is for --store tpm");
	if (!import->foreign &&
	    !store_words_judge("import-cert", import->scope, true, store, options.tpm_auth, error))
		return false;
	if (import->scope == SCOPE_SYSTEM && !import->foreign && geteuid() != 0 && !by_root)
		return devid_error_set(error, DEVID_DENIED, NULL,
				       "as root: devid import-cert --system FILE",
				       "only root imports to the machine's token");
	import->store = import->foreign ? NULL : store ? store : store_words_default(import->scope);
	import->tpm_auth = options.tpm_auth;
	import->password.file = options.password_file;
	import->password.fd = options.password_fd;
	return true;
}

/* What was wrapped for a TPM goes nowhere else. */
static bool take_wrapped(struct import *import, GError **error)
{
	if (!import->candidate->wrapped)
		return true;
	if (import->foreign || (options.store && strcmp(options.store, "tpm") != 0))
		return devid_error_set(error, DEVID_UNSUPPORTED, NULL, "leave --store out",
				       "%s: its key is wrapped for the TPM of one computer, and no "
				       "other store can take it",
				       bundle_title(options.file));
	import->store = "tpm";
	return true;
}

/* The second lock is on the key that is kept, not on the file that it came from. */
static void warn_of_file(struct import *import)
{
	if (import->candidate->wrapped && import->scope == SCOPE_USER && !options.dry_run &&
	    g_strcmp0(options.tpm_auth, "none") != 0)
		import_warn(import,
			    "%s: whoever may use this computer's TPM can import it, too, without "
			    "your keyring: remove it",
			    bundle_title(options.file));
}

static bool import_run(struct import *import, GError **error)
{
	if (!import_read(import, error) || !take_wrapped(import, error) ||
	    !import_check(import, error))
		return false;
	if (import->foreign && strstr(options.store, "pin-value="))
		import_warn(import, "a PIN in --store is seen by every user of this computer; "
				    "--pin-file keeps it to you");
	if (!(import->foreign ? import_to_foreign(import, error) : import_to_own(import, error)))
		return false;
	warn_of_file(import);
	return true;
}

static enum exit_status hand_over(struct import *import, struct by_root *by_root, GError **error)
{
	if (!import_read(import, error) || !take_wrapped(import, error))
		return EXIT_FAILED;
	return import_hand_over(import, by_root, error);
}

static enum exit_status import_cert(char **operands, GError **error)
{
	AUTO_BY_ROOT struct by_root *by_root = options.system ? by_root_open() : NULL;
	g_autofree char *prompt = g_strdup_printf("Password of %s", bundle_title(operands[0]));
	struct import import = { .options = &options,
				 .warnings = g_ptr_array_new_with_free_func(g_free) };
	enum exit_status status;
	bool understood, ok;

	options.file = operands[0];
	password_guard_process();
	password_words_init(&import.password, prompt);
	understood = understand(&import, by_root, error);
	if (by_root) {
		/* Root's half tells of it, and logs it. */
		status = understood ? hand_over(&import, by_root, error) : EXIT_FAILED;
		import_clear(&import);
		return status;
	}
	ok = understood && import_run(&import, error);
	/* What was here already was not imported. */
	if (understood && !import.logged && (!ok || (import.changed && !import.renamed_from)))
		import_event(&import, ok ? NULL : *error);
	if (ok) {
		renewed_tell_units(&import);
		import_report(&import);
	}
	import_clear(&import);
	return ok ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_import_cert = {
	.name = "import-cert",
	.arguments = "FILE",
	.summary = "Import a device identity",
	.description =
		"FILE is a PKCS#12 file (.p12, .pfx), a PEM file with certificate and key, or a\n"
		"certificate in PEM, DER or PKCS#7 (.p7b) with its key named by --key; a\n"
		"certificate alone goes to the key that is already here. What devid wrap made\n"
		"goes into this computer's TPM. - is standard input.\n"
		"\n"
		"The password is asked for on the terminal, or comes from --password-file,\n"
		"--password-fd, or systemd's credential devid.password.\n"
		"\n"
		"To the machine's token polkit lets whoever isn't root import (devid-admin(8)).\n"
		"\n"
		"Importing the same file again changes nothing and ends with 0.",
	.entries = entries,
	.operands = { 1, 1, "a file is missing" },
	.run = import_cert,
};
