/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid verify: what the ways of asking for it share: a chain read, checked and told of. */
#include <string.h>
#include <devid/check.h>
#include <devid/reason.h>
#include "account/certificate-list.h"
#include "account/remark.h"
#include "base/certificate.h"
#include "base/error.h"
#include "base/json-build.h"
#include "base/input.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "identity/json.h"
#include "keyfile/p12.h"
#include "remarks.h"
#include "verify-chain.h"

#define CHAIN_FILE_MAX	(256 * 1024)
#define CHAIN_COUNT_MAX 32

void verify_chain_clear(struct verify_chain *chain)
{
	for (unsigned i = 0; i < chain->count; i++)
		gnutls_x509_crt_deinit(chain->certificates[i]);
	gnutls_free(chain->certificates);
	g_clear_pointer(&chain->remarks, g_ptr_array_unref);
}

static bool set_unreadable(GError **error, const char *name, GError *why)
{
	devid_error_set(error, DEVID_CHECK_FAILED, "bad-data", NULL, "%s: %s", name, why->message);
	g_error_free(why);
	return false;
}

bool verify_read(const char *name, GBytes *bytes, struct verify_chain *chain, GError **error)
{
	AUTO_CERTIFICATE_LIST struct certificate_list list = CERTIFICATE_LIST_INIT;
	GError *why = NULL;
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);

	if (size > 0 && p12_looks_like(data, size))
		return devid_error_set(error, DEVID_CHECK_FAILED, "bad-data", NULL,
				       "%s: it is a .p12; what is checked is certificates alone",
				       name);
	if (!certificate_list_read(data, size, &list, &why))
		return set_unreadable(error, name, why);
	if (list.ders->len > CHAIN_COUNT_MAX)
		return devid_error_set(error, DEVID_CHECK_FAILED, "bad-data", NULL,
				       "%s: more than %d certificates", name, CHAIN_COUNT_MAX);
	if (list.ders->len == 0)
		return true;
	chain->certificates = gnutls_calloc(list.ders->len, sizeof(*chain->certificates));
	for (guint i = 0; chain->certificates && i < list.ders->len; i++) {
		gsize length;
		const void *der = g_bytes_get_data(list.ders->pdata[i], &length);

		chain->certificates[i] = certificate_parse(der, length, &why);
		if (!chain->certificates[i])
			return set_unreadable(error, name, why);
		chain->count++;
	}
	return true;
}

bool verify_read_file(const char *name, struct verify_chain *chain, GError **error)
{
	g_autoptr(GBytes) bytes = input_read(name, CHAIN_FILE_MAX, error);

	return bytes && verify_read(name, bytes, chain, error);
}

/* The gateway's own intermediates, behind what the client sent: a chain check builds its path of
 * both. */
static bool append_chain(const char *name, struct verify_chain *chain, GError **error)
{
	AUTO_CHAIN struct verify_chain more = { NULL };
	gnutls_x509_crt_t *both;

	if (!verify_read_file(name, &more, error))
		return false;
	/* Nothing was sent: a CA must not pass for a device. */
	if (chain->count == 0 || more.count == 0)
		return true;
	both = gnutls_realloc(chain->certificates,
			      (chain->count + more.count) * sizeof(*chain->certificates));
	if (!both)
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "%s: no memory", name);
	memcpy(both + chain->count, more.certificates, more.count * sizeof(*both));
	chain->certificates = both;
	chain->count += more.count;
	more.count = 0;
	return true;
}

enum exit_status verify_print(const struct verify_chain *chain, const struct devid_verdict *verdict,
			      bool json)
{
	g_autofree char *subject =
		chain->count == 0 ? NULL : certificate_subject(chain->certificates[0]);

	if (json) {
		g_autoptr(JsonBuilder) builder = json_begin();

		json_verdict_members(builder, verdict->result == DEVID_OK ? "ok" : "error",
				     verdict);
		if (chain->count > 0)
			json_certificate(builder, chain->certificates[0]);
		if (chain->remarks)
			remarks_json(builder, chain->remarks);
		report_builder(builder);
	} else if (verdict->result == DEVID_OK) {
		print_line(stdout, "ok: %s: accepted through signing certificate %s", subject,
			   verdict->signing_name ? verdict->signing_name : "of the account");
		for (guint i = 0; chain->remarks && i < chain->remarks->len; i++)
			report_warning("%s: %s", subject,
				       ((struct remark *)chain->remarks->pdata[i])->message);
	} else {
		print_line(stderr, "devid: %s%s%s", subject ? subject : "", subject ? ": " : "",
			   verdict->message);
	}
	return report_exit_status(verdict->result);
}

/* One line is all that a gateway's log wants: no hint. */
enum exit_status verify_fail(GError *error, bool json)
{
	enum exit_status status = report_exit_status(devid_error_result(error));

	if (json)
		return report_error(&error, json);
	print_line(stderr, "devid: %s", error->message);
	g_error_free(error);
	return status;
}

struct devid_verdict *verify_check(const struct verify_request *request, struct verify_chain *chain,
				   GError **error)
{
	struct devid_verdict *verdict = NULL;
	struct devid_account *account = NULL;
	enum devid_result result;

	if (request->intermediates && !append_chain(request->intermediates, chain, error))
		return NULL;
	result = devid_account_load(request->config, false, &account);
	if (result == DEVID_OK && request->mode)
		devid_account_set_chain_mode(account, strcmp(request->mode, "path") == 0
							      ? DEVID_CHAIN_PATH
							      : DEVID_CHAIN_ISSUER);
	if (result == DEVID_OK)
		result = devid_check(account, chain->certificates, chain->count, request->at,
				     &verdict);
	if (result == DEVID_OK && verdict->result == DEVID_OK)
		chain->remarks = remark_find(account, chain->certificates, chain->count);
	devid_account_free(account);
	if (result != DEVID_OK)
		devid_error_set(error, result, NULL, NULL, "check: %s",
				devid_reason_for(result)->cause);
	return verdict;
}
