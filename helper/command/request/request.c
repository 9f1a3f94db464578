/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked for, whoever makes the key: see request.h. */
#include <string.h>
#include <gio/gio.h>
#include "base/auto-gnutls.h"
#include "base/error.h"
#include "request.h"

static const struct key_kind key_kinds[] = {
	{ "rsa2048", KEY_RSA, 2048 }, { "rsa3072", KEY_RSA, 3072 }, { "rsa4096", KEY_RSA, 4096 },
	{ "p256", KEY_EC, 256 },      { "p384", KEY_EC, 384 },	    { "p521", KEY_EC, 521 },
};

static const struct {
	const char *word;
	gnutls_x509_subject_alt_name_t type;
} name_kinds[] = {
	{ "dns:", GNUTLS_SAN_DNSNAME },
	{ "email:", GNUTLS_SAN_RFC822NAME },
	{ "ip:", GNUTLS_SAN_IPADDRESS },
	{ "uri:", GNUTLS_SAN_URI },
};

static const struct key_kind *find_kind(const char *word)
{
	for (size_t i = 0; i < G_N_ELEMENTS(key_kinds); i++)
		if (strcmp(key_kinds[i].word, word) == 0)
			return &key_kinds[i];
	return NULL;
}

static bool bad_name(GError **error, const char *name, const char *why)
{
	return devid_error_set(error, DEVID_USAGE, NULL, "devid help request", "%s: %s", name, why);
}

static bool add_name(gnutls_x509_crq_t request, const char *name, GError **error)
{
	g_autoptr(GInetAddress) address = NULL;
	const char *value;
	size_t i = 0;
	int code;

	while (i < G_N_ELEMENTS(name_kinds) && !g_str_has_prefix(name, name_kinds[i].word))
		i++;
	if (i == G_N_ELEMENTS(name_kinds))
		return bad_name(error, name, "a --san begins with dns:, email:, ip: or uri:");
	value = name + strlen(name_kinds[i].word);
	if (name_kinds[i].type == GNUTLS_SAN_IPADDRESS) {
		address = g_inet_address_new_from_string(value);
		if (!address)
			return bad_name(error, name, "that is no address");
		code = gnutls_x509_crq_set_subject_alt_name(
			request, GNUTLS_SAN_IPADDRESS, g_inet_address_to_bytes(address),
			(unsigned)g_inet_address_get_native_size(address), GNUTLS_FSAN_APPEND);
	} else {
		code = *value ? gnutls_x509_crq_set_subject_alt_name(request, name_kinds[i].type,
								     value, (unsigned)strlen(value),
								     GNUTLS_FSAN_APPEND)
			      : GNUTLS_E_INVALID_REQUEST;
	}
	return code >= 0 || bad_name(error, name, gnutls_strerror(code));
}

static bool describe_form(struct request *request, GError **error)
{
	const char *where = NULL;
	int code = gnutls_x509_crq_init(&request->form);

	if (code >= 0)
		code = gnutls_x509_crq_set_version(request->form, 1);
	if (code >= 0 && request->options->subject &&
	    gnutls_x509_crq_set_dn(request->form, request->options->subject, &where) < 0)
		return devid_error_set(error, DEVID_USAGE, NULL,
				       "as RFC 4514 writes it: CN=laptop-042,O=Example",
				       "--subject: it can't be read from here on: %s",
				       where && *where ? where : request->options->subject);
	if (code >= 0)
		code = gnutls_x509_crq_set_key_usage(request->form, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (code >= 0)
		code = gnutls_x509_crq_set_key_purpose_oid(request->form, GNUTLS_KP_TLS_WWW_CLIENT,
							   0);
	if (code < 0)
		return devid_error_set(error, DEVID_FAILED, NULL, NULL, "request: %s",
				       gnutls_strerror(code));
	for (char **name = request->options->names; name && *name; name++)
		if (!add_name(request->form, *name, error))
			return false;
	return true;
}

static bool choose_kind(struct request *request, const char *otherwise, GError **error)
{
	const char *word = request->options->key;

	request->kind = find_kind(word ? word : otherwise);
	return request->kind ||
	       devid_error_set(error, DEVID_USAGE, NULL, "devid help request",
			       "--key is rsa2048, rsa3072, rsa4096, p256, p384 or p521");
}

bool request_describe(struct request *request, GError **error)
{
	return choose_kind(request, "rsa2048", error) && describe_form(request, error);
}

static const char *kind_of(gnutls_x509_crt_t certificate)
{
	unsigned bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(certificate, &bits);

	for (size_t i = 0; i < G_N_ELEMENTS(key_kinds); i++)
		if (key_kinds[i].bits == bits &&
		    (key_kinds[i].type == KEY_EC) == (algorithm == GNUTLS_PK_EC))
			return key_kinds[i].word;
	return "rsa2048";
}

/* GnuTLS has read some of them to text already, a user principal name say, which is a UTF8String.
 */
static int copy_other_name(gnutls_x509_crq_t form, gnutls_x509_crt_t certificate, unsigned i,
			   int type, const void *value, unsigned length)
{
	unsigned text = type == GNUTLS_SAN_OTHERNAME ? 0 : GNUTLS_FSAN_ENCODE_UTF8_STRING;
	char oid[128];
	size_t size = sizeof(oid);
	int code = gnutls_x509_crt_get_subject_alt_othername_oid(certificate, i, oid, &size);

	if (type != GNUTLS_SAN_OTHERNAME && type != GNUTLS_SAN_OTHERNAME_XMPP &&
	    type != GNUTLS_SAN_OTHERNAME_MSUSERPRINCIPAL)
		return GNUTLS_E_UNIMPLEMENTED_FEATURE;
	return code < 0 ? code
			: gnutls_x509_crq_set_subject_alt_othername(form, oid, value, length,
								    text | GNUTLS_FSAN_APPEND);
}

/* Each further name, also those that --san has no word for (a user principal name). */
static bool copy_names(gnutls_x509_crq_t form, gnutls_x509_crt_t certificate, GError **error)
{
	int type = 0, code = 0;

	for (unsigned i = 0; type >= 0 && code >= 0; i++) {
		guint8 value[1024];
		size_t length = sizeof(value);

		type = gnutls_x509_crt_get_subject_alt_name2(certificate, i, value, &length, NULL,
							     NULL);
		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return true;
		code = type < 0 ? type
		       : type == GNUTLS_SAN_OTHERNAME || type >= GNUTLS_SAN_OTHERNAME_XMPP
			       ? copy_other_name(form, certificate, i, type, value,
						 (unsigned)length)
			       : gnutls_x509_crq_set_subject_alt_name(
					 form, (gnutls_x509_subject_alt_name_t)type, value,
					 (unsigned)length, GNUTLS_FSAN_APPEND);
	}
	return devid_error_set(error, DEVID_UNSUPPORTED, NULL, "say which: --san NAME",
			       "the certificate's further names can't be taken over: %s",
			       gnutls_strerror(code < 0 ? code : type));
}

bool request_describe_like(struct request *request, gnutls_x509_crt_t certificate, GError **error)
{
	return choose_kind(request, kind_of(certificate), error) && describe_form(request, error) &&
	       (request->options->names || copy_names(request->form, certificate, error));
}

const char *request_label(const struct request *request)
{
	return request->options->label ? request->options->label : request->object;
}

bool request_is_kind(const struct request *request)
{
	unsigned bits = 0;
	bool ec = gnutls_pubkey_get_pk_algorithm(request->public, &bits) == GNUTLS_PK_EC;

	return ec == (request->kind->type == KEY_EC) && bits == request->kind->bits;
}

bool request_refuse_kind(const struct request *request, GError **error)
{
	const char *label = request_label(request);
	g_autofree char *hint =
		request->renews
			? g_strdup_printf("leave --key out, or take it away: devid remove '%s'",
					  label)
			: g_strdup("choose another --label, or leave --key out");

	return devid_error_set(error, DEVID_EXISTS, NULL, hint,
			       "%s: its key waits for its certificate, and is another", label);
}

int request_sign(struct request *request, gnutls_privkey_t key)
{
	int code = gnutls_x509_crq_set_pubkey(request->form, request->public);

	return code < 0 ? code
			: gnutls_x509_crq_privkey_sign(request->form, key, GNUTLS_DIG_SHA256, 0);
}

bool request_finish(struct request *request, GError **error)
{
	g_auto(gnutls_datum_t) pem = { NULL, 0 };
	int code = gnutls_x509_crq_verify(request->form, 0);

	if (code >= 0)
		code = gnutls_x509_crq_export2(request->form, GNUTLS_X509_FMT_PEM, &pem);
	if (code < 0)
		return devid_error_set(error, DEVID_FAILED, NULL, NULL, "request: %s",
				       gnutls_strerror(code));
	return request->hand_out(request, &pem, error);
}

void request_clear(struct request *request)
{
	gnutls_x509_crq_deinit(request->form);
	if (request->public)
		gnutls_pubkey_deinit(request->public);
	g_free(request->uri);
	g_free(request->object);
}
