/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The session bus and the keyring: as the agent sees them, and as this session does. */
#include <string.h>
#include <devid/reason.h>
#include <devid/result.h>
#include <internal/path.h>
#include <stdbool.h>

#include "base/keyring.h"
#include "support.h"

static const struct {
	const char *state, *hint;
	enum outcome needed, otherwise; /* whether an identity is in the keyring or not */
} states[] = {
	{ "ready", NULL, OUTCOME_PASS, OUTCOME_PASS },
	{ "locked", "unlock it (log in to the desktop); until then each use asks for its password",
	  OUTCOME_WARN, OUTCOME_SKIP },
	{ "missing",
	  "log in to a desktop with a keyring, or start one on this session's bus (gnome-keyring, "
	  "KeePassXC, KWallet)",
	  OUTCOME_FAIL, OUTCOME_SKIP },
};

static void tell(struct doctor *doctor, const char *state, const char *words)
{
	bool needed = doctor_has_identity(doctor, SCOPE_USER, "keyring");

	/* One that is there and hangs is no matter of logging in. */
	const char *hint = strcmp(words, "it does not answer") == 0
				   ? devid_reason_for(DEVID_STORE_TIMEOUT)->hint
			   : strcmp(words, KEYRING_DANGLING) == 0
				   ? "log out and in again: the keyring's daemon then finds it, or "
				     "makes it"
				   : NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
		if (strcmp(states[i].state, state) == 0)
			doctor_tell(doctor, needed ? states[i].needed : states[i].otherwise,
				    !needed ? NULL
				    : hint  ? hint
					    : states[i].hint,
				    "%s%s", words,
				    needed || strcmp(state, "ready") == 0
					    ? ""
					    : " (no identity here needs one)");
}

void doctor_keyring(struct doctor *doctor)
{
	g_autofree char *state = NULL, *words = keyring_look(&state);
	const char *seen = doctor_noted(doctor, "agent-keyring");
	const char *why = doctor_noted(doctor, "agent-keyring-why");

	/* The agent's is what counts; it may have been started where there was no session. */
	if (seen && strcmp(seen, "missing") == 0 && strcmp(state, "missing") != 0) {
		g_autofree char *hint =
			g_strdup_printf("end it, the next use of a key starts one here: kill %s",
					doctor_noted(doctor, "agent"));

		doctor_tell(doctor, OUTCOME_FAIL, hint,
			    "this session's is %s, and the agent reaches none: %s", state,
			    !why ? "it was started elsewhere" : why);
	} else {
		tell(doctor, state, words);
	}
	doctor_note(doctor, "keyring", seen ? seen : state);
}
