/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which identity the words of a command name. */

#include "base/error.h"
#include "naming.h"
#include "foreign.h"
#include "front.h"
#include "list.h"
#include "choice.h"
#include "token-uri.h"
#include "uri.h"
#include "verdict.h"

bool naming_load(struct naming *naming, GError **error)
{
	bool both = naming->user == naming->system;

	naming->list = identity_list_load(both || naming->user, both || naming->system, error);
	if (naming->list && naming->authorities)
		(void)identity_list_add_authorities(naming->list);
	return naming->list != NULL;
}

void naming_clear(struct naming *naming)
{
	identity_list_free(naming->list);
	naming->list = NULL;
}

/* Where several could be meant and none is named: the one that a connection would use. */
static const struct identity *choose_unnamed(struct naming *naming, GError **error)
{
	AUTO_ACCOUNTS struct accounts accounts = { { NULL } };
	const struct identity *identity;

	if (identity_list_count(naming->list) < 2)
		return identity_list_find(naming->list, NULL, error);
	if (!choice_make(naming->list, naming->system && !naming->user, NULL, &accounts, &identity,
			 error))
		return NULL;
	if (!identity)
		return identity_list_find(naming->list, NULL, error);
	front_hint("%s is chosen of %zu identities: devid list", identity->record->label,
		   identity_list_count(naming->list));
	return identity;
}

const struct identity *naming_identity(struct naming *naming, const char *operand, GError **error)
{
	size_t own;

	if (!naming->list && !naming_load(naming, error))
		return NULL;
	own = identity_list_count(naming->list);
	if (!operand)
		return choose_unnamed(naming, error);
	if (!g_str_has_prefix(operand, "pkcs11:"))
		return identity_list_find(naming->list, operand, error);
	for (size_t i = 0; i < own; i++)
		if (identity_has_uri(identity_list_get(naming->list, i), operand))
			return identity_list_get(naming->list, i);
	if (!identity_list_add_foreign(naming->list, operand, error))
		return NULL;
	if (identity_list_count(naming->list) == own + 1)
		return identity_list_get(naming->list, own);
	if (identity_list_count(naming->list) == own)
		devid_error_set(
			error, DEVID_NOT_FOUND, NULL, "devid list URI shows what a token has",
			"%.*s: no device certificate there", token_uri_shown(operand), operand);
	else
		devid_error_set(error, DEVID_USAGE, NULL,
				"name one with object=LABEL: devid list URI",
				"%.*s: several certificates", token_uri_shown(operand), operand);
	return NULL;
}

const struct identity *naming_own(struct naming *naming, const char *operand, GError **error)
{
	const struct identity *identity = naming_identity(naming, operand, error);

	if (!identity)
		return NULL;
	if (identity->foreign)
		return devid_error_null(error, DEVID_UNSUPPORTED, NULL,
					"use the token's own tools, as p11tool --delete",
					"%.*s: on a token that isn't devid's",
					token_uri_shown(operand), operand);
	for (size_t i = 0; i < identity_list_count(naming->list); i++) {
		const struct identity *other = identity_list_get(naming->list, i);

		if (other == identity || !identity_is_named(other, operand))
			continue;
		if (other->scope != identity->scope)
			devid_error_set(error, DEVID_USAGE, NULL, "add --user or --system",
					"%s: on both tokens", operand);
		else
			devid_error_set(error, DEVID_USAGE, NULL, "name it by its URI: devid list",
					"%s: two labels are printed so", operand);
		return NULL;
	}
	return identity;
}
