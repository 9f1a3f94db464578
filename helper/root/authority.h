/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who asks, and whether that one may: by the bus and by polkit. */
#pragma once

#include <sys/types.h>
#include <gio/gio.h>

/* A call of a method that is asked about. */
struct authority {
	GDBusMethodInvocation *asked; /* borrowed, not answered yet */
	GCancellable *cancel;	      /* borrowed: once it is cancelled nothing comes any more */
	uid_t uid;		      /* whose call it is, from authority_identify() on */
	const char *action;	      /* of authority_check(): static */
	/* Ends a step, once; an error that tells why, taken over. */
	void (*then)(void *data, GError *error);
	void *data;
};

/* Fills in the uid. */
void authority_identify(struct authority *authority);
/* Root may do that; of others polkit is asked, which may ask the person, where the call allows
 * that. `details`, a{ss}, is what a rule may look up and a message may show; floating. */
void authority_check(struct authority *authority, const char *action, GVariant *details);
