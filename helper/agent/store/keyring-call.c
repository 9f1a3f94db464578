/* One call to the Secret Service, bounded, and its errors in our words. */
#include <string.h>
#include "helper/account/error.h"
#include "keyring-private.h"

gboolean keyring_error_is(const GError *error, const char *name)
{
	g_autofree char *remote = NULL;

	if (!error)
		return FALSE;
	remote = g_dbus_error_get_remote_error(error);
	return g_strcmp0(remote, name) == 0;
}

static const struct {
	const char *remote;
	enum devid_result result;
	const char *words;
} remote_errors[] = {
	{ "org.freedesktop.Secret.Error.IsLocked", DEVID_STORE_LOCKED, "it is locked" },
	{ "org.freedesktop.Secret.Error.NoSuchObject", DEVID_KEY_MISSING, "it has no such key" },
	{ "org.freedesktop.DBus.Error.UnknownObject", DEVID_KEY_MISSING, "it has no such key" },
	{ "org.freedesktop.Secret.Error.NoSession", DEVID_STORE_MISSING, "it was started anew" },
	{ "org.freedesktop.DBus.Error.ServiceUnknown", DEVID_STORE_MISSING,
	  "its daemon does not run" },
	{ "org.freedesktop.DBus.Error.NameHasNoOwner", DEVID_STORE_MISSING,
	  "its daemon does not run" },
	{ "org.freedesktop.DBus.Error.NoReply", DEVID_STORE_MISSING, "its daemon went away" },
	{ "org.freedesktop.DBus.Error.Disconnected", DEVID_STORE_MISSING, "its bus went away" },
	{ "org.freedesktop.DBus.Error.Timeout", DEVID_STORE_TIMEOUT, "it did not answer in time" },
	{ "org.freedesktop.DBus.Error.TimedOut", DEVID_STORE_TIMEOUT, "it did not answer in time" },
	{ "org.freedesktop.DBus.Error.NoServer", DEVID_STORE_MISSING, "its bus can't be reached" },
};

static const struct {
	int code;
	enum devid_result result;
	const char *words;
} local_errors[] = {
	{ G_IO_ERROR_TIMED_OUT, DEVID_STORE_TIMEOUT, "it did not answer in time" },
	{ G_IO_ERROR_CANCELLED, DEVID_STORE_TIMEOUT, "the client no longer waits" },
	{ G_IO_ERROR_CLOSED, DEVID_STORE_MISSING, "its bus went away" },
	{ G_IO_ERROR_BROKEN_PIPE, DEVID_STORE_MISSING, "its bus went away" },
	{ G_IO_ERROR_CONNECTION_REFUSED, DEVID_STORE_MISSING, "its bus can't be reached" },
	{ G_IO_ERROR_NOT_FOUND, DEVID_STORE_MISSING, "its bus can't be reached" },
	{ G_IO_ERROR_PERMISSION_DENIED, DEVID_STORE_MISSING, "its bus can't be reached" },
};

void keyring_propagate(GError **error, GError *from, const char *what)
{
	g_autoptr(GError) owned = from;
	g_autofree char *remote = g_dbus_error_get_remote_error(from);

	for (size_t i = 0; remote && i < G_N_ELEMENTS(remote_errors); i++) {
		if (!g_str_equal(remote, remote_errors[i].remote))
			continue;
		devid_error_set(error, remote_errors[i].result, NULL, NULL, "keyring: %s",
				remote_errors[i].words);
		return;
	}
	for (size_t i = 0; !remote && i < G_N_ELEMENTS(local_errors); i++) {
		if (!g_error_matches(from, G_IO_ERROR, local_errors[i].code))
			continue;
		devid_error_set(error, local_errors[i].result, NULL, NULL, "keyring: %s",
				local_errors[i].words);
		return;
	}
	g_dbus_error_strip_remote_error(from);
	/* The daemon's own words, whatever they are: one line of them. */
	from->message[strcspn(from->message, "\r\n")] = '\0';
	devid_error_set(error, DEVID_IO, NULL, NULL, "keyring: %s: %s", what, from->message);
}

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
