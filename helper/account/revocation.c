/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Revoked certificates: serial numbers in a list, and revocation lists of the CAs (RFC 5280 section
 * 5).
 *
 * A list counts for a certificate where it bears the name of the certificate's issuer and its
 * signature is by that issuer's key; it counts at a time from its thisUpdate up to its nextUpdate.
 * Where the account asks for lists, a device certificate whose issuer has none that counts is
 * refused: an attacker who can hold a list back must not win by it.
 */
#include <string.h>
#include <devid/check.h>
#include "base/certificate.h"
#include "base/moment.h"
#include "base/row.h"
#include "pem-block.h"
#include "revocation-list.h"
#include "revocation.h"

#define SERIAL_DIGITS_MAX ((gsize)2 * CERTIFICATE_SERIAL_MAX)
#define KEY_ID_DIGITS_MAX ((gsize)256)

/* Lower-case hex without colons and leading zeros; NULL: not a serial number. */
static char *normal_serial(const char *text, gsize length)
{
	GString *out = g_string_new(NULL);
	gsize digits = 0;

	for (gsize i = 0; i < length && digits <= SERIAL_DIGITS_MAX; i++) {
		if (text[i] == ':' && i > 0 && i + 1 < length && text[i - 1] != ':')
			continue;
		if (!g_ascii_isxdigit(text[i])) {
			digits = 0;
			break;
		}
		digits++;
		if (out->len || text[i] != '0')
			g_string_append_c(out, g_ascii_tolower(text[i]));
	}
	if (digits == 0 || digits > SERIAL_DIGITS_MAX) {
		g_string_free(out, true);
		return NULL;
	}
	return g_string_free(out, false);
}

/* "SERIAL", whoever issued it, or "SERIAL@KEY-ID": of the issuer with that key identifier alone. */
static char *normal_entry(const char *text, gsize length)
{
	const char *at = memchr(text, '@', length);
	g_autofree char *serial = normal_serial(text, at ? (gsize)(at - text) : length);
	g_autoptr(GString) entry = g_string_new(serial);
	gsize digits = 0;

	if (!serial || !at)
		return g_steal_pointer(&serial);
	g_string_append_c(entry, '@');
	for (at++; at < text + length && digits <= KEY_ID_DIGITS_MAX; at++) {
		if (*at == ':')
			continue;
		if (!g_ascii_isxdigit(*at))
			return NULL;
		g_string_append_c(entry, g_ascii_tolower(*at));
		digits++;
	}
	return digits == 0 || digits > KEY_ID_DIGITS_MAX ? NULL : g_strdup(entry->str);
}

static char *add_serials_of_line(struct revocation *revocation, const char *line, gsize length)
{
	const char *comment = memchr(line, '#', length);
	const char *end = comment ? comment : line + length;

	while (line < end) {
		gsize width = 0;
		char *serial;

		while (line + width < end && !strchr(" \t,;\r", line[width]))
			width++;
		if (width) {
			serial = normal_entry(line, width);
			if (!serial)
				return g_strndup(line, MIN(width, 64));
			g_hash_table_add(revocation->serials, serial);
		}
		line += width + 1;
	}
	return NULL;
}

char *revocation_add_serials(struct revocation *revocation, const char *text, gsize length)
{
	const char *end = text + length;

	if (!revocation->serials)
		revocation->serials = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (unsigned number = 1; text < end; number++) {
		const char *stop = memchr(text, '\n', end - text);
		gsize width = (stop ? stop : end) - text;
		g_autofree char *wrong = NULL;

		if (memchr(text, '\0', width))
			return g_strdup_printf("line %u: it holds a NUL byte", number);
		wrong = add_serials_of_line(revocation, text, width);
		if (wrong)
			return g_strdup_printf("line %u: %s is no serial number in hex", number,
					       wrong);
		text = stop ? stop + 1 : end;
	}
	return NULL;
}

/* Takes the lists over; what comes behind one that can't be used is freed as well. */
static char *add_lists(struct revocation *revocation, gnutls_x509_crl_t *crls, unsigned count)
{
	const char *why = NULL;

	if (!revocation->lists)
		revocation->lists =
			g_ptr_array_new_with_free_func((GDestroyNotify)revocation_list_free);
	for (unsigned i = 0; i < count; i++) {
		struct revocation_list *list = NULL;

		if (why)
			gnutls_x509_crl_deinit(crls[i]);
		else
			list = revocation_list_new(crls[i], &why);
		if (list)
			g_ptr_array_add(revocation->lists, list);
	}
	return g_strdup(why);
}

/* One list, or NULL. */
static gnutls_x509_crl_t parse_list(const void *der, gsize length)
{
	gnutls_datum_t bytes = { (unsigned char *)der, (unsigned)length };
	gnutls_x509_crl_t list = NULL;

	if (gnutls_x509_crl_init(&list) >= 0 &&
	    gnutls_x509_crl_import(list, &bytes, GNUTLS_X509_FMT_DER) >= 0)
		return list;
	if (list)
		gnutls_x509_crl_deinit(list);
	return NULL;
}

char *revocation_add_list(struct revocation *revocation, const void *data, gsize length)
{
	g_autoptr(GArray) lists = g_array_new(false, false, sizeof(gnutls_x509_crl_t));
	const char *at = data, *end = at + length;
	gnutls_x509_crl_t list = NULL;
	struct pem_block block;
	bool pem = pem_present(data, length), cut = false, whole = true;

	while (pem && whole && pem_next(&at, end, &block, &cut)) {
		AUTO_SECRET struct secret der = SECRET_INIT;

		if (!pem_is(&block, "X509 CRL"))
			continue;
		list = pem_decode(&block, &der) ? parse_list(der.data, der.length) : NULL;
		whole = list != NULL;
		if (whole)
			g_array_append_val(lists, list);
	}
	if (!pem && (list = parse_list(data, length)) != NULL)
		g_array_append_val(lists, list);
	if (whole && !cut && lists->len)
		return add_lists(revocation, (gnutls_x509_crl_t *)(void *)lists->data, lists->len);
	for (guint i = 0; i < lists->len; i++)
		gnutls_x509_crl_deinit(g_array_index(lists, gnutls_x509_crl_t, i));
	return g_strdup("it is no revocation list");
}

void revocation_clear(struct revocation *revocation)
{
	g_clear_pointer(&revocation->serials, g_hash_table_destroy);
	g_clear_pointer(&revocation->lists, g_ptr_array_unref);
}

static bool holds(const struct revocation *revocation, const char *serial, const char *key_id)
{
	g_autofree char *entry = key_id ? g_strconcat(serial, "@", key_id, NULL) : NULL;

	return revocation->serials &&
	       (g_hash_table_contains(revocation->serials, serial) ||
		(entry && g_hash_table_contains(revocation->serials, entry)));
}

bool revocation_lists_serial(const struct revocation *revocation, gnutls_x509_crt_t certificate,
			     const char *key_id)
{
	g_autofree char *serial = certificate_serial_trimmed(certificate);

	return serial && holds(revocation, serial, key_id);
}

/* The issuer's key identifier is what the certificate says of it, and what the issuer does. */
static bool is_listed(const struct revocation *revocation, const char *serial,
		      gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer)
{
	g_autofree char *said = NULL;
	g_autofree char *own = NULL;

	if (!revocation->serials)
		return false;
	said = certificate_authority_key_id(certificate);
	own = certificate_key_id(issuer);
	return holds(revocation, serial, said) || holds(revocation, serial, own);
}

static const char *check_lists(const GPtrArray *lists, const char *serial, gnutls_x509_crt_t issuer,
			       time_t at, bool required)
{
	bool current = false, trusted = false, named = false;

	for (guint i = 0; i < lists->len; i++) {
		struct revocation_list *list = lists->pdata[i];

		if (!revocation_list_is_of(list, issuer))
			continue;
		named = true;
		if (!revocation_list_is_signed_by(list, issuer))
			continue;
		trusted = true;
		/* Revoked stays revoked, however old the list is. */
		if (g_hash_table_contains(list->serials, serial))
			return "revoked";
		current = current || (list->from != MOMENT_NONE && list->until != MOMENT_NONE &&
				      list->from <= at && at <= list->until);
	}
	if (current || (!named && !required))
		return NULL;
	return trusted ? "crl-stale" : named ? "crl-untrusted" : "crl-missing";
}

static const struct words {
	const char *word;
	const char *message;
} messages[] = {
	{ "crl-stale", "the revocation list of the issuer is out of date" },
	{ "crl-untrusted", "the revocation list is not signed by the issuer" },
	{ "crl-missing", "there is no revocation list of the issuer" },
};

const char *revocation_check(const struct revocation *revocation, gnutls_x509_crt_t certificate,
			     gnutls_x509_crt_t issuer, time_t at, bool required, char **message)
{
	g_autofree char *serial = NULL;
	const char *word = NULL;
	const struct words *row;

	if (!revocation->serials && !revocation->lists)
		return NULL;
	/* What can't be looked up counts as if it were listed. */
	serial = certificate_serial_trimmed(certificate);
	if (!serial || is_listed(revocation, serial, certificate, issuer))
		word = "revoked";
	if (!word && revocation->lists)
		word = check_lists(revocation->lists, serial, issuer, at, required);
	if (!word)
		return NULL;
	row = ROW_CALLED(messages, word);
	if (row) {
		g_autofree char *name = devid_subject_to_string(issuer);

		*message = g_strdup_printf("%s (%s)", row->message, name ? name : "");
	} else {
		*message = g_strdup(required ? "the device certificate has been revoked"
					     : "a certificate of the chain has been revoked");
	}
	return word;
}

time_t revocation_next_change(const struct revocation *revocation, time_t at)
{
	time_t best = 0;

	for (guint i = 0; revocation->lists && i < revocation->lists->len; i++) {
		const struct revocation_list *list = revocation->lists->pdata[i];

		best = moment_next(best, list->from, at);
		best = moment_next(best, moment_after(list->until), at);
	}
	return best;
}
