/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts. */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* A line of mountinfo (proc(5)). */
struct mount {
	unsigned id, parent;
	unsigned major, minor;
	char *root;  /* what of the file system is mounted */
	char *point; /* where */
	char *type;
	char *source;
	bool hides; /* laid by systemd over what a service is not to see */
};
/* struct mount; NULL: it can't be read. */
GArray *posture_mounts_parse(const char *text, gsize length);
/* The one that `path` (absolute, without links) lies on, or NULL. */
const struct mount *posture_mounts_find(const GArray *mounts, const char *path);
/* Where in the file system of the mount that it lies on `path` is (free it). */
char *posture_mount_inside(const struct mount *mount, const char *path);
