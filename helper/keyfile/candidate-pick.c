/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which identity of a file is meant. */
#include <string.h>
#include "account/certificate-fact.h"
#include "account/remark.h"
#include "base/certificate.h"
#include "base/error.h"
#include "base/moment.h"
#include "candidate-pick.h"
#include "candidate.h"

bool candidate_valid_at(gnutls_x509_crt_t crt, time_t at)
{
	return gnutls_x509_crt_get_activation_time(crt) <= at &&
	       gnutls_x509_crt_get_expiration_time(crt) >= at;
}

char *candidate_dates(gnutls_x509_crt_t crt)
{
	g_autofree char *begins = moment_date(gnutls_x509_crt_get_activation_time(crt));
	g_autofree char *ends = moment_date(gnutls_x509_crt_get_expiration_time(crt));

	return g_strdup_printf("%s to %s", begins, ends);
}

static bool is_for_devices(const struct candidate *candidate, time_t now)
{
	gnutls_x509_crt_t crt = candidate->leaf->crt;

	return candidate_valid_at(crt, now) && !certificate_claims_ca(crt) &&
	       remark_fits_clients(crt);
}

/* The same digits, whatever stands between them and before them. */
static bool same_hex(const char *wanted, const char *hex)
{
	g_autoptr(GString) digits = g_string_new(NULL);

	for (; *wanted; wanted++) {
		if (*wanted == ':' || *wanted == ' ')
			continue;
		g_string_append_c(digits, g_ascii_tolower(*wanted));
	}
	return digits->len &&
	       strcmp(digits->str + strspn(digits->str, "0"), hex + strspn(hex, "0")) == 0;
}

/* "EC" and "ec p-256" both mean "EC P-256". */
static bool same_key_type(const char *wanted, const char *type)
{
	gsize length = strlen(wanted);

	return length && g_ascii_strncasecmp(wanted, type, length) == 0 &&
	       (type[length] == '\0' || type[length] == ' ');
}

static bool fits(const struct candidate *candidate, guint number,
		 const struct candidate_choice *choice)
{
	gnutls_x509_crt_t crt = candidate->leaf->crt;
	g_autofree char *serial = certificate_serial(crt),
			*fingerprint = certificate_fingerprint(crt);
	g_autofree char *type = certificate_key(crt);
	g_autofree char *expires = moment_date(gnutls_x509_crt_get_expiration_time(crt));

	return (!choice->number || (guint)choice->number == number) &&
	       (!choice->name || strcmp(choice->name, candidate->name) == 0) &&
	       (!choice->serial || same_hex(choice->serial, serial)) &&
	       (!choice->fingerprint || same_hex(choice->fingerprint, fingerprint)) &&
	       (!choice->key_type || same_key_type(choice->key_type, type)) &&
	       (!choice->expires || strcmp(choice->expires, expires) == 0);
}

/* "2: "alice" (RSA 2048, serial number 1a2b, 2026-01-01 to 2027-01-01)". */
static char *describe_candidate(const struct candidate *candidate, guint number)
{
	gnutls_x509_crt_t crt = candidate->leaf->crt;
	g_autofree char *serial = certificate_serial(crt), *type = certificate_key(crt);
	g_autofree char *dates = candidate_dates(crt);

	return g_strdup_printf("%u: \"%s\" (%s, serial number %s, %s)", number, candidate->name,
			       type, serial, dates);
}

static char *describe_all(const GPtrArray *candidates)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < candidates->len; i++) {
		g_autofree char *one = describe_candidate(candidates->pdata[i], i + 1);

		g_string_append_printf(text, "%s%s", i ? ", " : "", one);
	}
	return g_string_free(text, FALSE);
}

static void set_none(GError **error, const GPtrArray *candidates,
		     const struct candidate_choice *choice, const char *title)
{
	g_autofree char *all = describe_all(candidates);

	if (choice->name && !choice->number && !choice->serial && !choice->fingerprint &&
	    !choice->key_type && !choice->expires)
		devid_error_set(error, DEVID_USAGE, "no-such-name", NULL,
				"%s: no identity in it is called %s (there are: %s)", title,
				choice->name, all);
	else
		devid_error_set(error, DEVID_USAGE, "no-such-name", NULL,
				"%s: no identity in it is as you say (there are: %s)", title, all);
}

struct candidate *candidates_pick(const GPtrArray *candidates,
				  const struct candidate_choice *choice, const char *title,
				  char **told, GError **error)
{
	struct candidate *found = NULL, *usable = NULL;
	unsigned count = 0, usable_count = 0;
	guint usable_number = 0;
	time_t now = time(NULL);
	g_autofree char *all = NULL;

	*told = NULL;
	for (guint i = 0; i < candidates->len; i++) {
		struct candidate *candidate = candidates->pdata[i];

		if (!fits(candidate, i + 1, choice))
			continue;
		found = candidate;
		count++;
		if (is_for_devices(candidate, now)) {
			usable = candidate;
			usable_number = i + 1;
			usable_count++;
		}
	}
	if (count == 1)
		return found;
	if (!count) {
		set_none(error, candidates, choice, title);
		return NULL;
	}
	if (usable_count == 1) {
		g_autofree char *one = describe_candidate(usable, usable_number);

		*told = g_strdup_printf("of the %u identities in it this is taken, the only one "
					"that is valid now and made for TLS clients: %s",
					candidates->len, one);
		return usable;
	}
	all = describe_all(candidates);
	return devid_error_null(
		error, DEVID_USAGE, "several-keys", NULL,
		choice->name ? "%s: more than one of the %u keys with certificates in it "
			       "are meant: %s"
			     : "%s: %u keys with certificates are in it: %s",
		title, candidates->len, all);
}
