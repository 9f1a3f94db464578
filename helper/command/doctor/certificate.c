/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The identities' certificates: sizes, chains, dates. */
#include <string.h>
#include <devid/limits.h>

#include "account/remark.h"
#include "base/certificate.h"
#include "base/moment.h"
#include "identity/describe.h"
#include "identity/list.h"
#include "identity/verdict.h"
#include "support.h"

/* Calls `look` with each identity that has a certificate. */
static void for_each(struct doctor *doctor,
		     void (*look)(struct doctor *doctor, const struct identity *identity))
{
	const struct identity_list *list = doctor_identities(doctor);

	for (size_t i = 0; list && i < identity_list_count(list); i++)
		if (identity_list_get(list, i)->chain_count > 0)
			look(doctor, identity_list_get(list, i));
}

static void look_at_size(struct doctor *doctor, const struct identity *identity)
{
	const struct devid_account *account = doctor_account(doctor, identity->scope);
	g_autofree char *words = describe_size(identity->chain[0], account);
	const char *name = doctor_identity_name(identity);
	struct devid_size size;
	bool acceptable;

	if (devid_device_size(account, certificate_der_size(identity->chain[0]), &size,
			      &acceptable) == DEVID_OK)
		doctor_tell(doctor, OUTCOME_PASS, NULL, "%s: %s", name, words);
	else if (acceptable && identity->record->size_accepted)
		doctor_tell(doctor, OUTCOME_WARN,
			    "where a gateway counts it as PEM it may be refused there",
			    "%s: over the limit, taken with --accept-size: %s", name, words);
	else
		doctor_tell(doctor, doctor_gravity(doctor, identity),
			    devid_reason_find("device-too-large")->hint, "%s: over the limit: %s",
			    name, words);
}

void doctor_size(struct doctor *doctor)
{
	for_each(doctor, look_at_size);
}

/* --- chain -------------------------------------------------------------------------------- */

static time_t within(time_t at, gnutls_x509_crt_t certificate)
{
	time_t begins = gnutls_x509_crt_get_activation_time(certificate);
	time_t ends = gnutls_x509_crt_get_expiration_time(certificate);

	return at < begins ? begins : at > ends ? ends : at;
}

/* One that passes, and what gateways may say against it all the same. */
static void tell_remarks(struct doctor *doctor, const struct identity *identity,
			 const struct devid_account *account, const struct devid_verdict *verdict)
{
	g_autoptr(GPtrArray) remarks = remark_find(account, identity->chain, identity->chain_count);
	const char *name = doctor_identity_name(identity);

	if (remarks->len == 0)
		doctor_tell(doctor, OUTCOME_PASS, NULL,
			    "%s: accepted through signing certificate %s", name,
			    !verdict->signing_name ? "?" : verdict->signing_name);
	for (guint i = 0; i < remarks->len; i++) {
		const struct remark *remark = remarks->pdata[i];

		doctor_tell(doctor, OUTCOME_WARN, remark->reason->hint, "%s: %s", name,
			    remark->message);
	}
}

/* Without the leaf's own dates, which are told by themselves, and the key's presence. */
static void look_at_chain(struct doctor *doctor, const struct identity *identity)
{
	const struct devid_account *account = doctor_account(doctor, identity->scope);
	const char *name = doctor_identity_name(identity);
	g_autoptr(devid_verdict) verdict = NULL, whole = NULL;
	const struct devid_verdict *told;

	if (devid_account_state(account) != DEVID_ACCOUNT_READY) {
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "%s: %s", name, doctor_no_account(account));
		return;
	}
	whole = verdict_assess(identity, account, NULL);
	if (!whole || devid_check(account, identity->chain, identity->chain_count,
				  within(time(NULL), identity->chain[0]), &verdict) != DEVID_OK)
		return;
	told = verdict->result == DEVID_OK && strcmp(whole->reason, "protection") == 0 ? whole
										       : verdict;
	if (told->result == DEVID_OK)
		tell_remarks(doctor, identity, account, told);
	else
		doctor_tell(doctor, doctor_gravity(doctor, identity), told->hint, "%s: %s", name,
			    told->message);
}

void doctor_chain(struct doctor *doctor)
{
	for_each(doctor, look_at_chain);
}

/* --- dates -------------------------------------------------------------------------------- */

static void look_at_dates(struct doctor *doctor, const struct identity *identity)
{
	time_t now = time(NULL);
	time_t begins = gnutls_x509_crt_get_activation_time(identity->chain[0]);
	time_t ends = gnutls_x509_crt_get_expiration_time(identity->chain[0]);
	g_autofree char *days = moment_days(ends, now), *since = moment_utc(begins);
	const char *name = doctor_identity_name(identity);

	if (now < begins)
		doctor_tell(doctor, doctor_gravity(doctor, identity),
			    devid_reason_find("not-yet-valid")->hint, "%s: not valid before %s",
			    name, since);
	else if (now > ends)
		doctor_tell(doctor, doctor_gravity(doctor, identity),
			    devid_reason_find("expired")->hint, "%s: %s", name, days);
	else if (describe_ends_soon(ends, now, doctor_account(doctor, identity->scope)))
		doctor_tell(doctor, OUTCOME_WARN, devid_reason_find("expires-soon")->hint, "%s: %s",
			    name, days);
	else
		doctor_tell(doctor, OUTCOME_PASS, NULL, "%s: %s", name, days);
}

void doctor_dates(struct doctor *doctor)
{
	for_each(doctor, look_at_dates);
}
