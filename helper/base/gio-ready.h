/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Classes of GIO's made ready before several threads use them. */
#pragma once

/* Before a thread begins that uses sockets, names or buses of GIO's, or in it, first. Costs nothing
 * the second time.
 *
 * GObject initialises a class with a lock held that the registration of a type with interfaces
 * takes as well, and each may wait for the other's thread: g_socket_client_new() in one and an
 * answer of the resolver in another wait for ever (GLib 2.74, g_type_class_ref() and
 * g_once_init_enter()). What is ready is not initialised again.
 */
void gio_ready(void);
