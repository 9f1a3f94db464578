/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* os-release. */
#pragma once

#include <glib.h>

/* FALSE: it is damaged. *version is NULL where there is none. */
gboolean posture_os_parse(const char *text, gsize length, char **id, char **version);
