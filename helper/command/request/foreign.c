/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key that a foreign token makes by C_GenerateKeyPair, and a request that it signs: see
 * foreign.h. What can't be handed out is taken out again; a key that was left by an interruption
 * waits under its label, and is used by the same again.
 */
#include <string.h>
#include <devid/event.h>
#include <gnutls/crypto.h>
#include "base/auto-gnutls.h"
#include "base/error.h"
#include "command/cli/report.h"
#include "identity/foreign-key.h"
#include "identity/token.h"
#include "foreign.h"

#define ID_SIZE 20

struct work {
	struct request *request;
	struct foreign_token token;
	GBytes *id; /* of the key */
};

static bool refuse_label(const struct work *work, const char *why, GError **error)
{
	return devid_error_set(error, DEVID_EXISTS, NULL, "choose another --label",
			       "token %s: %s is called %s", work->token.label, why,
			       request_label(work->request));
}

/* Whose the label is: nobody's, or a key's that waits for its certificate (`*key`). */
static bool look(struct work *work, GBytes **key, GError **error)
{
	const char *label = request_label(work->request);
	g_autoptr(GPtrArray) certificates =
		foreign_find(&work->token, FOREIGN_CERTIFICATE, NULL, label, error);
	g_autoptr(GPtrArray) keys = NULL, own = NULL;
	const struct foreign_object *found;

	*key = NULL;
	if (!certificates)
		return false;
	keys = foreign_find(&work->token, FOREIGN_PRIVATE, NULL, label, error);
	if (!keys)
		return false;
	if (certificates->len > 0)
		return refuse_label(work, "another identity", error);
	if (keys->len > 1)
		return refuse_label(work, "more than one key", error);
	if (keys->len == 0)
		return true;
	found = keys->pdata[0];
	own = foreign_find(&work->token, FOREIGN_CERTIFICATE, found->id, NULL, error);
	if (!own)
		return false;
	if (own->len > 0)
		return refuse_label(work, "a key that has its certificate", error);
	*key = g_bytes_ref(found->id);
	return true;
}

static bool read_public(struct work *work, GError **error)
{
	struct request *request = work->request;
	g_autoptr(GBytes) spki = foreign_spki(&work->token, work->id, request_label(request));
	gsize length = 0;
	const void *der = spki ? g_bytes_get_data(spki, &length) : NULL;
	gnutls_datum_t datum = { (unsigned char *)der, (unsigned)length };

	return (der && gnutls_pubkey_init(&request->public) >= 0 &&
		gnutls_pubkey_import(request->public, &datum, GNUTLS_X509_FMT_DER) >= 0) ||
	       devid_error_set(error, DEVID_BAD_DATA, NULL, "choose another --label",
			       "token %s: the public key of %s can't be read", work->token.label,
			       request_label(request));
}

static bool take_key(struct work *work, GError **error)
{
	const struct request *request = work->request;

	return read_public(work, error) && (!request->options->key || request_is_kind(request) ||
					    request_refuse_kind(request, error));
}

static bool make_key(struct work *work, GError **error)
{
	struct request *request = work->request;
	struct foreign_wish wish = { request->kind->type, request->kind->bits,
				     request_label(request) };
	guint8 id[ID_SIZE];

	if (gnutls_rnd(GNUTLS_RND_NONCE, id, sizeof(id)) < 0)
		return devid_error_set(error, DEVID_FAILED, NULL, NULL,
				       "request: there are no random numbers");
	wish.id = work->id = g_bytes_new(id, sizeof(id));
	return foreign_key_make(&work->token, &wish, &request->made, error) &&
	       read_public(work, error);
}

static bool sign(struct work *work, GError **error)
{
	g_autofree char *url =
		foreign_url(&work->token, FOREIGN_PRIVATE, work->id, request_label(work->request));
	g_auto(gnutls_privkey_t) key = NULL;
	int code;

	if (!token_open_key(url, NULL, NULL, &key, error))
		return false;
	code = request_sign(work->request, key);
	if (code >= 0)
		return true;
	foreign_error(&work->token, "the request was not signed", code, error);
	return false;
}

/* The private key alone counts: it was there. */
static void take_back(struct work *work)
{
	const char *label = request_label(work->request);
	g_autofree char *private = foreign_url(&work->token, FOREIGN_PRIVATE, work->id, label);
	g_autofree char *public = foreign_url(&work->token, FOREIGN_PUBLIC, work->id, label);
	g_autoptr(GError) error = NULL;
	unsigned count = 0;

	if (foreign_delete(&work->token, private, &count, &error) && count > 0) {
		(void)foreign_delete(&work->token, public, NULL, NULL);
		return;
	}
	report_warning("%s: its key stays: %s", label,
		       error ? error->message : "the token doesn't show it now");
	report_hint("the same again makes a request of it");
}

static void tell_event(const struct work *work, const GError *error)
{
	struct devid_event event = { .type = DEVID_EVENT_DEVICE_CERTIFICATE,
				     .sub_type = "Key Generation",
				     .action = error ? "Failed" : "Succeeded",
				     .reason = error ? devid_error_reason(error) : "ok",
				     .failure_reason = error ? error->message : NULL,
				     .label = request_label(work->request),
				     .program = "devid",
				     .validated = -1 };

	/* A log that can't be written has been told of, and stops nothing. */
	(void)devid_event_write(work->request->scope == SCOPE_SYSTEM, &event);
}

static bool make_request(struct work *work, GError **error)
{
	struct request *request = work->request;
	bool good;

	if (!look(work, &work->id, error))
		return false;
	request->uri = foreign_plain_uri(&work->token, request_label(request));
	good = (work->id ? take_key(work, error) : make_key(work, error)) && sign(work, error) &&
	       request_finish(request, error);
	if (!good && request->made)
		take_back(work);
	return good;
}

static bool open_token(struct work *work, GError **error)
{
	struct request *request = work->request;

	if (!foreign_token_open(&work->token, request->options->store, request->options->pin_file,
				&request->object, error))
		return false;
	request->store = work->token.label;
	return request_label(request) ||
	       devid_error_set(error, DEVID_USAGE, NULL, "devid help request",
			       "request: --label, or object= in the token's URI, is needed");
}

bool request_by_foreign(struct request *request, GError **error)
{
	struct work work = { .request = request, .token = FOREIGN_TOKEN_INIT };
	GError *problem = NULL;
	bool good = open_token(&work, &problem) && make_request(&work, &problem);

	if (request->made || !good)
		tell_event(&work, problem);
	request->store = g_intern_string(request->store);
	foreign_token_close(&work.token);
	if (work.id)
		g_bytes_unref(work.id);
	if (problem)
		g_propagate_error(error, problem);
	return good;
}
