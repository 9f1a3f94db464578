/* The report for the help desk. */
#pragma once

#include <glib.h>
#include "diagnosis.h"

/* All of it, in a new file that nobody else can read. */
gboolean diagnosis_report(const struct diagnosis *diagnosis, const char *path, GError **error);
