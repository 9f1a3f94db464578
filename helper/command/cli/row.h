/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The row of a subcommand: what it takes, what is said of it, what it does. */
#pragma once

#include <glib.h>
#include "report.h"

#define OPERANDS_ANY G_MAXUINT

struct command {
	const char *name;
	const char *arguments;	     /* "FILE"; NULL: none, or the names of its actions */
	const char *summary;	     /* one line for the overview */
	const char *about;	     /* what its --help begins with; NULL: the summary */
	const char *description;     /* what it ends with: whole lines; or NULL */
	const GOptionEntry *entries; /* their values are static in the subcommand's file; or NULL */
	struct {
		guint least, most;
		const char *missing; /* what is said of fewer than `least` */
	} operands;
	char ***rest; /* takes what stands behind "--"; NULL: that is operands */
	/* `operands` are ended by NULL. What it leaves in *error is told, and is the exit
	 * status. */
	enum exit_status (*run)(char **operands, GError **error);
	/* The exit status instead of `status`, whatever that came of; `words` as they were typed.
	 * Or NULL. */
	enum exit_status (*end)(char **words, enum exit_status status);
	const struct command *const *actions; /* ended by NULL; in place of run, as "add" of "ca" */
};
