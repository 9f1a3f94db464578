/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the examinations of `devid doctor` share: how they tell whoever collects what they found,
 * and what several of them ask for: identities, accounts, which identity is meant. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <internal/test-hook.h>
#include <devid/reason.h>

#include "base/error.h"
#include "base/text.h"
#include "identity/list.h"
#include "identity/choice.h"
#include "support.h"

/* --- telling ------------------------------------------------------------------------------- */

void doctor_send(struct doctor *doctor, JsonObject *object)
{
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
	g_autofree char *text = NULL;

	json_node_take_object(node, object);
	text = json_to_string(node, FALSE);
	fprintf(doctor->out, "%s\n", text);
	fflush(doctor->out);
}

/* How hints end for who is about to keep a key. One that is examined is kept already, and no advice
 * sends it to where it is kept worse.
 */
#define OTHER_STORE "or choose another store with --store"

static char *advice(const char *hint)
{
	const char *other = strstr(hint, OTHER_STORE);
	gsize length = other ? (gsize)(other - hint) : strlen(hint);

	while (length > 0 && strchr(" ,;", hint[length - 1]))
		length--;
	return g_strndup(hint, length);
}

void doctor_tell(struct doctor *doctor, enum outcome outcome, const char *hint, const char *format,
		 ...)
{
	JsonObject *object = json_object_new();
	g_autofree char *text = NULL, *safe = NULL, *kept = NULL, *safe_hint = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	safe = text_printable(text);
	json_object_set_int_member(object, "outcome", outcome);
	json_object_set_string_member(object, "text", safe);
	if (hint) {
		kept = advice(hint);
		safe_hint = text_printable(kept);
		json_object_set_string_member(object, "hint", safe_hint);
	}
	doctor_send(doctor, object);
	doctor->told = true;
}

void doctor_doing(struct doctor *doctor, const char *what)
{
	JsonObject *object = json_object_new();
	g_autofree char *safe = text_printable(what);

	json_object_set_string_member(object, "doing", safe);
	doctor_send(doctor, object);
}

void doctor_note(struct doctor *doctor, const char *name, const char *value)
{
	JsonObject *object = json_object_new();

	json_object_set_string_member(object, "note", name);
	json_object_set_string_member(object, "value", value);
	doctor_send(doctor, object);
	g_hash_table_replace(doctor->notes, g_strdup(name), g_strdup(value));
}

const char *doctor_noted(const struct doctor *doctor, const char *name)
{
	return g_hash_table_lookup(doctor->notes, name);
}

/* --- asking -------------------------------------------------------------------------------- */

const struct identity_list *doctor_identities(struct doctor *doctor)
{
	g_autoptr(GError) error = NULL;

	if (!doctor->list)
		doctor->list = identity_list_load(true, true, &error);
	if (!doctor->list)
		doctor_tell(doctor, OUTCOME_FAIL, devid_error_hint(error), "%s", error->message);
	return doctor->list;
}

struct devid_account *doctor_account(struct doctor *doctor, enum scope scope)
{
	struct devid_account *account = verdict_accounts_get(&doctor->accounts, scope, NULL);

	if (!account)
		abort(); /* no memory: the collector tells of it */
	return account;
}

const char *doctor_no_account(const struct devid_account *account)
{
	return devid_account_state(account) == DEVID_ACCOUNT_NONE
		       ? devid_reason_for(DEVID_NO_ACCOUNT)->cause
		       : "the account is broken, which is told above";
}

const struct identity *doctor_chosen(struct doctor *doctor)
{
	const struct identity_list *list = doctor_identities(doctor);
	const struct identity *chosen;

	if (!list)
		return NULL;
	if (identity_list_count(list) == 1)
		return identity_list_get(list, 0);
	choice_make(list, false, NULL, &doctor->accounts, &chosen, NULL);
	return chosen;
}

enum outcome doctor_gravity(struct doctor *doctor, const struct identity *identity)
{
	const struct identity *chosen = doctor_chosen(doctor);

	return !chosen || chosen == identity ? OUTCOME_FAIL : OUTCOME_WARN;
}

const char *doctor_identity_name(const struct identity *identity)
{
	g_autofree char *name = g_strdup_printf("%s (system)", identity->record->label);

	return identity->scope == SCOPE_SYSTEM ? g_intern_string(name) : identity->record->label;
}

bool doctor_has_identity(struct doctor *doctor, enum scope scope, const char *store)
{
	const struct identity_list *list = doctor_identities(doctor);

	for (size_t i = 0; list && i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);

		if (identity->scope == scope &&
		    (!store || strcmp(identity->record->store, store) == 0))
			return true;
	}
	return false;
}

char *doctor_path(const char *path)
{
	return g_strconcat(test_hook_root(), path, NULL);
}
