/* What a person wants to know of a certificate or an identity, and what the account says to it. */
#include <stdlib.h>
#include <string.h>

#include "describe.h"

#define DAY (24 * 60 * 60)

static char *taken(char *text, const char *otherwise)
{
	char *copy = g_strdup(text != NULL ? text : otherwise);

	free(text);
	return copy;
}

char *describe_subject(gnutls_x509_crt_t certificate)
{
	return taken(devid_subject_to_string(certificate), "(unreadable name)");
}

char *describe_issuer(gnutls_x509_crt_t certificate)
{
	return taken(devid_issuer_to_string(certificate), "(unreadable name)");
}

static const struct {
	gnutls_ecc_curve_t curve;
	const char *name;
} curves[] = {
	{ GNUTLS_ECC_CURVE_SECP256R1, "EC P-256" },
	{ GNUTLS_ECC_CURVE_SECP384R1, "EC P-384" },
	{ GNUTLS_ECC_CURVE_SECP521R1, "EC P-521" },
};

static char *describe_public_key(gnutls_pubkey_t key)
{
	unsigned bits = 0;
	gnutls_ecc_curve_t curve;
	int algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);

	if (algorithm < 0)
		return g_strdup("unknown");
	if (algorithm == GNUTLS_PK_RSA)
		return g_strdup_printf("RSA %u", bits);
	if (algorithm == GNUTLS_PK_ECDSA &&
	    gnutls_pubkey_export_ecc_raw(key, &curve, NULL, NULL) >= 0)
		for (size_t i = 0; i < G_N_ELEMENTS(curves); i++)
			if (curves[i].curve == curve)
				return g_strdup(curves[i].name);
	return g_strdup(gnutls_pk_get_name((gnutls_pk_algorithm_t)algorithm));
}

char *describe_key(gnutls_x509_crt_t certificate)
{
	gnutls_pubkey_t key = NULL;
	char *text = NULL;

	if (gnutls_pubkey_init(&key) >= 0 && gnutls_pubkey_import_x509(key, certificate, 0) >= 0)
		text = describe_public_key(key);
	gnutls_pubkey_deinit(key);
	return taken(text, "unknown");
}

char *describe_lone_key(const struct identity *identity)
{
	const struct record_bytes *spki = &identity->record->spki;
	gnutls_datum_t der = { spki->data, (unsigned)spki->length };
	gnutls_pubkey_t key = NULL;
	char *text = NULL;

	if (gnutls_pubkey_init(&key) >= 0 &&
	    gnutls_pubkey_import(key, &der, GNUTLS_X509_FMT_DER) >= 0)
		text = describe_public_key(key);
	gnutls_pubkey_deinit(key);
	return taken(text, "unknown");
}

static char *hex(const guint8 *data, size_t length)
{
	char *text = g_malloc(2 * length + 1);

	hex_encode(data, length, text);
	return text;
}

char *describe_serial(gnutls_x509_crt_t certificate)
{
	guint8 serial[64];
	size_t length = sizeof(serial);

	if (gnutls_x509_crt_get_serial(certificate, serial, &length) < 0)
		return g_strdup("(unreadable)");
	return hex(serial, length);
}

char *describe_fingerprint(gnutls_x509_crt_t certificate)
{
	guint8 digest[32];
	size_t length = sizeof(digest);

	if (gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, digest, &length) < 0)
		return g_strdup("(unreadable)");
	return hex(digest, length);
}

static char *format_time(time_t when, const char *format)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(when);

	return time == NULL ? g_strdup("never") : g_date_time_format(time, format);
}

char *describe_date(time_t when)
{
	return format_time(when, "%Y-%m-%d");
}

char *describe_moment(time_t when)
{
	return format_time(when, "%Y-%m-%dT%H:%M:%SZ");
}

int days_left(time_t expires, time_t now)
{
	gint64 seconds = (gint64)expires - (gint64)now;
	gint64 days = seconds < 0 ? -((-seconds + DAY - 1) / DAY) : seconds / DAY;

	return (int)CLAMP(days, G_MININT, G_MAXINT);
}

bool ends_soon(time_t expires, time_t now, const struct devid_account *account)
{
	return days_left(expires, now) < (gint64)devid_account_expiry_warning(account);
}

void warn_of_signing(const struct devid_account *account)
{
	time_t now = time(NULL);

	for (size_t i = 0; i < devid_account_signing_count(account); i++) {
		const struct devid_signing *signing = devid_account_signing(account, i);
		time_t ends = gnutls_x509_crt_get_expiration_time(signing->certificate);
		g_autofree char *days = describe_days(ends, now);

		if (ends_soon(ends, now, account))
			report_warning("signing certificate %s: %s", signing->name, days);
	}
}

char *describe_days(time_t expires, time_t now)
{
	int days = days_left(expires, now);

	if (days == -1)
		return g_strdup("expired less than a day ago");
	if (days < 0)
		return g_strdup_printf("expired %d day%s ago", -days - 1, days == -2 ? "" : "s");
	return g_strdup_printf("%d day%s left", days, days == 1 ? "" : "s");
}

size_t der_size(gnutls_x509_crt_t certificate)
{
	gnutls_datum_t der = { NULL, 0 };
	size_t size;

	if (gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, &der) < 0)
		return 0;
	size = der.size;
	gnutls_free(der.data);
	return size;
}

char *describe_size(gnutls_x509_crt_t certificate, const struct devid_account *account)
{
	struct devid_size size = { 0 };
	enum devid_result result = devid_device_size(account, der_size(certificate), &size, NULL);

	return g_strdup_printf("%zu bytes as PEM, %zu as DER (limit %zu, measured as %s)%s",
			       size.pem, size.der, size.limit,
			       size.measure == DEVID_SIZE_DER ? "DER" : "PEM",
			       result == DEVID_TOO_LARGE ? ": too large" : "");
}

enum devid_protection identity_protection(const struct identity *identity)
{
	if (identity->foreign)
		return identity->hardware ? DEVID_PROTECTION_HARDWARE : DEVID_PROTECTION_NONE;
	return identity->half == HALF_SYSTEM ? DEVID_PROTECTION_ROOT : DEVID_PROTECTION_USER;
}

const char *describe_copier(const struct identity *identity)
{
	static const char *const words[] = {
		[DEVID_PROTECTION_NONE] = "unknown",
		[DEVID_PROTECTION_USER] = "user",
		[DEVID_PROTECTION_ROOT] = "root",
		[DEVID_PROTECTION_HARDWARE] = "nobody",
	};

	if (!record_has_key(identity->record))
		return NULL;
	return words[identity_protection(identity)];
}

void accounts_clear(struct accounts *accounts)
{
	for (size_t i = 0; i < G_N_ELEMENTS(accounts->of); i++) {
		devid_account_free(accounts->of[i]);
		accounts->of[i] = NULL;
	}
}

struct devid_account *accounts_get(struct accounts *accounts, enum half half, GError **error)
{
	enum devid_result result;

	if (accounts->of[half] != NULL)
		return accounts->of[half];
	result = devid_account_load(NULL, half == HALF_SYSTEM, &accounts->of[half]);
	if (result == DEVID_OK)
		return accounts->of[half];
	accounts->of[half] = NULL;
	devid_error_set(error, result, NULL, NULL, "account: %s", devid_reason_for(result)->cause);
	return NULL;
}

/* Turns a verdict that passed into a refusal. Its strings are free()d with it. */
static void refuse(struct devid_verdict *verdict, enum devid_result result, const char *reason,
		   const char *message, const char *hint)
{
	const struct devid_reason *row = devid_reason_find(reason);

	verdict->result = result;
	verdict->reason = row != NULL ? row->word : devid_reason_for(result)->word;
	free(verdict->message);
	free(verdict->hint);
	verdict->message = strdup(message);
	verdict->hint = strdup(hint);
}

struct devid_verdict *assess(const struct identity *identity, const struct devid_account *account,
			     GError **error)
{
	struct devid_verdict *verdict = NULL;
	enum devid_protection required = devid_account_require_protection(account);
	enum devid_result result =
		devid_check(account, identity == NULL ? NULL : identity->chain,
			    identity == NULL ? 0 : identity->chain_count, time(NULL), &verdict);

	if (result != DEVID_OK) {
		devid_error_set(error, result, NULL, NULL, "check: %s",
				devid_reason_for(result)->cause);
		return NULL;
	}
	if (verdict->result != DEVID_OK || identity == NULL)
		return verdict;
	if (!identity->foreign && !record_has_key(identity->record))
		refuse(verdict, DEVID_KEY_MISSING, "key-missing",
		       "the certificate is here and its private key is not",
		       "import it with its key: devid import-cert FILE.p12");
	else if (identity_protection(identity) < required)
		refuse(verdict, DEVID_BLOCKED, "protection",
		       required == DEVID_PROTECTION_HARDWARE
			       ? "the account asks for a key that nobody can copy"
			       : "the account asks for a key that its user can't copy",
		       required == DEVID_PROTECTION_HARDWARE
			       ? "import it to a hardware token: devid import-cert --store URI FILE"
			       : "import it for the machine: devid import-cert --system FILE, as root");
	return verdict;
}

static const struct {
	enum devid_result result;
	const char *word;
	enum colour colour;
} verdict_words[] = {
	{ DEVID_OK, "ok", COLOUR_GOOD },
	{ DEVID_NO_ACCOUNT, "no account", COLOUR_WARN },
	{ DEVID_BLOCKED, "blocked", COLOUR_BAD },
	{ DEVID_ACCOUNT_BROKEN, "account broken", COLOUR_BAD },
	{ DEVID_KEY_MISSING, "no key", COLOUR_BAD },
};

const char *verdict_word(const struct devid_verdict *verdict)
{
	for (size_t i = 0; i < G_N_ELEMENTS(verdict_words); i++)
		if (verdict_words[i].result == verdict->result)
			return verdict_words[i].word;
	return "failed";
}

enum colour verdict_colour(const struct devid_verdict *verdict)
{
	for (size_t i = 0; i < G_N_ELEMENTS(verdict_words); i++)
		if (verdict_words[i].result == verdict->result)
			return verdict_words[i].colour;
	return COLOUR_BAD;
}
