/* The report for the help desk. */
#ifndef COMMAND_DOCTOR_REPORT_H
#define COMMAND_DOCTOR_REPORT_H

#include <glib.h>
#include "diagnosis.h"

/* All of it, in a new file that nobody else can read. */
gboolean diagnosis_report(const struct diagnosis *diagnosis, const char *path, GError **error);

#endif
