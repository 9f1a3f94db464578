/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs of ours that the system bus starts as root, for users: what they have in common. Such a
 * program does one thing, for whom polkit lets; nothing of a user's reaches it but bounded words
 * and a pipe, and it opens no path that a user names.
 */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>

struct serve_program {
	const char *title;	 /* of its messages */
	const char *name;	 /* on the bus */
	guint32 kept;		 /* harden(): its capabilities */
	guint idle_s;		 /* it leaves when nothing was asked of it for so long */
	const char *path;	 /* of its one object … */
	const char *description; /* … with one interface, in the XML of D-Bus */
	GDBusInterfaceMethodCallFunc called; /* with NULL for data */
	bool (*is_busy)(void);
	/* Begins the end of all that is under way. */
	void (*stop)(void);
};
/* main() of it: its exit status. */
int serve(const struct serve_program *program, int argc, char **argv);
/* To be called when there is nothing to do any more, and after a call that began nothing. */
void serve_idle(void);
