/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid request: a key that is made where it will rest, and a request for its certificate. */
#include <string.h>
#include <unistd.h>
#include "base/error.h"
#include "command/cli/front.h"
#include "command/import/store-words.h"
#include "command/request/foreign.h"
#include "command/request/hand-out.h"
#include "command/request/own.h"
#include "command/request/request.h"
#include "identity/agent.h"
#include "identity/change.h"
#include "command.h"

static struct request_options options;

static const GOptionEntry entries[] = {
	{ "user", 0, 0, G_OPTION_ARG_NONE, &options.user,
	  "For your own token (but for root, the default)", NULL },
	{ "system", 0, 0, G_OPTION_ARG_NONE, &options.system,
	  "For the machine's token (root alone, and root's default)", NULL },
	{ "store", 0, 0, G_OPTION_ARG_STRING, &options.store,
	  "Where the key is made and rests: keyring (the default on your own token), file (the "
	  "machine's), tpm, or the pkcs11: URI of another token",
	  "STORE" },
	{ "tpm-auth", 0, 0, G_OPTION_ARG_STRING, &options.tpm_auth,
	  "What a key in the TPM needs beside it, as for import-cert", "keyring|credential|none" },
	{ "pin-file", 0, 0, G_OPTION_ARG_FILENAME, &options.pin_file,
	  "Read the PIN of the token that --store names from FILE", "FILE" },
	{ "label", 0, 0, G_OPTION_ARG_STRING, &options.label, "The identity's name", "NAME" },
	{ "subject", 0, 0, G_OPTION_ARG_STRING, &options.subject,
	  "The subject, as RFC 4514 writes it: CN=laptop-042,O=Example", "DN" },
	{ "san", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.names,
	  "A further name: dns:, email:, ip: or uri: before it; as often as there are names",
	  "NAME" },
	{ "key", 0, 0, G_OPTION_ARG_STRING, &options.key,
	  "What key (rsa2048 by default: there are services that take RSA alone)",
	  "rsa2048|rsa3072|rsa4096|p256|p384|p521" },
	{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
	  "Write the request to this file (default: standard output)", "FILE" },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json,
	  "Print a JSON object, with the request in it", NULL },
	{ NULL },
};

static bool set_usage(GError **error, const char *text)
{
	return devid_error_set(error, DEVID_USAGE, NULL, "devid help request", "request: %s", text);
}

static bool understand_foreign(GError **error)
{
	if (options.user || options.system)
		return set_usage(
			error, "--store with another token's URI goes without --user and --system");
	return !options.tpm_auth || set_usage(error, "--tpm-auth is for --store tpm");
}

static bool understand(struct request *request, GError **error)
{
	const char *store = options.store;

	request->scope =
		options.system || (geteuid() == 0 && !options.user) ? SCOPE_SYSTEM : SCOPE_USER;
	request->store = store ? store : store_words_default(request->scope);
	request->foreign = store && g_ascii_strncasecmp(store, "pkcs11:", strlen("pkcs11:")) == 0;
	if (options.user && options.system)
		return set_usage(error, "--user or --system, not both");
	if (!options.subject || (!options.label && !request->foreign))
		return set_usage(error, "--label and --subject are needed");
	if (request->foreign)
		return understand_foreign(error);
	if (options.pin_file)
		return set_usage(error, "--pin-file is for another token, named by --store");
	if (!store_words_judge("request", request->scope, true, store, options.tpm_auth, error))
		return false;
	if (strcmp(request->store, "tpm") == 0)
		cli_front_waits_for(REQUEST_TPM_WAITS);
	return change_allowed(request->scope, error);
}

static enum exit_status run(char **operands, GError **error)
{
	struct request request = { .options = &options, .hand_out = hand_out_request };
	bool good = understand(&request, error) && request_describe(&request, error) &&
		    (request.foreign ? request_by_foreign : request_by_own)(&request, error);

	request_clear(&request);
	return good ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_request = {
	.name = "request",
	.summary = "Make a key and a request for its certificate",
	.description =
		"The key is made in the store, or on another token that --store names by a pkcs11:\n"
		"URI, and never leaves it. The request (PKCS#10) goes to a CA;\n"
		"devid import-cert CERTIFICATE then finds the key that waits for it. Until then\n"
		"devid list shows it, and devid remove takes it away.\n"
		"\n"
		"The same again makes another request of the key that waits.",
	.entries = entries,
	.run = run,
};
