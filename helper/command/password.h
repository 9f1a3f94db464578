/* Passwords as importing asks for them: once a command, and only where a file needs one. */
#ifndef COMMAND_PASSWORD_H
#define COMMAND_PASSWORD_H

#include "command.h"

struct password_source {
	const char *file; /* --password-file, or NULL */
	int fd;		  /* --password-fd, or -1 */
	const char *prompt;
	bool asked; /* `password` is filled */
	struct secret password;
};
#define PASSWORD_SOURCE_INIT                       \
	{                                          \
		NULL, -1, NULL, false, SECRET_INIT \
	}

/* The password, read or asked for at the first call. */
gboolean password_source_get(struct password_source *source, GError **error);
/* Whether one was named, so that nobody has to be asked. */
bool password_source_given(const struct password_source *source);
void password_source_clear(struct password_source *source);

/* A token's PIN: from a file or the terminal; no credential stands in for it. */
gboolean pin_read(const char *file, const char *prompt, struct secret *pin, GError **error);

/* From here on the process keeps secrets: no core dump, no ptrace by the user's other processes. */
void process_keeps_secrets(void);

#endif
