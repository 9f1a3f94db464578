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

/* What a client of the gateway didn't send, or the gateway doesn't hand on: nothing of it is trusted. */
static gboolean add_untrusted(const char *file, struct chain *chain, GError **error)
{
	AUTO_CHAIN struct chain more = { NULL, 0 };
	gnutls_x509_crt_t *longer;

	if (file == NULL || chain->count == 0)
		return TRUE;
	if (!read_chain(file, &more, error))
		return FALSE;
	longer = gnutls_realloc(chain->certificates, (chain->count + more.count) * sizeof(*longer));
	if (longer == NULL) {
		devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "%s: no memory", file);
		return FALSE;
	}
	chain->certificates = longer;
	for (unsigned i = 0; i < more.count; i++)
		chain->certificates[chain->count++] = more.certificates[i];
	more.count = 0;
	return TRUE;
}

struct verify {
	const char *file, *untrusted, *config, *mode;
	time_t at;
	bool json;
};

static enum exit_status verify(const struct verify *asked)
{
	AUTO_CHAIN struct chain chain = { NULL, 0 };
	g_autoptr(devid_verdict) verdict = NULL;
	struct devid_account *account = NULL;
	GError *error = NULL;
	enum devid_result result;

	if (!read_chain(asked->file, &chain, &error) ||
	    !add_untrusted(asked->untrusted, &chain, &error))
		return fail(error, asked->json);
	result = devid_account_load(asked->config, false, &account);
	if (result == DEVID_OK && asked->mode != NULL)
		devid_account_set_chain_mode(account, strcmp(asked->mode, "path") == 0
							      ? DEVID_CHAIN_PATH
							      : DEVID_CHAIN_ISSUER);
	if (result == DEVID_OK)
		result = devid_check(account, chain.certificates, chain.count, asked->at, &verdict);
	devid_account_free(account);
	if (result == DEVID_OK)
		return print(&chain, verdict, asked->json);
	devid_error_set(&error, result, NULL, NULL, "check: %s", devid_reason_for(result)->cause);
	return fail(error, asked->json);
}

/* OpenVPN's tls-verify: the operands are its own, DEPTH and SUBJECT, and the certificate lies in a file that
 * its environment names where the server has tls-export-cert. It asks from the root of the chain down to the
 * client's own, at depth 0, which alone is decided here: what is above it OpenVPN has verified itself, and the
 * account knows its issuer.
 */
static enum exit_status verify_for_openvpn(struct verify *asked, int argc, char **argv)
{
	guint64 depth;

	if (argc != 3 || !g_ascii_string_to_unsigned(argv[1], 10, 0, G_MAXUINT, &depth, NULL))
		return report_usage(
			"verify",
			"--openvpn takes a depth and a subject, as tls-verify gives them");
	if (depth > 0)
		return EXIT_DONE;
	asked->file = g_getenv("peer_cert");
	if (asked->file == NULL || *asked->file == '\0') {
		fputs("devid: OpenVPN hands on no certificate: its server needs tls-export-cert DIR\n",
		      stderr);
		return EXIT_FAILED;
	}
	return verify(asked);
}

enum exit_status command_verify(int argc, char **argv)
{
	g_autofree char *config = NULL, *at_text = NULL, *mode = NULL, *untrusted = NULL;
	gboolean json = FALSE, openvpn = FALSE;
	const GOptionEntry entries[] = {
		{ "config", 0, 0, G_OPTION_ARG_FILENAME, &config,
		  "The account's folder (default: this computer's)", "DIR" },
		{ "at", 0, 0, G_OPTION_ARG_STRING, &at_text,
		  "The moment to check for: " WHEN_FORMS " (default: now)", "TIME" },
		{ "chain", 0, 0, G_OPTION_ARG_STRING, &mode,
		  "issuer: the direct issuer must be a signing certificate; path: a path over the "
		  "file's other certificates may end at one (default: the account's)",
		  "issuer|path" },
		{ "untrusted", 0, 0, G_OPTION_ARG_FILENAME, &untrusted,
		  "More certificates for a path, which are not trusted by lying there", "FILE" },
		{ "openvpn", 0, 0, G_OPTION_ARG_NONE, &openvpn,
		  "Run as OpenVPN's tls-verify script: the operands are DEPTH and SUBJECT", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
		{ NULL },
	};
	struct verify asked = { .at = time(NULL) };
	enum exit_status status;
	bool done;

	if (!options_parse(&argc, &argv, "FILE|-",
			   "Check a PEM chain, leaf first, against the account, as a gateway does "
			   "for a client that connects. Ends with 0, or with 3 and one line why.",
			   NULL, entries, &done, &status) ||
	    done)
		return status;
	if (at_text != NULL && !when_parse(at_text, asked.at, &asked.at))
		return report_usage("verify", "--at %s: not a moment (%s)", at_text, WHEN_FORMS);
	if (mode != NULL && strcmp(mode, "issuer") != 0 && strcmp(mode, "path") != 0)
		return report_usage("verify", "--chain %s: issuer or path", mode);
	asked.untrusted = untrusted;
	asked.config = config;
	asked.mode = mode;
	asked.json = json;
	if (openvpn)
		return verify_for_openvpn(&asked, argc, argv);
	if (argc < 2)
		return report_usage("verify", "a file is missing (- for standard input)");
	if (argc > 2)
		return report_usage("verify", "%s: one file at a time", argv[2]);
	asked.file = argv[1];
	return verify(&asked);
}
