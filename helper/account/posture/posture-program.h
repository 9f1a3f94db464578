/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs of the system that a posture check asks. */
#pragma once

#include <glib.h>

/* Below the bound of a run (posture-run.c), so that the check itself can say what was late. */
#define POSTURE_PROGRAM_BOUND (2500 * G_TIME_SPAN_MILLISECOND)

enum posture_program_end {
	POSTURE_PROGRAM_ENDED,
	POSTURE_PROGRAM_NOT_STARTED,
	POSTURE_PROGRAM_LATE, /* killed: not ended by the deadline, or it wrote more than `most` */
};
/* Runs the program of that path with its output in *text (free it; always made) and, where it
 * ended, its status as waitpid() gives it. Its environment is built, its input empty, and its
 * complaints are thrown away.
 */
enum posture_program_end posture_program_run(const char *path, const char *const *arguments,
					     gsize most, gint64 deadline, char **text, int *status);
