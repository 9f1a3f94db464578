/* What several examinations of `devid doctor` ask for: identities, accounts, which identity is meant. */
#include <stdlib.h>
#include <string.h>

#include "doctor-run.h"
#include "selection.h"

const struct identity_list *doctor_identities(struct doctor *doctor)
{
	g_autoptr(GError) error = NULL;

	if (doctor->list == NULL)
		doctor->list = identity_list_load(true, true, &error);
	if (doctor->list == NULL)
		doctor_tell(doctor, OUTCOME_FAIL, devid_error_hint(error), "%s", error->message);
	return doctor->list;
}

struct devid_account *doctor_account(struct doctor *doctor, enum half half)
{
	struct devid_account *account = accounts_get(&doctor->accounts, half, NULL);

	if (account == NULL)
		abort(); /* no memory: the collector tells of it */
	return account;
}

const struct identity *doctor_chosen(struct doctor *doctor)
{
	const struct identity_list *list = doctor_identities(doctor);
	const struct selection_gateway any = { NULL, 0 };
	size_t chosen;

	if (list == NULL)
		return NULL;
	if (identity_list_count(list) == 1)
		return identity_list_get(list, 0);
	chosen = selection_choose(list, false, &any, &doctor->accounts, NULL);
	return chosen == SELECTION_NONE ? NULL : identity_list_get(list, chosen);
}

enum outcome doctor_gravity(struct doctor *doctor, const struct identity *identity)
{
	const struct identity *chosen = doctor_chosen(doctor);

	return chosen == NULL || chosen == identity ? OUTCOME_FAIL : OUTCOME_WARN;
}

const char *doctor_identity_name(const struct identity *identity)
{
	g_autofree char *name = g_strdup_printf("%s (system)", identity->record->label);

	return identity->half == HALF_SYSTEM ? g_intern_string(name) : identity->record->label;
}

bool doctor_has_identity(struct doctor *doctor, enum half half, const char *store)
{
	const struct identity_list *list = doctor_identities(doctor);

	for (size_t i = 0; list != NULL && i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);

		if (identity->half == half &&
		    (store == NULL || strcmp(identity->record->store, store) == 0))
			return true;
	}
	return false;
}

char *doctor_path(const char *path)
{
	const char *root = secure_getenv("DEVID_TEST_ROOT");

	return g_strconcat(root != NULL ? root : "", path, NULL);
}

struct bound {
	GCancellable *cancel;
	guint milliseconds;
};

static void *cancel_later(void *data)
{
	const struct bound *bound = data;

	g_usleep((gulong)bound->milliseconds * 1000);
	g_cancellable_cancel(bound->cancel);
	return NULL;
}

GCancellable *doctor_bound(guint milliseconds)
{
	struct bound *bound = g_new(struct bound, 1);

	bound->cancel = g_cancellable_new();
	bound->milliseconds = milliseconds;
	g_thread_unref(g_thread_new("bound", cancel_later, bound));
	return bound->cancel;
}
