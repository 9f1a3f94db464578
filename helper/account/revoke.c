/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Revoking: a line more in the list of serial numbers, a key more in account.conf. What people
 * wrote there stays as it is.
 */
#include <string.h>
#include <devid/check.h>
#include "base/certificate.h"
#include "base/text.h"
#include "account-keys.h"
#include "account-private.h"
#include "check-path.h"
#include "revocation.h"
#include "revoke.h"

#define SECTION "[Revocation]"

const char *revoke_serials_file(const struct devid_account *account)
{
	return account->serials_file;
}

bool revoke_is_listed(const struct devid_account *account, gnutls_x509_crt_t certificate,
		      const char *key_id)
{
	return revocation_lists_serial(&account->revocation, certificate, key_id);
}

char *revoke_issuer_key_id(const struct devid_account *account, gnutls_x509_crt_t certificate)
{
	for (size_t i = 0; i < devid_account_signing_count(account); i++) {
		const struct devid_signing *signing = devid_account_signing(account, i);

		if (check_issued(signing->certificate, certificate))
			return g_strdup(signing->key_id);
	}
	return certificate_authority_key_id(certificate);
}

/* "0a:11:22", as tools print a serial number and other services take it. */
static char *serial_words(gnutls_x509_crt_t certificate)
{
	unsigned char serial[CERTIFICATE_SERIAL_MAX];
	size_t size = sizeof(serial);
	g_autoptr(GString) words = g_string_new(NULL);

	if (gnutls_x509_crt_get_serial(certificate, serial, &size) < 0 || size == 0)
		return NULL;
	for (size_t i = 0; i < size; i++)
		g_string_append_printf(words, "%s%02x", i ? ":" : "", serial[i]);
	return g_strdup(words->str);
}

static void append_line(GString *out, gnutls_x509_crt_t certificate, const char *serial,
			const char *key_id, time_t now)
{
	g_autofree char *subject = devid_subject_to_string(certificate);
	g_autofree char *issuer = devid_issuer_to_string(certificate);
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(now);
	g_autofree char *day = time ? g_date_time_format(time, "%Y-%m-%d") : g_strdup("");

	if (out->len && out->str[out->len - 1] != '\n')
		g_string_append_c(out, '\n');
	g_string_append_printf(out, "%s%s%s  # %s, issued by %s, on %s\n", serial,
			       key_id ? "@" : "", key_id ? key_id : "", subject ? subject : "",
			       issuer ? issuer : "", day);
}

GBytes *revoke_add_line(GBytes *text, gnutls_x509_crt_t certificate, const char *key_id, time_t now,
			bool *changed, const char **why)
{
	struct revocation revocation = { NULL, NULL };
	g_autofree char *serial = serial_words(certificate);
	g_autofree char *wrong = NULL;
	GString *out = g_string_new(NULL);

	*why = NULL;
	if (text)
		g_string_append_len(out, g_bytes_get_data(text, NULL),
				    (gssize)g_bytes_get_size(text));
	wrong = revocation_add_serials(&revocation, out->str, out->len);
	*changed = !wrong && !revocation_lists_serial(&revocation, certificate, key_id);
	revocation_clear(&revocation);
	if (*changed && serial)
		append_line(out, certificate, serial, key_id, now);
	if (wrong)
		*why = "it is there and holds no list of serial numbers";
	else if (!serial)
		*why = "the certificate's serial number can't be read";
	else if (out->len > REVOCATION_SERIALS_MAX)
		*why = "it would be larger than a list of serial numbers may be";
	if (!*why)
		return g_string_free_to_bytes(out);
	g_string_free(out, true);
	return NULL;
}

/* Where the line after the section's heading begins; NULL: there is no such section. */
static const char *after_heading(const char *text)
{
	while (*text) {
		gsize width = strcspn(text, "\n");
		g_autofree char *line = g_strstrip(g_strndup(text, width));

		text += width + (text[width] == '\n');
		if (strcmp(line, SECTION) == 0)
			return text;
	}
	return NULL;
}

GBytes *revoke_add_key(GBytes *text)
{
	g_autofree char *old = text ? text_from_bytes(text) : g_strdup("");
	const char *rest = after_heading(old);
	GString *out = g_string_new_len(old, rest ? rest - old : (gssize)strlen(old));

	if (out->len && out->str[out->len - 1] != '\n')
		g_string_append_c(out, '\n');
	if (!rest)
		g_string_append_printf(out, "%s%s\n", out->len ? "\n" : "", SECTION);
	g_string_append_printf(out, "SerialsFile=%s\n%s", REVOKE_FILE, rest ? rest : "");
	if (out->len <= ACCOUNT_FILE_MAX)
		return g_string_free_to_bytes(out);
	g_string_free(out, true);
	return NULL;
}
