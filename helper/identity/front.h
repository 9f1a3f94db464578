/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this room has to tell somebody, or to ask: the program that uses it says how. A room of
 * libraries prints nothing; the command has a terminal for it, the desktop a window.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>

struct front {
	void (*warn)(const char *text);
	void (*hint)(const char *text);
	/* The keyring asks a question in a window of its own, and this waits for the answer. */
	void (*waiting)(void);
	/* A token's PIN, from `file` or (NULL) from whoever sees `prompt`. */
	bool (*pin)(const char *file, const char *prompt, struct secret *pin, GError **error);
};

/* For as long as the process lasts. Before it is called, nobody is told, and no PIN is known. */
void front_set(const struct front *front);

void front_warn(const char *format, ...) G_GNUC_PRINTF(1, 2);
void front_hint(const char *format, ...) G_GNUC_PRINTF(1, 2);
void front_waiting(void);
bool front_pin(const char *file, const char *prompt, struct secret *pin, GError **error);
