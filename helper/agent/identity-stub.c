/* Stands in for identity.c until that is there: every write is refused. */
#include "../account/error.h"
#include "identity.h"

static gboolean refuse(GError **error)
{
	devid_error_set(error, DEVID_UNSUPPORTED, NULL, NULL, "identity: writing is not built in");
	return FALSE;
}

void identity_result_clear(struct identity_result *result)
{
	(void)result;
}

gboolean identity_import(const struct identity_import *import, const struct store_wait *wait,
			 struct identity_result *result, struct identity_undo **undo,
			 GError **error)
{
	(void)import, (void)wait, (void)result, (void)undo;
	return refuse(error);
}

gboolean identity_keep(struct identity_undo *undo, const struct store_wait *wait,
		       GPtrArray *warnings, GError **error)
{
	(void)undo, (void)wait, (void)warnings;
	return refuse(error);
}

gboolean identity_undo(struct identity_undo *undo, const struct store_wait *wait, GError **error)
{
	(void)undo, (void)wait;
	return refuse(error);
}

gboolean identity_write(enum half half, const struct wire_frame *request,
			const struct devid_account *account, const struct store_wait *wait,
			struct identity_result *result, GError **error)
{
	(void)half, (void)request, (void)account, (void)wait, (void)result;
	return refuse(error);
}

gboolean identity_remove(enum half half, const char *name, guint32 object,
			 const struct store_wait *wait, GPtrArray *warnings, GError **error)
{
	(void)half, (void)name, (void)object, (void)wait, (void)warnings;
	return refuse(error);
}

gboolean identity_rename(enum half half, const char *name, const char *new_label, GBytes *new_id,
			 const struct store_wait *wait, GError **error)
{
	(void)half, (void)name, (void)new_label, (void)new_id, (void)wait;
	return refuse(error);
}
