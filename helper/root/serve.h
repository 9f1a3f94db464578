/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs of ours that the system bus starts as root, for users: what they have in common. Such a
 * program does one thing, for whom polkit lets; nothing of a user's reaches it but bounded words
 * and a pipe, and it opens no path that a user names.
 */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>

struct serve_program {
	const char *title; /* of its messages */
	const char *name;  /* on the bus */
	guint32 kept;	   /* harden(): its capabilities */
	guint idle_s;	   /* it leaves when nothing was asked of it for so long */
	/* Offers what there is on that bus; `idle` is to be called when there is nothing to do any
	 * more, and after a call that began nothing. */
	void *(*begin)(GDBusConnection *bus, void (*idle)(void *data), void *data, GError **error);
	bool (*is_busy)(const void *service);
	/* Begins the end of all that is under way. */
	void (*stop)(void *service);
	void (*end)(void *service);
};
/* main() of it: its exit status. */
int serve(const struct serve_program *program, int argc, char **argv);
