/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a file's password comes from: once a program, and only where a file needs one. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>

struct password_source {
	/* Fills `password`, at the first call. */
	bool (*get)(struct password_source *source, GError **error);
	/* Whether, after that error, it's worth another try: the password was wrong, somebody typed
	 * it, and this is the first time. That is told, and the next get() asks again.
	 */
	bool (*again)(struct password_source *source, const GError *error);
	/* Whether one was named, so that nobody has to be asked. */
	bool (*given)(const struct password_source *source);
	struct secret password;
};
