/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What NetworkManager answers and why its connections end, as tables: its words, and ours. */
#include <string.h>
#include <gio/gio.h>
#include <devid/reason.h>

#include "base/error.h"
#include "nm-words.h"
#include "nm.h"

/* The first row that the error's name ends with, and whose text it holds, decides. */
static const struct {
	const char *name;
	const char *text; /* NULL: any */
	const char *reason;
	const char *words; /* NULL: the reason's */
} answers[] = {
	{ "Error.NameHasNoOwner", NULL, "client-missing", "NetworkManager does not run" },
	{ "Error.ServiceUnknown", NULL, "client-missing", "NetworkManager does not run" },
	{ "Error.UnknownMethod", NULL, "client-missing",
	  "this NetworkManager is too old; version 1.16 is the first that will do" },
	{ "PermissionDenied", NULL, "root-needed",
	  "NetworkManager lets this user make no connection" },
	{ "Error.AccessDenied", NULL, "root-needed",
	  "NetworkManager lets this user make no connection" },
	{ "", "was not installed", "client-missing",
	  "NetworkManager's plugin for openconnect is not installed" },
	{ "", "source connection", "gateway-unreachable",
	  "NetworkManager has no network that the connection could go over" },
	{ "Error.NoReply", NULL, "timeout", "NetworkManager does not answer" },
	{ "Error.Timeout", NULL, "timeout", "NetworkManager does not answer" },
	{ "Error.TimedOut", NULL, "timeout", "NetworkManager does not answer" },
};

static GError *make(const char *gateway, const char *reason, const char *words, const char *detail)
{
	const struct devid_reason *row = devid_reason_find(reason);
	GError *error = NULL;

	if (!words)
		words = row->cause;
	if (detail && *detail != '\0')
		devid_error_set(&error, row->result, reason, NULL, "%s: %s (%s)", gateway, words,
				detail);
	else
		devid_error_set(&error, row->result, reason, NULL, "%s: %s", gateway, words);
	return error;
}

/* What is no answer: of the bus, or ours. */
static const struct {
	GIOErrorEnum code;
	const char *reason, *words;
} failures[] = {
	{ G_IO_ERROR_TIMED_OUT, "timeout", "NetworkManager does not answer" },
	{ G_IO_ERROR_CLOSED, "client-failed", "NetworkManager has ended" },
	{ G_IO_ERROR_NOT_CONNECTED, "client-missing", "NetworkManager can't be reached" },
};

static GError *from_answer(const char *gateway, const char *name, const GError *failure)
{
	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
		if (g_str_has_suffix(name, answers[i].name) &&
		    (!answers[i].text || strstr(failure->message, answers[i].text)))
			return make(gateway, answers[i].reason, answers[i].words, failure->message);
	return NULL;
}

GError *nm_error(const char *gateway, GError *failure)
{
	g_autofree char *name = g_dbus_error_get_remote_error(failure);
	GError *error = NULL;

	g_dbus_error_strip_remote_error(failure);
	if (name)
		error = from_answer(gateway, name, failure);
	for (size_t i = 0; !error && i < G_N_ELEMENTS(failures); i++)
		if (g_error_matches(failure, G_IO_ERROR, (gint)failures[i].code))
			error = make(gateway, failures[i].reason, failures[i].words,
				     failure->message);
	if (!error)
		error = make(gateway, "client-failed", "NetworkManager failed", failure->message);
	g_error_free(failure);
	return error;
}

/* By NMActiveConnectionStateReason. A tunnel that never stood has often no other reason than that
 * its client ended. */
static const struct {
	const char *reason, *words;
	bool vague;
} ends[] = {
	{ "client-failed", "the connection failed in NetworkManager; its log says why", true },
	{ "client-failed", "NetworkManager ended the connection without a reason", true },
	{ "not-connected", "the connection was ended in NetworkManager", false },
	{ "gateway-unreachable", "the network that the connection went over has gone", false },
	{ "session-ended", "the VPN client under NetworkManager has ended", true },
	{ "client-failed", "NetworkManager can't use the gateway's addresses", false },
	{ "gateway-unreachable", "the gateway did not answer NetworkManager in time", false },
	{ "client-failed", "NetworkManager's plugin for openconnect did not start in time", false },
	{ "client-missing", "NetworkManager's plugin for openconnect does not start", false },
	{ "client-failed", "NetworkManager asked for more than the sign-in brought", false },
	{ "session-ended", "the gateway did not take the sign-in's cookie", false },
	{ "not-connected", "the connection was removed in NetworkManager", false },
	{ "gateway-unreachable", "the network that the connection went over failed", false },
	{ "client-failed", "NetworkManager could not make the tunnel's device", false },
	{ "client-failed", "the tunnel's device has gone", false },
};

GError *nm_ended_error(const char *gateway, guint reason, bool stood)
{
	if (reason >= G_N_ELEMENTS(ends))
		reason = NM_REASON_UNKNOWN;
	if (ends[reason].vague && !stood)
		return make(gateway, "client-failed",
			    "openconnect under NetworkManager made no tunnel; NetworkManager's log "
			    "says why",
			    NULL);
	return make(gateway, ends[reason].reason, ends[reason].words, NULL);
}
