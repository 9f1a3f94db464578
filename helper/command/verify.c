/* devid verify: the chain check for a gateway, over a PEM chain from a file. */
#include <string.h>
#include <devid/check.h>

#include "command/check/verify-chain.h"
#include "command/check/verify-openvpn.h"
#include "command/cli/options.h"
#include "command/cli/report.h"
#include "command/cli/when.h"
#include "identity/verdict.h"
#include "command.h"

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

static enum exit_status run(int argc, char **argv, bool door)
{
	g_autofree char *config = NULL, *at_text = NULL, *mode = NULL, *intermediates = NULL;
	gboolean json = FALSE, openvpn = FALSE;
	struct verify_request request = { NULL };
	const GOptionEntry entries[] = {
		{ "config", 0, 0, G_OPTION_ARG_FILENAME, &config,
		  "The account's folder (default: this computer's)", "DIR" },
		{ "at", 0, 0, G_OPTION_ARG_STRING, &at_text,
		  "The moment to check for: " WHEN_FORMS " (default: now)", "TIME" },
		{ "chain", 0, 0, G_OPTION_ARG_STRING, &mode,
		  "issuer: the direct issuer must be a signing certificate; path: a path over the "
		  "file's other certificates may end at one (default: the account's)",
		  "issuer|path" },
		{ "intermediates", 0, 0, G_OPTION_ARG_FILENAME, &intermediates,
		  "PEM file of CA certificates that a path may use beside those sent", "FILE" },
		{ "openvpn", 0, 0, G_OPTION_ARG_NONE, &openvpn,
		  "As OpenVPN's tls-verify: depth and subject in place of the file, and the "
		  "certificate in its environment",
		  NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
		{ NULL },
	};
	time_t at = time(NULL);
	enum exit_status status;
	bool done;

	if (!options_parse(&argc, &argv, "FILE|-",
			   "Check a PEM chain, leaf first, against the account, as a gateway does "
			   "for a client that connects. Ends with 0, or with 3 and one line why.",
			   NULL, entries, &done, &status) ||
	    done)
		return door ? EXIT_FAILED : status;
	if (argc < 2 && !openvpn)
		return report_usage("verify", "a file is missing (- for standard input)");
	if (argc > 2 && !openvpn)
		return report_usage("verify", "%s: one file at a time", argv[2]);
	if (at_text && !when_parse(at_text, at, &at))
		return report_usage("verify", "--at %s: not a moment (%s)", at_text, WHEN_FORMS);
	if (at_text && openvpn)
		return report_usage("verify",
				    "--at: whoever stands at OpenVPN's door is there now");
	if (mode && strcmp(mode, "issuer") != 0 && strcmp(mode, "path") != 0)
		return report_usage("verify", "--chain %s: issuer or path", mode);
	request = (struct verify_request){ NULL, intermediates, config, mode, at, json };
	if (openvpn)
		return verify_openvpn(&request, argc, argv);
	request.file = argv[1];
	return verify(&request);
}

/* At OpenVPN's door there is coming in, which is 0, and not: 1, whatever was in the way. Printing help lets nobody
 * in.
 */
enum exit_status command_verify(int argc, char **argv)
{
	bool door = false;

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		door = door || strcmp(argv[i], "--openvpn") == 0;
	if (!door)
		return run(argc, argv, false);
	return run(argc, argv, true) == EXIT_DONE ? EXIT_DONE : EXIT_FAILED;
}
