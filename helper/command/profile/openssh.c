/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ssh: the module, and which of its keys: by its public half in a file (RFC 4253 section 6.6, RFC
 * 5656 section 3.1). Without that, ssh offers every key of the token, and servers take few
 * attempts.
 */
#include <string.h>
#include <gnutls/abstract.h>

#include "base/der.h"
#include "base/error.h"
#include "profile.h"
#include "support.h"

static void append_field(GByteArray *blob, const void *data, size_t size)
{
	guint32 length = GUINT32_TO_BE((guint32)size);

	g_byte_array_append(blob, (const guint8 *)&length, sizeof(length));
	g_byte_array_append(blob, data, (guint)size);
}

static void append_word(GByteArray *blob, const char *word)
{
	append_field(blob, word, strlen(word));
}

static const struct {
	gnutls_ecc_curve_t curve;
	const char *name;
} curves[] = {
	{ GNUTLS_ECC_CURVE_SECP256R1, "nistp256" },
	{ GNUTLS_ECC_CURVE_SECP384R1, "nistp384" },
	{ GNUTLS_ECC_CURVE_SECP521R1, "nistp521" },
};

static char *elliptic(gnutls_pubkey_t key, GByteArray *blob)
{
	gnutls_datum_t parameters = { NULL, 0 }, encoded = { NULL, 0 };
	struct der at, point;
	gnutls_ecc_curve_t curve;
	char *type = NULL;
	bool has_point;

	if (gnutls_pubkey_export_ecc_raw(key, &curve, NULL, NULL) < 0 ||
	    gnutls_pubkey_export_ecc_x962(key, &parameters, &encoded) < 0)
		return NULL;
	at = (struct der){ encoded.data, encoded.size };
	has_point = der_expect(&at, DER_OCTET_STRING, &point);
	for (size_t i = 0; has_point && i < G_N_ELEMENTS(curves); i++) {
		if (curves[i].curve != curve)
			continue;
		type = g_strdup_printf("ecdsa-sha2-%s", curves[i].name);
		append_word(blob, type);
		append_word(blob, curves[i].name);
		append_field(blob, point.data, point.length);
	}
	gnutls_free(parameters.data);
	gnutls_free(encoded.data);
	return type;
}

static char *rsa(gnutls_pubkey_t key, GByteArray *blob)
{
	gnutls_datum_t modulus = { NULL, 0 }, exponent = { NULL, 0 };

	if (gnutls_pubkey_export_rsa_raw(key, &modulus, &exponent) < 0)
		return NULL;
	append_word(blob, "ssh-rsa");
	append_field(blob, exponent.data, exponent.size);
	append_field(blob, modulus.data, modulus.size);
	gnutls_free(modulus.data);
	gnutls_free(exponent.data);
	return g_strdup("ssh-rsa");
}

/* "ssh-rsa AAAA…", or NULL for a key that ssh has no name for. */
static char *public_line(const struct profile_request *profile)
{
	g_autoptr(GByteArray) blob = g_byte_array_new();
	g_autofree char *type = NULL, *text = NULL;
	gnutls_pubkey_t key;

	if (gnutls_pubkey_init(&key) < 0)
		return NULL;
	if (gnutls_pubkey_import_x509(key, profile->identity->chain[0], 0) >= 0)
		type = gnutls_pubkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_RSA
			       ? rsa(key, blob)
			       : elliptic(key, blob);
	gnutls_pubkey_deinit(key);
	if (!type)
		return NULL;
	text = g_base64_encode(blob->data, blob->len);
	return g_strdup_printf("%s %s", type, text);
}

bool profile_openssh(const struct profile_request *profile, GPtrArray *files, GError **error)
{
	g_autofree char *line = public_line(profile);
	struct profile_file *file;

	if (!line)
		return devid_error_set(error, DEVID_UNSUPPORTED, NULL, NULL,
				       "%s: a key of a kind that ssh doesn't know",
				       profile->identity->record->label);
	/* When the token has no such key or it can't sign, ssh looks for a private one in that
	 * file, and warns of it in capitals if others can read it.
	 */
	file = profile_file_add(
		files, g_strdup_printf("%s/.ssh/devid-%s.pub", profile->home, profile->name), 0600);
	file->plain = true;
	g_string_append_printf(file->text, "%s devid\n", line);
	file = profile_file_add(files, g_strdup_printf("%s/.ssh/config", profile->home), 0600);
	file->part = g_strdup(profile->name);
	file->first = true;
	g_string_append_printf(
		file->text,
		"# The server's authorized_keys needs the line in ~/.ssh/devid-%s.pub.\n"
		"Host %s\n"
		"\tPKCS11Provider %s\n"
		"\tIdentityFile ~/.ssh/devid-%s.pub\n"
		"\tIdentitiesOnly yes\n",
		profile->name, profile->host, profile->module, profile->name);
	if (profile->port)
		g_string_append_printf(file->text, "\tPort %s\n", profile->port);
	if (profile->user) {
		g_autofree char *user = profile_quoted(profile->user);

		g_string_append_printf(file->text, "\tUser %s\n", user);
	}
	g_string_append(file->text, "Match all\n");
	return true;
}
