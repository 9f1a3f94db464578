/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call to the Secret Service, within the bound of its request. */
#include "base/error.h"
#include "keyring-bound.h"
#include "keyring-call.h"
#include "keyring-error.h"
#include "keyring-link.h"
#include "keyring-private.h"

GVariant *keyring_call(struct keyring_link *link, struct keyring_bound *bound, const char *path,
		       const char *interface, const char *method, GVariant *parameters,
		       const char *reply_type, GError **error)
{
	g_autoptr(GVariant) owned = parameters ? g_variant_ref_sink(parameters) : NULL;
	g_autoptr(GError) local = NULL;
	GVariant *reply;

	if (!keyring_bound_holds(bound, error))
		return NULL;
	reply = g_dbus_connection_call_sync(
		keyring_link_connection(link), SERVICE_NAME, path, interface, method, parameters,
		reply_type ? G_VARIANT_TYPE(reply_type) : NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
		keyring_bound_left_ms(bound), keyring_bound_cancel(bound), &local);
	if (reply)
		return reply;
	/* What hangs is left alone: the next request begins with a new connection. */
	if (g_error_matches(local, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
		keyring_link_retire(link);
	keyring_propagate(error, g_steal_pointer(&local), method);
	if (error && devid_error_result(*error) == DEVID_STORE_MISSING)
		keyring_link_retire(link);
	return NULL;
}
