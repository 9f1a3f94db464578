/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid verify: the chain check for a gateway, over a PEM chain from a file. */
#include <string.h>
#include <devid/check.h>

#include "command/check/verify-chain.h"
#include "command/check/verify-openvpn.h"
#include "command/cli/report.h"
#include "command/cli/when.h"
#include "identity/verdict.h"
#include "command.h"

static struct {
	char *config, *at, *mode, *intermediates;
	gboolean openvpn, json;
} options;

static const GOptionEntry entries[] = {
	{ "config", 0, 0, G_OPTION_ARG_FILENAME, &options.config,
	  "The account's folder (default: this computer's)", "DIR" },
	{ "at", 0, 0, G_OPTION_ARG_STRING, &options.at,
	  "The moment to check for: " WHEN_FORMS " (default: now)", "TIME" },
	{ "chain", 0, 0, G_OPTION_ARG_STRING, &options.mode,
	  "issuer: the direct issuer must be a signing certificate; path: a path over the "
	  "file's other certificates may end at one (default: the account's)",
	  "issuer|path" },
	{ "intermediates", 0, 0, G_OPTION_ARG_FILENAME, &options.intermediates,
	  "PEM file of CA certificates that a path may use beside those sent", "FILE" },
	{ "openvpn", 0, 0, G_OPTION_ARG_NONE, &options.openvpn,
	  "As OpenVPN's tls-verify: depth and subject in place of the file, and the "
	  "certificate in its environment",
	  NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

static enum exit_status verify(const struct verify_request *request)
{
	AUTO_CHAIN struct verify_chain chain = { NULL };
	g_autoptr(devid_verdict) verdict = NULL;
	GError *error = NULL;

	if (verify_read_file(request->file, &chain, &error))
		verdict = verify_check(request, &chain, &error);
	return verdict ? verify_print(&chain, verdict, request->json)
		       : verify_fail(error, request->json);
}

static bool let_in; /* at OpenVPN's door */

static enum exit_status run(char **operands, GError **error)
{
	const char *mode = options.mode;
	struct verify_request request = { .file = operands[0],
					  .intermediates = options.intermediates,
					  .config = options.config,
					  .mode = mode,
					  .at = time(NULL),
					  .json = options.json };
	enum exit_status status;

	if (!operands[0] && !options.openvpn)
		return report_usage("verify", "a file is missing (- for standard input)");
	if (operands[0] && operands[1] && !options.openvpn)
		return report_usage("verify", "%s: one file at a time", operands[1]);
	if (options.at && !when_parse(options.at, request.at, &request.at))
		return report_usage("verify", "--at %s: not a moment (%s)", options.at, WHEN_FORMS);
	if (options.at && options.openvpn)
		return report_usage("verify",
				    "--at: whoever stands at OpenVPN's door is there now");
	if (mode && strcmp(mode, "issuer") != 0 && strcmp(mode, "path") != 0)
		return report_usage("verify", "--chain %s: issuer or path", mode);
	if (!options.openvpn)
		return verify(&request);
	status = verify_openvpn(&request, operands);
	let_in = status == EXIT_DONE;
	return status;
}

/* At OpenVPN's door there is coming in, which is 0, and not: 1, whatever was in the way. Printing
 * help lets nobody in.
 */
static enum exit_status end(char **words, enum exit_status status)
{
	for (; *words && strcmp(*words, "--") != 0; words++)
		if (strcmp(*words, "--openvpn") == 0)
			return let_in ? EXIT_DONE : EXIT_FAILED;
	return status;
}

const struct command command_verify = {
	.name = "verify",
	.arguments = "FILE|-",
	.summary = "Check a chain from a file, as a gateway does",
	.about =
		"Check a PEM chain, leaf first, against the account, as a gateway does for a client "
		"that connects. Ends with 0, or with 3 and one line why.",
	.entries = entries,
	.operands = { 0, OPERANDS_ANY },
	.run = run,
	.end = end,
};
