/* What NetworkManager answers and why its connections end, as tables: its words, and ours. */
#include <string.h>

#include "command.h"
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

	if (words == NULL)
		words = row->cause;
	if (detail != NULL && *detail != '\0')
		devid_error_set(&error, row->result, reason, NULL, "%s: %s (%s)", gateway, words,
				detail);
	else
		devid_error_set(&error, row->result, reason, NULL, "%s: %s", gateway, words);
	return error;
}

GError *nm_error(const char *gateway, GError *failure)
{
	g_autofree char *name = g_dbus_error_get_remote_error(failure);
	bool late = g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
	const char *reason = late ? "timeout" : "client-failed";
	const char *words = late ? "NetworkManager does not answer" : "NetworkManager failed";
	GError *error;

	g_dbus_error_strip_remote_error(failure);
	for (size_t i = 0; name != NULL && i < G_N_ELEMENTS(answers); i++) {
		if (!g_str_has_suffix(name, answers[i].name) ||
		    (answers[i].text != NULL && strstr(failure->message, answers[i].text) == NULL))
			continue;
		reason = answers[i].reason;
		words = answers[i].words;
		break;
	}
	error = make(gateway, reason, words, failure->message);
	g_error_free(failure);
	return error;
}

/* By NMActiveConnectionStateReason. */
static const struct {
	const char *reason, *words;
} ends[] = {
	{ "client-failed", "the connection failed in NetworkManager; its log says why" },
	{ "client-failed", "NetworkManager ended the connection without a reason" },
	{ "not-connected", "the connection was ended in NetworkManager" },
	{ "gateway-unreachable", "the network that the connection went over has gone" },
	{ "session-ended", "the VPN client under NetworkManager has ended" },
	{ "client-failed", "the gateway's addresses are of no use to NetworkManager" },
	{ "gateway-unreachable", "the gateway did not answer NetworkManager in time" },
	{ "client-failed", "NetworkManager's plugin for openconnect did not start in time" },
	{ "client-missing", "NetworkManager's plugin for openconnect does not start" },
	{ "client-failed", "NetworkManager asked for more than the sign-in brought" },
	{ "session-ended", "the gateway did not take the sign-in's cookie" },
	{ "not-connected", "the connection was removed in NetworkManager" },
	{ "gateway-unreachable", "the network that the connection went over failed" },
	{ "client-failed", "NetworkManager could not make the tunnel's device" },
	{ "client-failed", "the tunnel's device has gone" },
};

GError *nm_ended_error(const char *gateway, guint reason)
{
	if (reason >= G_N_ELEMENTS(ends))
		reason = NM_REASON_UNKNOWN;
	return make(gateway, ends[reason].reason, ends[reason].words, NULL);
}
