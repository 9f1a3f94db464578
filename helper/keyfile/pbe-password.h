/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One password, as the makers of files encode it. */
#pragma once

#include "pbe.h"

bool pbe_password_set(struct pbe_password *forms, const struct secret *password);
void pbe_password_clear(struct pbe_password *forms);
