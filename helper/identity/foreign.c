/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identities on a token that isn't ours, as it shows them to everybody: no PIN is asked for. */
#include <stdlib.h>
#include <string.h>

#include "account/certificate-fact.h"
#include "base/auto-gnutls.h"
#include "base/error.h"
#include "foreign.h"
#include "list.h"
#include "token-uri.h"
#include "token.h"

struct foreign {
	gnutls_pkcs11_obj_t *objects;
	unsigned count;
	gnutls_x509_crt_t *certificates; /* as many; NULL where unreadable */
	bool *authority;
};

static void foreign_clear(struct foreign *foreign)
{
	for (unsigned i = 0; i < foreign->count; i++) {
		if (foreign->certificates[i])
			gnutls_x509_crt_deinit(foreign->certificates[i]);
		gnutls_pkcs11_obj_deinit(foreign->objects[i]);
	}
	gnutls_free(foreign->objects);
	g_free(foreign->certificates);
	g_free(foreign->authority);
}
#define AUTO_FOREIGN __attribute__((cleanup(foreign_clear)))

static bool read_token(struct foreign *foreign, const char *uri, GError **error)
{
	int code = gnutls_pkcs11_obj_list_import_url4(&foreign->objects, &foreign->count, uri,
						      GNUTLS_PKCS11_OBJ_FLAG_CRT);

	foreign->certificates = g_new0(gnutls_x509_crt_t, foreign->count + 1);
	foreign->authority = g_new0(bool, foreign->count + 1);
	if (code < 0)
		return devid_error_set(error, DEVID_NOT_FOUND, NULL,
				       "p11tool --list-tokens shows what there is", "%.*s: %s",
				       token_uri_shown(uri), uri, gnutls_strerror(code));
	for (unsigned i = 0; i < foreign->count; i++) {
		g_auto(gnutls_x509_crt_t) certificate = NULL;

		if (gnutls_x509_crt_init(&certificate) < 0 ||
		    gnutls_x509_crt_import_pkcs11(certificate, foreign->objects[i]) < 0)
			continue;
		foreign->authority[i] = certificate_claims_ca(certificate);
		foreign->certificates[i] = g_steal_pointer(&certificate);
	}
	return true;
}

static char *object_text(gnutls_pkcs11_obj_t object, gnutls_pkcs11_obj_info_t which)
{
	char text[256];
	size_t size = sizeof(text);

	if (gnutls_pkcs11_obj_get_info(object, which, text, &size) < 0)
		return NULL;
	return g_strdup(text);
}

static bool copy_certificate(gnutls_x509_crt_t from, struct record_bytes *bytes)
{
	g_auto(gnutls_datum_t) der = { NULL, 0 };

	if (gnutls_x509_crt_export2(from, GNUTLS_X509_FMT_DER, &der) < 0)
		return false;
	bytes->data = malloc(der.size);
	if (bytes->data) {
		memcpy(bytes->data, der.data, der.size);
		bytes->length = der.size;
	}
	return bytes->data != NULL;
}

/* A record made up from what the token shows, so that every subcommand reads all identities
 * alike. */
static struct record *make_record(const struct foreign *foreign, unsigned index, const char *label)
{
	struct record *record = calloc(1, sizeof(*record));
	size_t size = RECORD_ID_MAX;
	gnutls_x509_crt_t current = foreign->certificates[index];

	if (!record)
		return NULL;
	record->label = strdup(label);
	record->store = strdup("token");
	record->id.data = malloc(size);
	if (record->id.data &&
	    gnutls_pkcs11_obj_get_info(foreign->objects[index], GNUTLS_PKCS11_OBJ_ID,
				       record->id.data, &size) >= 0)
		record->id.length = size;
	copy_certificate(current, &record->leaf);
	for (unsigned i = 0; i < foreign->count && record->chain_count < RECORD_CHAIN_MAX; i++)
		if (foreign->certificates[i] && foreign->authority[i] &&
		    copy_certificate(foreign->certificates[i],
				     &record->chain[record->chain_count].certificate))
			record->chain_count++;
	return record;
}

static void add_identity(struct identity_list *list, const struct foreign *foreign, unsigned index,
			 const char *query)
{
	gnutls_pkcs11_obj_t object = foreign->objects[index];
	g_autofree char *label = object_text(object, GNUTLS_PKCS11_OBJ_LABEL);
	g_autofree char *token = object_text(object, GNUTLS_PKCS11_OBJ_TOKEN_LABEL);
	g_autofree char *token_part = g_uri_escape_string(!token ? "" : token, NULL, false);
	g_autofree char *object_part = g_uri_escape_string(!label ? "" : label, NULL, false);
	g_autofree char *uri =
		g_strdup_printf("pkcs11:token=%s;object=%s", token_part, object_part);
	struct record *record = make_record(foreign, index, !label ? "" : label);
	unsigned flags = 0;

	if (!record)
		return;
	if (gnutls_pkcs11_token_get_flags(uri, &flags) < 0)
		flags = 0;
	identity_list_append_foreign(list, record, uri, query, !token ? "" : token,
				     (flags & GNUTLS_PKCS11_TOKEN_HW) != 0);
}

bool identity_list_add_foreign(struct identity_list *list, const char *uri, GError **error)
{
	AUTO_FOREIGN struct foreign foreign = { NULL };
	unsigned flags;

	if (!token_load_all(error))
		return false;
	/* A token that isn't there has no objects either: that is not the same to a person. */
	if (gnutls_pkcs11_token_get_flags(uri, &flags) < 0)
		return devid_error_set(error, DEVID_NOT_FOUND, NULL,
				       "p11tool --list-tokens shows what there is",
				       "%.*s: no such token", token_uri_shown(uri), uri);
	if (!read_token(&foreign, uri, error))
		return false;
	for (unsigned i = 0; i < foreign.count; i++)
		if (foreign.certificates[i] && !foreign.authority[i])
			add_identity(list, &foreign, i, strchr(uri, '?'));
	return true;
}
