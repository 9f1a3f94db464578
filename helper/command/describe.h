/* What a person, or a program with --json, wants to know of a certificate or an identity. */
#ifndef COMMAND_DESCRIBE_H
#define COMMAND_DESCRIBE_H

#include <time.h>
#include "command.h"

/* Each newly allocated, never NULL: g_free(). */
char *describe_subject(gnutls_x509_crt_t certificate);
char *describe_issuer(gnutls_x509_crt_t certificate);
char *describe_key(gnutls_x509_crt_t certificate); /* "RSA 2048", "EC P-256" */
char *describe_serial(gnutls_x509_crt_t certificate);
char *describe_fingerprint(gnutls_x509_crt_t certificate); /* SHA-256, lower-case hex */
char *describe_date(time_t when);			   /* "2027-11-22" */
char *describe_moment(time_t when);			   /* "2027-11-22T10:00:00Z" */
char *describe_days(time_t expires, time_t now); /* "365 days left", "expired 3 days ago" */
char *describe_size(gnutls_x509_crt_t certificate, const struct devid_account *account);
/* Whole days until then; negative where it is over. */
int days_left(time_t expires, time_t now);
/* Whether the account wants to be warned of that end: ExpiryWarning= days before, and after it. */
bool ends_soon(time_t expires, time_t now, const struct devid_account *account);
/* "signing certificate NAME: 5 days left", for each of those. */
void warn_of_signing(const struct devid_account *account);
size_t der_size(gnutls_x509_crt_t certificate);

/* Likewise, of the key of an identity that has no certificate. */
char *describe_lone_key(const struct identity *identity);

/* Who can copy the key: "user", "root", "nobody", "unknown"; NULL where there is none. */
const char *describe_copier(const struct identity *identity);
enum devid_protection identity_protection(const struct identity *identity);

/* Accounts of both halves, loaded when first asked for. */
struct accounts {
	struct devid_account *of[2]; /* by enum half */
};
#define AUTO_ACCOUNTS __attribute__((cleanup(accounts_clear)))
void accounts_clear(struct accounts *accounts);
/* NULL for no memory alone. */
struct devid_account *accounts_get(struct accounts *accounts, enum half half, GError **error);

/* The chain check, then what else the account asks of an identity: a key that is there, and one
 * that can't be copied by more people than it allows. `identity` NULL: there is none.
 */
struct devid_verdict *assess(const struct identity *identity, const struct devid_account *account,
			     GError **error);
typedef struct devid_verdict devid_verdict;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(devid_verdict, devid_verdict_free)
const char *verdict_word(const struct devid_verdict *verdict); /* "ok", "failed", "no account", … */
enum colour verdict_colour(const struct devid_verdict *verdict);

/* JSON: members of the object that is being built. NULL text is null. */
void json_text(JsonBuilder *builder, const char *name, const char *value);
void json_number(JsonBuilder *builder, const char *name, gint64 value);
void json_flag(JsonBuilder *builder, const char *name, gboolean value);
void json_certificate(JsonBuilder *builder, gnutls_x509_crt_t certificate);
void json_identity(JsonBuilder *builder, const struct identity *identity);
void json_verdict(JsonBuilder *builder, const char *name, const struct devid_verdict *verdict);
/* Ends the outermost object and prints it. */
void json_print(JsonBuilder *builder);

#endif
