/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Did the account or the records change? Two numbers that grow when something may have. */
#pragma once

#include <glib.h>
#include <internal/path.h>

struct watch;

struct epochs {
	guint64 account;
	guint64 records;
};

struct watch *watch_new(enum scope scope);
void watch_free(struct watch *watch);
/* The numbers now. What was read after a call is as new as the numbers of that call. */
void watch_read(struct watch *watch, struct epochs *epochs);
