/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One call to the Secret Service, bounded, and its errors in our words. */
#include <string.h>
#include <unistd.h>
#include "base/error.h"
#include "keyring-error.h"
#include "keyring-private.h"

bool keyring_error_is(const GError *error, const char *name)
{
	g_autofree char *remote = NULL;

	if (!error)
		return false;
	remote = g_dbus_error_get_remote_error(error);
	return g_strcmp0(remote, name) == 0;
}

static const struct {
	const char *remote;
	enum devid_result result;
	const char *words;
	bool of_bus;
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
	{ "org.freedesktop.DBus.Error.Disconnected", DEVID_STORE_MISSING, "its bus went away",
	  true },
	{ "org.freedesktop.DBus.Error.Timeout", DEVID_STORE_TIMEOUT, "it did not answer in time" },
	{ "org.freedesktop.DBus.Error.TimedOut", DEVID_STORE_TIMEOUT, "it did not answer in time" },
	{ "org.freedesktop.DBus.Error.NoServer", DEVID_STORE_MISSING, "its bus can't be reached",
	  true },
};

static const struct {
	int code;
	enum devid_result result;
	const char *words;
	bool of_bus;
} local_errors[] = {
	{ G_IO_ERROR_TIMED_OUT, DEVID_STORE_TIMEOUT, "it did not answer in time" },
	{ G_IO_ERROR_CANCELLED, DEVID_STORE_TIMEOUT, "the client no longer waits" },
	{ G_IO_ERROR_CLOSED, DEVID_STORE_MISSING, "its bus went away", true },
	{ G_IO_ERROR_BROKEN_PIPE, DEVID_STORE_MISSING, "its bus went away", true },
	{ G_IO_ERROR_CONNECTION_REFUSED, DEVID_STORE_MISSING, "its bus can't be reached", true },
	{ G_IO_ERROR_NOT_FOUND, DEVID_STORE_MISSING, "its bus can't be reached", true },
	{ G_IO_ERROR_PERMISSION_DENIED, DEVID_STORE_MISSING, "its bus can't be reached", true },
};

/* Words of a service's own that say what is to be done to those who know it. */
static const struct {
	const char *theirs;
	enum devid_result result;
	const char *words, *hint;
} known_words[] = {
	/* kwalletd5, at the exchange of a session's key */
	{ "libqca", DEVID_STORE_MISSING, "KWallet lacks a part that enciphers what it hands over",
	  "install libqca-qt5-2-plugins, then log out and in again" },
};

/* An agent can be of a login that is over. */
void keyring_set_bus_error(GError **error, const char *words, const char *why)
{
	g_autofree char *hint = g_strdup_printf(
		"its agent may be of a login that is over; the next use of a key starts one of this "
		"login: kill %d",
		(int)getpid());

	devid_error_set(error, DEVID_STORE_MISSING, NULL, hint, "keyring: %s%s", words, why);
}

static bool is_known(const char *message, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(known_words); i++) {
		if (!strstr(message, known_words[i].theirs))
			continue;
		devid_error_set(error, known_words[i].result, NULL, known_words[i].hint,
				"keyring: %s", known_words[i].words);
		return true;
	}
	return false;
}

static void set_error(GError **error, enum devid_result result, const char *words, bool of_bus)
{
	if (of_bus)
		keyring_set_bus_error(error, words, "");
	else
		devid_error_set(error, result, NULL, NULL, "keyring: %s", words);
}

void keyring_propagate(GError **error, GError *from, const char *what)
{
	g_autoptr(GError) owned = from;
	g_autofree char *remote = g_dbus_error_get_remote_error(from);

	for (size_t i = 0; remote && i < G_N_ELEMENTS(remote_errors); i++) {
		if (!g_str_equal(remote, remote_errors[i].remote))
			continue;
		set_error(error, remote_errors[i].result, remote_errors[i].words,
			  remote_errors[i].of_bus);
		return;
	}
	for (size_t i = 0; !remote && i < G_N_ELEMENTS(local_errors); i++) {
		if (!g_error_matches(from, G_IO_ERROR, local_errors[i].code))
			continue;
		set_error(error, local_errors[i].result, local_errors[i].words,
			  local_errors[i].of_bus);
		return;
	}
	g_dbus_error_strip_remote_error(from);
	if (is_known(from->message, error))
		return;
	/* The daemon's own words, whatever they are: one line of them. */
	from->message[strcspn(from->message, "\r\n")] = '\0';
	devid_error_set(error, DEVID_IO, NULL, KEYRING_IO_HINT, "keyring: %s: %s", what,
			from->message);
}
