/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a connection: its supervisor's, which ends the client. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include "base/error.h"
#include "command/cli/report.h"
#include "connection-end.h"
#include "connection-state.h"

/* The client has ten seconds to end by itself. */
#define PATIENCE_MS 15000
#define FIRM_MS	    5000

static bool has_gone(int supervisor, int bound_ms)
{
	struct pollfd entry = { .fd = supervisor, .events = POLLIN };

	return poll(&entry, 1, bound_ms) > 0;
}

gboolean connection_end(const struct connection_state *state, GError **error)
{
	AUTO_CLOSE int supervisor = connection_state_supervisor(state);

	if (supervisor < 0) {
		connection_state_remove(state->name);
		return TRUE;
	}
	if (syscall(SYS_pidfd_send_signal, supervisor, SIGTERM, NULL, 0) < 0 && errno != ESRCH)
		return devid_error_set(error, DEVID_DENIED, NULL,
				       "who made it can end it, and root", "%s: %s", state->name,
				       g_strerror(errno));
	if (has_gone(supervisor, PATIENCE_MS))
		return TRUE;
	syscall(SYS_pidfd_send_signal, supervisor, SIGKILL, NULL, 0);
	if (!has_gone(supervisor, FIRM_MS))
		return devid_error_set(error, DEVID_TIMEOUT, NULL, NULL, "%s: it does not end",
				       state->name);
	connection_state_remove(state->name);
	report_warning("%s: it did not end by itself, and was ended", state->name);
	return TRUE;
}
