/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel knows of a neighbour. */
#pragma once

/* The MAC of an IPv6 address behind a device, asked of the kernel, which tells it in no file;
 * NULL: not known.
 */
char *office_ask_neighbour(const char *address, const char *device);
