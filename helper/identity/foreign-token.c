/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding a foreign token, its PIN, its objects; what its refusals mean. */
#include <string.h>
#include <devid/reason.h>
#include "base/auto-gnutls.h"
#include "base/error.h"
#include "base/row.h"
#include "foreign-token.h"
#include "front.h"
#include "token-uri.h"
#include "token.h"
#include "uri.h"

static char *token_text(const char *url, gnutls_pkcs11_token_info_t which)
{
	char text[256];
	size_t size = sizeof(text);

	if (gnutls_pkcs11_token_get_info(url, which, text, &size) < 0)
		return g_strdup("");
	return g_strndup(text, size);
}

/* Exactly one has to match: half a URI must not send a key to whatever token comes first. */
static unsigned find_tokens(struct foreign_token *token, P11KitUri *uri)
{
	unsigned count = 0;
	char *url;

	for (unsigned i = 0; gnutls_pkcs11_token_get_url(i, GNUTLS_PKCS11_URL_GENERIC, &url) >= 0;
	     i++) {
		if (token_uri_matches(uri, url) && !count++)
			token->url = g_strdup(url);
		gnutls_free(url);
	}
	return count;
}

/* GnuTLS asks at each login. One refusal is the end: trying again would lock the token. */
int foreign_token_pin(void *data, int attempt, const char *url, const char *label, unsigned flags,
		      char *pin, size_t size)
{
	struct foreign_token *token = data;
	g_autofree char *prompt = NULL;

	if (attempt > 0 || flags & GNUTLS_PIN_WRONG) {
		token->pin_refused = true;
		return GNUTLS_E_PKCS11_PIN_ERROR;
	}
	if (!token->pin.data) {
		prompt = g_strdup_printf(
			"PIN of %s%s", label,
			flags & GNUTLS_PIN_FINAL_TRY ? " (the last try before it locks)" : "");
		if (token->pin_error ||
		    !front_pin(token->pin_file ? token->pin_file : token->pin_source, prompt,
			       &token->pin, &token->pin_error))
			return GNUTLS_E_PKCS11_PIN_ERROR;
	}
	if (token->pin.length >= size)
		return GNUTLS_E_PKCS11_PIN_ERROR;
	memcpy(pin, token->pin.data, token->pin.length);
	pin[token->pin.length] = '\0';
	return 0;
}

bool foreign_token_open(struct foreign_token *token, const char *uri, const char *pin_file,
			char **object, GError **error)
{
	g_autoptr(P11KitUri) parsed = token_uri_parse(uri, error);
	unsigned count, flags = 0;

	token->pin_file = pin_file;
	if (!parsed || !token_load_all(error))
		return false;
	gnutls_pkcs11_set_pin_function(foreign_token_pin, token);
	token->asks = true;
	count = find_tokens(token, parsed);
	if (count != 1)
		return devid_error_set(error, DEVID_STORE_MISSING,
				       count ? "token-ambiguous" : "token-missing",
				       "p11tool --list-tokens shows what there is",
				       count ? "--store: %u tokens match the URI"
					     : "--store: no token matches the URI",
				       count);
	/* GnuTLS 3.7 asks its callback although the URI names a source: it is read here. */
	if (!token_uri_pin(parsed, &token->pin, &token->pin_source, error))
		return false;
	token->label = token_text(token->url, GNUTLS_PKCS11_TOKEN_LABEL);
	*object = token_uri_object(parsed);
	if (gnutls_pkcs11_token_get_flags(token->url, &flags) < 0)
		flags = 0;
	token->hardware = flags & GNUTLS_PKCS11_TOKEN_HW;
	if (strcmp(token->label, identity_token_label(SCOPE_USER)) == 0 ||
	    strcmp(token->label, identity_token_label(SCOPE_SYSTEM)) == 0)
		return devid_error_set(error, DEVID_USAGE, NULL,
				       "leave --store out, or say --user or --system",
				       "--store: the URI names devid's own token");
	return true;
}

void foreign_token_opened(struct foreign_token *token)
{
	if (token->asks)
		gnutls_pkcs11_set_pin_function(NULL, NULL);
	token->asks = false;
}

void foreign_token_close(struct foreign_token *token)
{
	foreign_token_opened(token);
	g_free(token->url);
	g_free(token->pin_source);
	g_free(token->label);
	secret_clear(&token->pin);
	g_clear_error(&token->pin_error);
}

char *foreign_url(const struct foreign_token *token, enum foreign_type type, GBytes *id,
		  const char *label)
{
	static const char *const types[] = { "cert", "private", "public" };
	GString *url = g_string_new(token->url);
	g_autofree char *escaped = label ? g_uri_escape_string(label, NULL, false) : NULL;
	gsize length = 0;
	const guint8 *bytes = id ? g_bytes_get_data(id, &length) : NULL;

	if (id)
		g_string_append(url, ";id=");
	for (gsize i = 0; i < length; i++)
		g_string_append_printf(url, "%%%02X", bytes[i]);
	if (label)
		g_string_append_printf(url, ";object=%s", escaped);
	g_string_append_printf(url, ";type=%s", types[type]);
	return g_string_free(url, false);
}

char *foreign_plain_uri(const struct foreign_token *token, const char *label)
{
	g_autofree char *name = g_uri_escape_string(token->label, NULL, false);
	g_autofree char *object = g_uri_escape_string(label, NULL, false);

	return g_strdup_printf("pkcs11:token=%s;object=%s", name, object);
}

static void object_free(void *data)
{
	struct foreign_object *object = data;

	g_bytes_unref(object->der);
	g_bytes_unref(object->id);
	g_free(object->label);
	g_free(object);
}

static struct foreign_object *read_object(gnutls_pkcs11_obj_t from, enum foreign_type type)
{
	struct foreign_object *object = g_new0(struct foreign_object, 1);
	g_auto(gnutls_datum_t) der = { NULL, 0 };
	guint8 id[RECORD_ID_MAX];
	char label[RECORD_LABEL_MAX + 1];
	size_t id_size = sizeof(id), label_size = sizeof(label);

	if (type != FOREIGN_CERTIFICATE || gnutls_pkcs11_obj_export2(from, &der) < 0)
		der.size = 0;
	if (gnutls_pkcs11_obj_get_info(from, GNUTLS_PKCS11_OBJ_ID, id, &id_size) < 0)
		id_size = 0;
	if (gnutls_pkcs11_obj_get_info(from, GNUTLS_PKCS11_OBJ_LABEL, label, &label_size) < 0)
		label_size = 0;
	object->der = g_bytes_new(der.data, der.size);
	object->id = g_bytes_new(id, id_size);
	object->label = g_strndup(label, label_size);
	return object;
}

GPtrArray *foreign_find(struct foreign_token *token, enum foreign_type type, GBytes *id,
			const char *label, GError **error)
{
	static const unsigned flags[] = {
		GNUTLS_PKCS11_OBJ_FLAG_CRT,
		GNUTLS_PKCS11_OBJ_FLAG_PRIVKEY | GNUTLS_PKCS11_OBJ_FLAG_LOGIN,
		GNUTLS_PKCS11_OBJ_FLAG_PUBKEY | GNUTLS_PKCS11_OBJ_FLAG_LOGIN,
	};
	g_autofree char *url = foreign_url(token, type, id, label);
	gnutls_pkcs11_obj_t *objects = NULL;
	unsigned count = 0;
	int code = gnutls_pkcs11_obj_list_import_url4(&objects, &count, url, flags[type]);
	GPtrArray *found;

	if (code < 0 && code != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
		foreign_error(token, "its objects can't be listed", code, error);
		return NULL;
	}
	found = g_ptr_array_new_with_free_func(object_free);
	for (unsigned i = 0; code >= 0 && i < count; i++) {
		g_ptr_array_add(found, read_object(objects[i], type));
		gnutls_pkcs11_obj_deinit(objects[i]);
	}
	gnutls_free(objects);
	return found;
}

GBytes *foreign_spki(struct foreign_token *token, GBytes *id, const char *label)
{
	g_autofree char *url = foreign_url(token, FOREIGN_PRIVATE, id, label);
	g_auto(gnutls_privkey_t) key = NULL;
	g_auto(gnutls_pubkey_t) public = NULL;
	g_auto(gnutls_datum_t) der = { NULL, 0 };

	if (!token_open_key(url, NULL, NULL, &key, NULL) || gnutls_pubkey_init(&public) < 0 ||
	    gnutls_pubkey_import_privkey(public, key, GNUTLS_KEY_DIGITAL_SIGNATURE, 0) < 0 ||
	    gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &der) < 0)
		return NULL;
	return g_bytes_new(der.data, der.size);
}

GBytes *foreign_find_spki(struct foreign_token *token, GBytes *spki, char **label)
{
	g_autoptr(GPtrArray) keys = foreign_find(token, FOREIGN_PRIVATE, NULL, NULL, NULL);

	for (guint i = 0; keys && i < keys->len; i++) {
		const struct foreign_object *key = keys->pdata[i];
		g_autoptr(GBytes) own = foreign_spki(token, key->id, key->label);

		if (!own || !g_bytes_equal(own, spki))
			continue;
		*label = g_strdup(key->label);
		return g_bytes_ref(key->id);
	}
	return NULL;
}

bool foreign_delete(struct foreign_token *token, const char *url, unsigned *count, GError **error)
{
	int code = gnutls_pkcs11_delete_url(url, GNUTLS_PKCS11_OBJ_FLAG_LOGIN);

	if (count)
		*count = code > 0 ? (unsigned)code : 0;
	if (code >= 0 || code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return true;
	foreign_error(token, "an object can't be taken out", code, error);
	return false;
}

/* What GnuTLS makes of a CKR_ value, in words that help. */
static const struct refusal {
	int code;
	enum devid_result result;
	const char *reason, *words; /* words NULL: the reason's own */
	const char *making;	    /* instead, where a key is to be made */
} refusals[] = {
	{ GNUTLS_E_PKCS11_PIN_LOCKED, DEVID_STORE_LOCKED, "pin-locked" },
	{ GNUTLS_E_PKCS11_PIN_EXPIRED, DEVID_STORE_LOCKED, "pin-expired" },
	{ GNUTLS_E_PKCS11_PIN_ERROR, DEVID_STORE_LOCKED, "pin-wrong" },
	{ GNUTLS_E_PKCS11_USER_ERROR, DEVID_STORE_LOCKED, "pin-wrong", "it wants a login" },
	{ GNUTLS_E_PKCS11_DEVICE_ERROR, DEVID_IO, "token-full" },
	{ GNUTLS_E_PKCS11_TOKEN_ERROR, DEVID_IO, "token-read-only",
	  "the token is write-protected, or not the one it was" },
	{ GNUTLS_E_PKCS11_SESSION_ERROR, DEVID_IO, "token-read-only",
	  "the token gives no session to write in" },
	{ GNUTLS_E_PKCS11_ATTRIBUTE_ERROR, DEVID_UNSUPPORTED, "token-refused",
	  "the token doesn't take such an object from outside", "the token makes no such keys" },
	{ GNUTLS_E_PKCS11_UNSUPPORTED_FEATURE_ERROR, DEVID_UNSUPPORTED, "token-refused",
	  "the token doesn't take such an object from outside", "the token makes no such keys" },
	{ GNUTLS_E_PKCS11_KEY_ERROR, DEVID_UNSUPPORTED, "token-refused",
	  "the token refuses the key" },
};

void foreign_error(struct foreign_token *token, const char *what, int code, GError **error)
{
	const struct refusal *row;
	const char *words;

	if (token->pin_error) {
		g_propagate_error(error, g_steal_pointer(&token->pin_error));
		return;
	}
	if (token->pin_refused)
		code = GNUTLS_E_PKCS11_PIN_ERROR;
	row = ROW_NUMBERED(refusals, code);
	words = row ? row->words : gnutls_strerror(code);
	if (token->pin_refused)
		words = "the PIN is wrong";
	else if (row && row->making && token->making)
		words = row->making;
	else if (!words)
		words = devid_reason_find(row->reason)->cause;
	devid_error_set(error, row ? row->result : DEVID_FAILED,
			row ? row->reason : "token-refused", NULL, "token %s: %s: %s", token->label,
			what, words);
}
