/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which identity is used where several could be: the one that was named, then one that the account
 * accepts, then the one that this gateway took last, then the one that ends last, then the
 * account's DefaultLabel=, then the first of the list.
 */
#include <string.h>

#include "base/text.h"
#include "list.h"
#include "choice-store.h"
#include "choice.h"
#include "verdict.h"

/* By the facts in their order, of which the greater is the better. */
static bool is_better(const struct choice_facts *one, const struct choice_facts *other)
{
	const gint64 differences[] = {
		one->named - other->named,     one->accepted - other->accepted,
		one->valid - other->valid,     one->used_last - other->used_last,
		one->expires - other->expires, one->wished - other->wished,
	};

	for (size_t i = 0; i < G_N_ELEMENTS(differences); i++)
		if (differences[i] != 0)
			return differences[i] > 0;
	return false;
}

size_t choice_best(const struct choice_facts *facts, size_t count)
{
	size_t best = CHOICE_NONE;

	for (size_t i = 0; i < count; i++)
		if (facts[i].candidate &&
		    (best == CHOICE_NONE || is_better(&facts[i], &facts[best])))
			best = i;
	return best;
}

char *choice_key(const struct identity *identity)
{
	guint8 hash[CHOICE_KEY_LENGTH / 2];
	size_t size = sizeof(hash);

	if (identity->chain_count == 0 ||
	    gnutls_x509_crt_get_key_id(identity->chain[0], GNUTLS_KEYID_USE_SHA256, hash, &size) <
		    0 ||
	    size != sizeof(hash))
		return NULL;
	return text_hex(hash, size);
}

bool choice_is_meant(const struct identity_list *list, bool system, const struct identity *identity)
{
	return system || identity->scope == SCOPE_USER ||
	       identity_list_get(list, 0)->scope == SCOPE_SYSTEM;
}

struct choice_facts choice_find_out(const struct identity *identity,
				    const struct devid_account *account,
				    const struct devid_verdict *verdict, const char *remembered)
{
	struct choice_facts facts = { .candidate = identity->chain_count > 0 };
	g_autofree char *key = choice_key(identity);
	const char *wish = devid_account_default_label(account);
	time_t now = time(NULL), from;

	if (!facts.candidate)
		return facts;
	from = gnutls_x509_crt_get_activation_time(identity->chain[0]);
	facts.expires = gnutls_x509_crt_get_expiration_time(identity->chain[0]);
	facts.accepted = verdict->result == DEVID_OK;
	facts.valid = from <= now && now <= facts.expires &&
		      (identity->foreign || record_has_key(identity->record));
	facts.used_last = g_strcmp0(key, remembered) == 0 && key;
	facts.wished = wish && strcmp(wish, identity->record->label) == 0;
	return facts;
}

bool choice_make(const struct identity_list *list, bool system,
		 const struct choice_gateway *gateway, struct accounts *accounts,
		 const struct identity **chosen, GError **error)
{
	static const struct choice_gateway any = { NULL, 0 };
	size_t count = identity_list_count(list);
	g_autofree struct choice_facts *facts = g_new0(struct choice_facts, count + 1);
	g_autofree char *remembered = count > 1 ? choice_recall(gateway ? gateway : &any) : NULL;
	size_t best;

	*chosen = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct identity *identity = identity_list_get(list, i);
		const struct devid_account *account;
		g_autoptr(devid_verdict) verdict = NULL;

		if (!choice_is_meant(list, system, identity))
			continue;
		account = verdict_accounts_get(accounts, identity->scope, error);
		verdict = !account ? NULL : verdict_assess(identity, account, error);
		if (!verdict)
			return false;
		facts[i] = choice_find_out(identity, account, verdict, remembered);
	}
	best = choice_best(facts, count);
	if (best != CHOICE_NONE)
		*chosen = identity_list_get(list, best);
	return true;
}
