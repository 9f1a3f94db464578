/* Which identity the words of a command name. */

#include "base/error.h"
#include "choose.h"
#include "foreign.h"
#include "front.h"
#include "list.h"
#include "selection.h"
#include "token-uri.h"
#include "uri.h"
#include "verdict.h"

gboolean choose_load(struct choice *choice, GError **error)
{
	bool both = choice->user == choice->system;

	choice->list = identity_list_load(both || choice->user, both || choice->system, error);
	if (choice->list && choice->authorities)
		(void)identity_list_add_authorities(choice->list);
	return choice->list != NULL;
}

void choice_clear(struct choice *choice)
{
	identity_list_free(choice->list);
	choice->list = NULL;
}

/* Where several could be meant and none is named: the one that a connection would use. */
static const struct identity *choose_unnamed(struct choice *choice, GError **error)
{
	AUTO_ACCOUNTS struct accounts accounts = { { NULL } };
	const struct identity *identity;

	if (identity_list_count(choice->list) < 2)
		return identity_list_find(choice->list, NULL, error);
	if (!selection_choose(choice->list, choice->system && !choice->user, NULL, &accounts,
			      &identity, error))
		return NULL;
	if (!identity)
		return identity_list_find(choice->list, NULL, error);
	front_hint("%s is chosen of %zu identities: devid list", identity->record->label,
		   identity_list_count(choice->list));
	return identity;
}

const struct identity *choose(struct choice *choice, const char *operand, GError **error)
{
	size_t own;

	if (!choice->list && !choose_load(choice, error))
		return NULL;
	own = identity_list_count(choice->list);
	if (!operand)
		return choose_unnamed(choice, error);
	if (!g_str_has_prefix(operand, "pkcs11:"))
		return identity_list_find(choice->list, operand, error);
	for (size_t i = 0; i < own; i++)
		if (identity_has_uri(identity_list_get(choice->list, i), operand))
			return identity_list_get(choice->list, i);
	if (!identity_list_add_foreign(choice->list, operand, error))
		return NULL;
	if (identity_list_count(choice->list) == own + 1)
		return identity_list_get(choice->list, own);
	if (identity_list_count(choice->list) == own)
		devid_error_set(
			error, DEVID_NOT_FOUND, NULL, "devid list URI shows what a token has",
			"%.*s: no device certificate there", token_uri_shown(operand), operand);
	else
		devid_error_set(error, DEVID_USAGE, NULL,
				"name one with object=LABEL: devid list URI",
				"%.*s: several certificates", token_uri_shown(operand), operand);
	return NULL;
}

const struct identity *choose_own(struct choice *choice, const char *operand, GError **error)
{
	const struct identity *identity = choose(choice, operand, error);

	if (!identity)
		return NULL;
	if (identity->foreign)
		return devid_error_null(error, DEVID_UNSUPPORTED, NULL,
					"use the token's own tools, as p11tool --delete",
					"%.*s: on a token that isn't devid's",
					token_uri_shown(operand), operand);
	for (size_t i = 0; i < identity_list_count(choice->list); i++) {
		const struct identity *other = identity_list_get(choice->list, i);

		if (other == identity || !identity_is_named(other, operand))
			continue;
		if (other->half != identity->half)
			devid_error_set(error, DEVID_USAGE, NULL, "add --user or --system",
					"%s: on both tokens", operand);
		else
			devid_error_set(error, DEVID_USAGE, NULL, "name it by its URI: devid list",
					"%s: two labels are printed so", operand);
		return NULL;
	}
	return identity;
}
