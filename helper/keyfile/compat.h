/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which systems open a PKCS#12 file, by what protects it. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include "p12.h"

/* Names of the systems that fail on it, with the cause: char*, in table order. `empty`: its
 * password is. */
GPtrArray *compat_failures(const struct p12 *p12, bool empty);

/* The commands that make a file of it which older systems open, NULL-terminated; NULL: they open
 * it. */
const char *const *compat_older_lines(const struct p12 *p12);
