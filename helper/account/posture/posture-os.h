/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* os-release. */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* false: it is damaged. *version is NULL where there is none. */
bool posture_os_parse(const char *text, gsize length, char **id, char **version);
