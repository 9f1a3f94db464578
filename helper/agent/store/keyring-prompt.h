/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking the person: the Secret Service's Prompt objects, driven here: libsecret's own code waits
 * without end for a prompter that doesn't answer and for a daemon that was killed. One question
 * at a time: who needs the keyring unlocked while a prompt is open waits for its answer, and gets
 * the same.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "keyring-bound.h"

/* Unlocks one object (item or collection), asking the person where needed; one question at a
 * time. */
bool keyring_unlock(struct keyring_bound *bound, const char *path, GError **error);
/* Runs a prompt that a call left us (NO_OBJECT: nothing to do); `result` may be NULL. */
bool keyring_prompt(struct keyring_link *link, struct keyring_bound *bound, const char *path,
		    GVariant **result, GError **error);
