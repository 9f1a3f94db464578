/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that are run for a connection. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>

struct process;
struct process_command {
	const char *const *argv;    /* NULL-ended; found by PATH */
	const struct secret *input; /* for its standard input; NULL: none */
	struct secret
		*output; /* takes its standard output as it is; NULL: that too is read by lines */
	void (*line)(const char *line, void *data);
	void (*ended)(int status, void *data); /* once; the process is freed after it */
	void *data;
	int ending; /* the signal that ends it; 0: SIGTERM */
	/* For process_run(): some line of it with these words says that the gateway answers (NULL:
	 * none does). */
	const char *answers;
	bool (*excused)(void *data); /* it waits for something else just now; or NULL */
};
/* `client-missing` where there is no such program. The command is not used after the call, but for
 * what `output` points to.
 */
struct process *process_start(const struct process_command *command, GError **error);
GPid process_pid(const struct process *process);
/* Its ending signal; what doesn't end by it in 10 s is killed. */
void process_stop(struct process *process);
/* Runs a program to its end, within `bound_ms`: then DEVID_TIMEOUT. Of `answers` it has 10 s to
 * say, while it isn't excused: then "gateway-silent". `status` as of waitpid(2).
 */
bool process_run(const struct process_command *command, int bound_ms, int *status, GError **error);
/* Ends the program that process_run() waits for, where it does: then "interrupted". */
void process_interrupt(void);
/* The words of a command, its program first, where process_find() finds it; each is freed with the
 * array. */
GPtrArray *process_argv(const char *program);
/* Adds copies of them; `words` may be NULL. */
void process_add(GPtrArray *argv, ...) G_GNUC_NULL_TERMINATED;
void process_add_all(GPtrArray *argv, char *const *words);
/* Where a program is: by PATH, or where administrators' programs are. NULL: nowhere. */
char *process_find(const char *name);
/* "openconnect --authenticate …", quoted where a shell would need it; newly allocated. */
char *process_words(const char *const *argv);
