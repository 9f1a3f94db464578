/* devid verify: the chain check for a gateway, over a PEM chain from a file. */
#include <string.h>

#include "describe.h"
#include "input.h"
#include "when.h"

#define CHAIN_FILE_MAX	(256 * 1024)
#define CHAIN_COUNT_MAX 32

struct chain {
	gnutls_x509_crt_t *certificates;
	unsigned count;
};

static void chain_clear(struct chain *chain)
{
	for (unsigned i = 0; i < chain->count; i++)
		gnutls_x509_crt_deinit(chain->certificates[i]);
	gnutls_free(chain->certificates);
}
#define AUTO_CHAIN __attribute__((cleanup(chain_clear)))

/* No certificate at all is a chain of none, which the check refuses; a damaged one is refused here.
 */
static gboolean read_chain(const char *name, struct chain *chain, GError **error)
{
	g_autoptr(GBytes) bytes = input_read(name, CHAIN_FILE_MAX, error);
	gnutls_datum_t data;
	gsize size;
	int code;

	if (bytes == NULL)
		return FALSE;
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

/* The gateway's own intermediates, behind what the client sent: a chain check builds its path of both. */
static gboolean append_chain(const char *name, struct chain *chain, GError **error)
{
	AUTO_CHAIN struct chain more = { NULL, 0 };
	gnutls_x509_crt_t *both;

	if (!read_chain(name, &more, error))
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

static enum exit_status print(const struct chain *chain, const struct devid_verdict *verdict,
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
static enum exit_status fail(GError *error, bool json)
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

struct request {
	const char *file, *intermediates, *config, *mode;
	time_t at;
	bool json;
};

static enum exit_status verify(const struct request *request)
{
	bool json = request->json;
	AUTO_CHAIN struct chain chain = { NULL, 0 };
	g_autoptr(devid_verdict) verdict = NULL;
	struct devid_account *account = NULL;
	GError *error = NULL;
	enum devid_result result;

	if (!read_chain(request->file, &chain, &error) ||
	    (request->intermediates != NULL &&
	     !append_chain(request->intermediates, &chain, &error)))
		return fail(error, json);
	result = devid_account_load(request->config, false, &account);
	if (result == DEVID_OK && request->mode != NULL)
		devid_account_set_chain_mode(account, strcmp(request->mode, "path") == 0
							      ? DEVID_CHAIN_PATH
							      : DEVID_CHAIN_ISSUER);
	if (result == DEVID_OK)
		result = devid_check(account, chain.certificates, chain.count, request->at,
				     &verdict);
	devid_account_free(account);
	if (result == DEVID_OK)
		return print(&chain, verdict, json);
	devid_error_set(&error, result, NULL, NULL, "check: %s", devid_reason_for(result)->cause);
	return fail(error, json);
}

/* OpenVPN's tls-verify: called for each certificate from the CA's down, with its depth and subject; the
 * certificate itself is in the file that the environment's peer_cert names, where tls-export-cert is set. What is
 * above the leaf OpenVPN has checked itself.
 */
static enum exit_status verify_openvpn(struct request *request, int argc, char **argv)
{
	guint64 depth;

	if (argc != 3 || !g_ascii_string_to_unsigned(argv[1], 10, 0, 100, &depth, NULL))
		return report_usage("verify", "--openvpn: depth and subject are what OpenVPN adds: "
					      "tls-verify \"/usr/bin/devid verify --openvpn --\"");
	if (depth > 0)
		return EXIT_DONE;
	request->file = g_getenv("peer_cert");
	if (request->file == NULL || strcmp(request->file, "-") == 0)
		return report_usage("verify", "--openvpn: OpenVPN names no certificate: it needs "
					      "tls-export-cert FOLDER");
	return verify(request);
}

enum exit_status command_verify(int argc, char **argv)
{
	g_autofree char *config = NULL, *at_text = NULL, *mode = NULL, *intermediates = NULL;
	gboolean json = FALSE, openvpn = FALSE;
	struct request request = { NULL };
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
		return status;
	if (argc < 2 && !openvpn)
		return report_usage("verify", "a file is missing (- for standard input)");
	if (argc > 2 && !openvpn)
		return report_usage("verify", "%s: one file at a time", argv[2]);
	if (at_text != NULL && !when_parse(at_text, at, &at))
		return report_usage("verify", "--at %s: not a moment (%s)", at_text, WHEN_FORMS);
	if (mode != NULL && strcmp(mode, "issuer") != 0 && strcmp(mode, "path") != 0)
		return report_usage("verify", "--chain %s: issuer or path", mode);
	request = (struct request){ NULL, intermediates, config, mode, at, json };
	if (openvpn)
		return verify_openvpn(&request, argc, argv);
	request.file = argv[1];
	return verify(&request);
}
