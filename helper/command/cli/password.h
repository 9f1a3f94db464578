/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Passwords as importing asks for them: once a command, and only where a file needs one. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>
#include "keyfile/password-source.h"

/* What --password-file and its like said, and the terminal where they didn't. */
struct password_words {
	struct password_source source; /* first: it is handed on as that */
	const char *file;	       /* --password-file, or NULL */
	int fd;			       /* --password-fd, or -1 */
	const char *prompt;
	bool asked; /* the source has its password */
	bool typed; /* on the terminal */
	bool tried_again;
};
/* No file, no descriptor. */
void password_words_init(struct password_words *words, const char *prompt);
void password_words_clear(struct password_words *words);

/* Asked on the terminal without echo, or --password-file, --password-fd, or the systemd
 * credential devid.password. `prompt` names what is asked for.
 */
bool password_read(const char *file, int fd, const char *prompt, struct secret *password,
		   GError **error);

/* A token's PIN: from a file or the terminal; no credential stands in for it. */
bool password_read_pin(const char *file, const char *prompt, struct secret *pin, GError **error);

/* From here on the process keeps secrets: no core dump, no ptrace by the user's other processes. */
void password_guard_process(void);
