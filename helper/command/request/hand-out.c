/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request to its file or to standard output, and what is said of it. */
#include "base/certificate.h"
#include "base/json-build.h"
#include "command/cli/output.h"
#include "command/cli/report.h"
#include "hand-out.h"

static void tell(const struct request *request, const gnutls_datum_t *pem)
{
	const struct request_options *options = request->options;
	g_autofree char *key = certificate_public_key(request->public);
	g_autoptr(JsonBuilder) builder = json_begin();

	if (options->json) {
		g_autofree char *text = g_strndup((const char *)pem->data, pem->size);

		json_text(builder, "result", "ok");
		json_flag(builder, "changed", request->made);
		json_text(builder, "label", request_label(request));
		json_text(builder, "store", request->foreign ? "token" : request->store);
		json_text(builder, "token", request->foreign ? request->store : NULL);
		json_text(builder, "key_type", key);
		json_text(builder, "uri", request->uri);
		json_text(builder, "request", text);
		report_builder(builder);
		return;
	}
	/* Standard output may have the request. */
	report_say("", COLOUR_PLAIN, "%s: %s key %s, waits for its certificate (%s)",
		   request_label(request), key, request->made ? "made" : "was here already",
		   request->store);
	if (request->foreign)
		report_hint("give the request to the CA; then: devid import-cert CERTIFICATE "
			    "--store '%s'",
			    request->uri);
	else
		report_hint("give the request to the CA; then: devid import-cert CERTIFICATE");
}

bool hand_out_request(const struct request *request, const gnutls_datum_t *pem, GError **error)
{
	const struct request_options *options = request->options;

	if ((!options->json || options->output) &&
	    !output_write(options->output, (const char *)pem->data, error))
		return false;
	tell(request, pem);
	return true;
}
