/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One call of Run(), from its words to its answer. */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>
#include <internal/secret.h>

#include "connection/process.h"
#include "root/authority.h"
#include "root/pipe.h"
#include "words.h"

struct job {
	GDBusMethodInvocation *asked;
	GCancellable *cancel;
	struct authority authority;
	guint watch, timer;
	struct words words;
	struct pipe pipe;
	struct secret input, output;
	GString *said; /* on its standard error */
	struct process *process;
	/* It is about to be freed. */
	void (*over)(struct job *job);
	/* Whether this one is too many of its user's. */
	bool (*too_many)(const struct job *job);
};

/* over() may come at once. `pipe` is taken over. */
void job_begin(struct job *job, const char *command, GVariant *options, int pipe);
/* What runs already is let go on to its end: it changes all or nothing. */
void job_stop(struct job *job);
