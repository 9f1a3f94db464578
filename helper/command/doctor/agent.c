/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agents: whether they can be reached, and by whom; their sockets' folders and units. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/trust.h>
#include <devid/account.h>
#include <devid/reason.h>
#include <devid/result.h>
#include <internal/client.h>

#include "base/json-value.h"
#include "identity/agent-look.h"
#include "support.h"

/* Who listens there, be it an agent or not; 0: nobody. */
static pid_t listener_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred peer = { 0 };
	socklen_t length = sizeof(peer);

	if (fd < 0 ||
	    g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path))
		return 0;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return 0;
	return peer.pid;
}

static pid_t find_listener(enum scope scope)
{
	char path[PATH_BUFFER];

	return path_socket(scope, path) ? listener_at(path) : 0;
}

/* Files alone: asking systemd would need its bus. */
static bool unit_enabled(enum scope scope, const char *wanted)
{
	g_autofree char *own = g_build_filename(g_get_user_config_dir(), "systemd/user", NULL);
	const char *const user[] = { own, "/etc/systemd/user", "/run/systemd/user", NULL };
	const char *const system[] = { "/etc/systemd/system", "/run/systemd/system", NULL };

	for (const char *const *folders = scope == SCOPE_USER ? user : system; *folders != NULL;
	     folders++) {
		g_autofree char *path = g_build_filename(*folders, wanted, NULL);
		g_autofree char *below = doctor_path(path);
		struct stat status;

		if (lstat(below, &status) == 0)
			return true;
	}
	return false;
}

static bool systemd_runs(void)
{
	g_autofree char *path = doctor_path("/run/systemd/system");

	return access(path, F_OK) == 0;
}

static const char *unit_words(enum scope scope)
{
	if (!systemd_runs())
		return "systemd does not run here";
	return unit_enabled(scope, "sockets.target.wants/devid-agent.socket")
		       ? "its socket unit is enabled"
		       : "its socket unit is not enabled";
}

/* The folder decides who could put a socket there (include/internal/client.h). */
static void tell_denied(struct doctor *doctor, enum scope scope)
{
	char folder[PATH_BUFFER];
	struct stat status;
	g_autofree char *hint = NULL;

	if (!path_runtime(scope, folder) || lstat(folder, &status) < 0)
		return; /* it went meanwhile */
	if (!S_ISDIR(status.st_mode)) {
		hint = g_strdup_printf("remove it: rm %s", folder);
		doctor_tell(doctor, OUTCOME_FAIL, hint, "%s, for the socket, is no folder", folder);
	} else if (scope == SCOPE_USER &&
		   (status.st_uid != geteuid() || (status.st_mode & 077) != 0)) {
		hint = g_strdup_printf("as its owner has to be you: chown %u %s && chmod 700 %s",
				       geteuid(), folder, folder);
		doctor_tell(doctor, OUTCOME_FAIL, hint,
			    "%s, the socket's folder, is user %u's with mode %04o: it has to be "
			    "yours alone",
			    folder, status.st_uid, status.st_mode & 07777);
	} else if (scope == SCOPE_SYSTEM && (status.st_mode & 022) != 0) {
		hint = g_strdup_printf("chmod 755 %s", folder);
		doctor_tell(doctor, OUTCOME_FAIL, hint,
			    "%s, the socket's folder, can be written by others (mode %04o)", folder,
			    status.st_mode & 07777);
	} else {
		hint = g_strdup_printf("see who it is: ps %d", find_listener(scope));
		doctor_tell(doctor, OUTCOME_FAIL, hint,
			    "what listens in %s is another user's process, not the agent", folder);
	}
}

static void tell_unreachable(struct doctor *doctor, enum scope scope, const struct agent_look *look)
{
	pid_t listener = find_listener(scope);
	g_autofree char *end = g_strdup_printf(
		"end it, a new one starts when it is needed: kill -KILL %d", listener);

	if (look->result == DEVID_DENIED)
		tell_denied(doctor, scope);
	else if (look->running || look->result == DEVID_TIMEOUT)
		doctor_tell(doctor, OUTCOME_FAIL, end,
			    "it listens (process %d) and does not answer", listener);
	else if (listener != 0)
		doctor_tell(doctor, OUTCOME_FAIL, end,
			    "what listens (process %d) is an agent of another version", listener);
	else if (access(path_agent(), X_OK) < 0)
		doctor_tell(doctor, OUTCOME_FAIL, DOCTOR_REINSTALL, "it can't be started: %s: %s",
			    path_agent(), g_strerror(errno));
	else
		doctor_tell(doctor, OUTCOME_FAIL, "its log says why: devid-agent, in the journal",
			    "it can't be started: %s%s%s", path_agent(), !look->problem ? "" : ": ",
			    !look->problem ? "" : look->problem);
}

/* Its view of the keyring, for which it may take its time: asked once. */
static void note_keyring(struct doctor *doctor, const struct agent_look *look)
{
	JsonObject *store = agent_status_store(look->status, "keyring");
	const char *state = json_value_text(store, "state"), *why = json_value_text(store, "why");
	g_autofree char *pid =
		g_strdup_printf("%" G_GINT64_FORMAT, json_value_number(look->status, "pid", 0));

	doctor_note(doctor, "agent", pid);
	if (state)
		doctor_note(doctor, "agent-keyring", state);
	if (why)
		doctor_note(doctor, "agent-keyring-why", why);
}

/* p11-kit's server, for those who have asked for it. */
static void look_at_server(struct doctor *doctor)
{
	g_autofree char *path =
		g_build_filename(g_get_user_runtime_dir(), "devid-p11-kit/pkcs11", NULL);

	if (systemd_runs() &&
	    unit_enabled(SCOPE_USER, "default.target.wants/devid-p11-kit.service") &&
	    listener_at(path) == 0)
		doctor_tell(doctor, OUTCOME_WARN,
			    "systemctl --user restart devid-p11-kit.service; "
			    "systemctl --user status devid-p11-kit.service says why it ended",
			    "the server for sandboxed programs is enabled and does not listen: %s",
			    path);
}

void doctor_agent(struct doctor *doctor)
{
	AUTO_AGENT_LOOK struct agent_look look = { .running = false };
	char socket_path[PATH_BUFFER];

	look_at_server(doctor);
	if (!path_socket(SCOPE_USER, socket_path)) {
		doctor_tell(doctor, OUTCOME_FAIL, "set XDG_RUNTIME_DIR or HOME",
			    "there is no folder for its socket, or the name is too long");
		return;
	}
	/* Not again what was silent a moment ago: it takes as long. */
	if (doctor_noted(doctor, "silent"))
		look.result = DEVID_TIMEOUT;
	else
		agent_look(SCOPE_USER, CLIENT_START, &look);
	if (look.result != DEVID_OK || !look.status) {
		tell_unreachable(doctor, SCOPE_USER, &look);
		return;
	}
	note_keyring(doctor, &look);
	doctor_tell(doctor, OUTCOME_PASS, NULL, "it answers (process %" G_GINT64_FORMAT "%s); %s",
		    json_value_number(look.status, "pid", 0),
		    doctor_noted(doctor, "ran") ? ""
						: ", started by this question: it leaves by itself",
		    unit_words(SCOPE_USER));
}

/* --- the machine's ------------------------------------------------------------------------ */

static void tell_not_running(struct doctor *doctor, bool needed)
{
	if (systemd_runs())
		doctor_tell(doctor, needed ? OUTCOME_FAIL : OUTCOME_WARN,
			    unit_enabled(SCOPE_SYSTEM, "sockets.target.wants/devid-agent.socket")
				    ? "as root: systemctl start devid-agent.socket"
				    : "as root: systemctl enable --now devid-agent.socket",
			    "nothing listens for the machine's identities (%s)",
			    unit_words(SCOPE_SYSTEM));
	else
		doctor_tell(doctor, needed ? OUTCOME_FAIL : OUTCOME_WARN,
			    "as root: devid-agent --system --idle-timeout 0, from your init",
			    "nothing listens for the machine's identities");
}

/* Whether this user is one of those for whom it signs. Who has an identity of his own does
 * without. */
static void tell_may_use(struct doctor *doctor, bool own)
{
	const struct devid_account *account = doctor_account(doctor, SCOPE_SYSTEM);

	/* Who may is not known then: it is the account that has to be mended. */
	if (devid_account_state(account) == DEVID_ACCOUNT_UNUSABLE)
		doctor_tell(doctor, OUTCOME_SKIP, NULL,
			    "who may use the machine's identities can't be told: %s",
			    doctor_no_account(account));
	else if (devid_account_may_use_system(account, geteuid(), getegid()))
		doctor_tell(doctor, OUTCOME_PASS, NULL, "you may use the machine's identities");
	else
		doctor_tell(doctor, own ? OUTCOME_PASS : OUTCOME_FAIL,
			    own ? NULL : devid_reason_find("system-user")->hint,
			    "you may not use the machine's identities%s",
			    own ? "; you have your own" : "");
}

/* The agent runs as another user and in a sandbox: what it can't read of the account refuses,
 * whatever root reads. */
static void compare_accounts(struct doctor *doctor, const struct agent_look *look)
{
	const struct devid_account *account = doctor_account(doctor, SCOPE_SYSTEM);
	JsonObject *seen = json_value_object(look->status, "account");
	const char *state = json_value_text(seen, "state"),
		   *problem = json_value_text(seen, "problem");
	g_autofree char *hint = NULL;

	if (devid_account_state(account) == DEVID_ACCOUNT_READY && g_strcmp0(state, "broken") == 0)
		doctor_tell(
			doctor, OUTCOME_FAIL,
			"everything that the account names has to be readable by the user devid "
			"and lie where its unit doesn't hide it (not in /tmp)",
			"the machine's agent can't use the account: %s",
			!problem ? "it doesn't say why" : problem);
	if (!json_value_flag(seen, "gone"))
		return;
	hint = g_strdup_printf("if it was taken away for good, end the agent, the next use starts "
			       "one anew; as root: kill %" G_GINT64_FORMAT,
			       json_value_number(look->status, "pid", 0));
	doctor_tell(doctor, OUTCOME_WARN, hint,
		    "the account is gone, and the machine's agent goes on with what it knew of it");
}

void doctor_system(struct doctor *doctor)
{
	AUTO_AGENT_LOOK struct agent_look look = { .running = false };
	bool own = doctor_has_identity(doctor, SCOPE_USER, NULL);

	if (!doctor_has_identity(doctor, SCOPE_SYSTEM, NULL)) {
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "the machine has no identity");
		return;
	}
	tell_may_use(doctor, own);
	if (doctor_noted(doctor, "silent-system"))
		look.result = DEVID_TIMEOUT;
	else
		agent_look(SCOPE_SYSTEM, geteuid() == 0 ? CLIENT_START : CLIENT_NO_START, &look);
	if (look.result == DEVID_OK && look.status)
		compare_accounts(doctor, &look);
	/* Of itself it tells root alone. */
	if (look.running && look.result == DEVID_DENIED)
		doctor_tell(doctor, OUTCOME_PASS, NULL, "it answers; %s", unit_words(SCOPE_SYSTEM));
	else if (look.result == DEVID_OK && look.status)
		doctor_tell(doctor, OUTCOME_PASS, NULL,
			    "it answers (process %" G_GINT64_FORMAT "); %s",
			    json_value_number(look.status, "pid", 0), unit_words(SCOPE_SYSTEM));
	else if (look.result == DEVID_AGENT_GONE && find_listener(SCOPE_SYSTEM) == 0 &&
		 (geteuid() != 0 || path_systemd_has_agent()))
		tell_not_running(doctor, !own);
	else
		tell_unreachable(doctor, SCOPE_SYSTEM, &look);
}
