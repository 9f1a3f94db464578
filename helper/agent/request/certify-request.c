/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CERTIFY: a key signs the request for its own certificate. The gate isn't asked: without a
 * certificate there is nothing that the account could judge, and what is signed is good for nothing
 * else.
 */
#include <internal/cleanup.h>
#include "agent/gate/gate.h"
#include "agent/key/key.h"
#include "base/der.h"
#include "base/error.h"
#include "request.h"
#include "sign-request.h"

#define DER_INTEGER    0x02
#define DER_ATTRIBUTES 0xa0

/* A CertificationRequestInfo (RFC 2986 section 4.1) with the key's own public half. */
static bool is_request_of(const struct wire_field *data, GBytes *spki)
{
	struct der whole = { data->data, data->length }, info, part, own;
	gsize length = 0;
	const guint8 *bytes = g_bytes_get_data(spki, &length);

	if (!der_expect(&whole, DER_SEQUENCE, &info) || whole.length > 0 ||
	    !der_expect(&info, DER_INTEGER, &part) || part.length != 1 || part.data[0] != 0 ||
	    !der_expect(&info, DER_SEQUENCE, &part))
		return false;
	own = info;
	if (!der_expect(&info, DER_SEQUENCE, &part))
		return false;
	own.length -= info.length;
	return der_equal(&own, &(struct der){ bytes, length }) &&
	       der_expect(&info, DER_ATTRIBUTES, &part) && info.length == 0;
}

bool handle_certify(const struct exchange *exchange, GError **error)
{
	struct session *session = exchange->session;
	AUTO_FREE char *name = wire_get_text(exchange->request, TAG_NAME);
	g_autoptr(gate_subject) subject = name ? gate_find_name(session->agent->gate, name) : NULL;
	struct key_scheme scheme = { .digest = DIGEST_SHA256 };
	g_autoptr(key_reference) key = NULL;
	guint8 signature[KEY_SIGNATURE_MAX];
	struct wire_field data;
	gsize length = 0;

	if (!name || !wire_get(exchange->request, TAG_DATA, &data))
		return devid_error_set(error, DEVID_USAGE, NULL, NULL,
				       "request: an identity and what it is to sign are needed");
	if (!subject)
		return devid_error_set(error, DEVID_NOT_FOUND, NULL, NULL,
				       "request: there is no such identity");
	if (subject->leaf)
		return devid_error_set(error, DEVID_EXISTS, NULL,
				       "make a new key: devid request with another --label",
				       "%s: it has its certificate", subject->label);
	if (!is_request_of(&data, subject->spki))
		return devid_error_set(error, DEVID_BAD_DATA, NULL, NULL,
				       "%s: this is no request for its certificate",
				       subject->label);
	key = sign_request_key(session, subject, error);
	if (!key)
		return false;
	scheme.scheme = key->rsa ? SCHEME_RSA_PKCS1 : SCHEME_ECDSA;
	if (!key_sign(key, &scheme, data.data, data.length, signature, &length, error))
		return false;
	wire_put(exchange->reply, TAG_SIGNATURE, signature, length);
	return true;
}
