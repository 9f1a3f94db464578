/* devid verify: the chain check for a gateway, over a PEM chain from a file. */
#include <string.h>

#include "input.h"
#include "verify.h"
#include "when.h"

#define CHAIN_FILE_MAX	(256 * 1024)
#define CHAIN_COUNT_MAX 32

void verify_chain_clear(struct verify_chain *chain)
{
	for (unsigned i = 0; i < chain->count; i++)
		gnutls_x509_crt_deinit(chain->certificates[i]);
	gnutls_free(chain->certificates);
}

gboolean verify_read(const char *name, GBytes *bytes, struct verify_chain *chain, GError **error)
{
	gnutls_datum_t data;
	gsize size;
	int code;

	data.data = (unsigned char *)g_bytes_get_data(bytes, &size);
	data.size = (unsigned)size;
	if (input_count(bytes, "-----BEGIN CERTIFICATE-----") > CHAIN_COUNT_MAX) {
		devid_error_set(error, DEVID_CHECK_FAILED, "bad-data", NULL,
				"%s: more than %d certificates", name, CHAIN_COUNT_MAX);
		return FALSE;
	}
	if (size == 0 || (data.data[0] != 0x30 && input_find(bytes, "-----BEGIN ") == NULL))
		return TRUE;
	code = gnutls_x509_crt_list_import2(
		&chain->certificates, &chain->count, &data,
		data.data[0] == 0x30 ? GNUTLS_X509_FMT_DER : GNUTLS_X509_FMT_PEM, 0);
	if (code == GNUTLS_E_NO_CERTIFICATE_FOUND)
		return TRUE;
	if (code >= 0)
		return TRUE;
	chain->count = 0;
	devid_error_set(error, DEVID_CHECK_FAILED, "bad-data", NULL,
			"%s: a certificate can't be read: %s", name, gnutls_strerror(code));
	return FALSE;
}

static gboolean read_file(const char *name, struct verify_chain *chain, GError **error)
{
	g_autoptr(GBytes) bytes = input_read(name, CHAIN_FILE_MAX, error);

	return bytes != NULL && verify_read(name, bytes, chain, error);
}

/* The gateway's own intermediates, behind what the client sent: a chain check builds its path of both. */
static gboolean append_chain(const char *name, struct verify_chain *chain, GError **error)
{
	AUTO_CHAIN struct verify_chain more = { NULL, 0 };
	gnutls_x509_crt_t *both;

	if (!read_file(name, &more, error))
		return FALSE;
	/* Nothing was sent: a CA must not pass for a device. */
	if (chain->count == 0 || more.count == 0)
		return TRUE;
	both = gnutls_realloc(chain->certificates,
			      (chain->count + more.count) * sizeof(*chain->certificates));
	if (both == NULL) {
		devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "%s: no memory", name);
		return FALSE;
	}
	memcpy(both + chain->count, more.certificates, more.count * sizeof(*both));
	chain->certificates = both;
	chain->count += more.count;
	more.count = 0;
	return TRUE;
}

enum exit_status verify_print(const struct verify_chain *chain, const struct devid_verdict *verdict,
			      bool json)
{
	g_autofree char *subject =
		chain->count == 0 ? NULL : describe_subject(chain->certificates[0]);

	if (json) {
		g_autoptr(JsonBuilder) builder = json_builder_new();

		json_builder_begin_object(builder);
		json_text(builder, "result", verdict->result == DEVID_OK ? "ok" : "error");
		json_text(builder, "reason", verdict->reason);
		json_text(builder, "message", verdict->message);
		json_text(builder, "hint", verdict->hint);
		json_text(builder, "brackets", verdict->brackets);
		json_text(builder, "signing_name", verdict->signing_name);
		json_text(builder, "issuer_key_id", verdict->issuer_key_id);
		if (chain->count > 0)
			json_certificate(builder, chain->certificates[0]);
		json_print(builder);
	} else if (verdict->result == DEVID_OK) {
		printf("ok: %s: accepted through signing certificate %s\n", subject,
		       verdict->signing_name != NULL ? verdict->signing_name : "of the account");
	} else {
		fprintf(stderr, "devid: %s%s%s\n", subject != NULL ? subject : "",
			subject != NULL ? ": " : "", verdict->message);
	}
	return exit_status_for(verdict->result);
}

/* One line is all that a gateway's log wants: no hint. */
enum exit_status verify_fail(GError *error, bool json)
{
	enum exit_status status = exit_status_for(devid_error_result(error));
	g_autofree char *message = NULL;

	if (json)
		return report_error(&error, json);
	message = devid_text_escape(error->message, strlen(error->message));
	fprintf(stderr, "devid: %s\n", message);
	g_error_free(error);
	return status;
}

struct devid_verdict *verify_check(const struct verify_request *request, struct verify_chain *chain,
				   GError **error)
{
	struct devid_verdict *verdict = NULL;
	struct devid_account *account = NULL;
	enum devid_result result;

	if (request->intermediates != NULL && !append_chain(request->intermediates, chain, error))
		return NULL;
	result = devid_account_load(request->config, false, &account);
	if (result == DEVID_OK && request->mode != NULL)
		devid_account_set_chain_mode(account, strcmp(request->mode, "path") == 0
							      ? DEVID_CHAIN_PATH
							      : DEVID_CHAIN_ISSUER);
	if (result == DEVID_OK)
		result = devid_check(account, chain->certificates, chain->count, request->at,
				     &verdict);
	devid_account_free(account);
	if (result != DEVID_OK)
		devid_error_set(error, result, NULL, NULL, "check: %s",
				devid_reason_for(result)->cause);
	return verdict;
}

static enum exit_status verify(const struct verify_request *request)
{
	AUTO_CHAIN struct verify_chain chain = { NULL, 0 };
	g_autoptr(devid_verdict) verdict = NULL;
	GError *error = NULL;

	if (read_file(request->file, &chain, &error))
		verdict = verify_check(request, &chain, &error);
	return verdict != NULL ? verify_print(&chain, verdict, request->json)
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
	if (at_text != NULL && !when_parse(at_text, at, &at))
		return report_usage("verify", "--at %s: not a moment (%s)", at_text, WHEN_FORMS);
	if (at_text != NULL && openvpn)
		return report_usage("verify",
				    "--at: whoever stands at OpenVPN's door is there now");
	if (mode != NULL && strcmp(mode, "issuer") != 0 && strcmp(mode, "path") != 0)
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
