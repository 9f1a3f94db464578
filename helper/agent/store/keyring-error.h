/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One call to the Secret Service, bounded, and its errors in our words. */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* "keyring: WORDS WHY", and what to do where the agent is of another login. */
void keyring_set_bus_error(GError **error, const char *words, const char *why);
/* Makes a DEVID_ERROR of whatever GDBus says. */
void keyring_propagate(GError **error, GError *from, const char *what);
/* Whether the remote said that the object is locked, or isn't there. */
bool keyring_error_is(const GError *error, const char *name);
