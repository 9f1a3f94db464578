/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an examination, in its own process, tells whoever collects. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <json-glib/json-glib.h>
#include "identity/verdict.h"
#include "doctor.h"

struct doctor {
	FILE *out; /* to the process that collects: one JSON object a line */
	bool told;
	GHashTable *notes; /* char* to char* */
	struct identity_list *list;
	struct accounts accounts;
};

/* An object of one line; takes it over. */
void doctor_send(struct doctor *doctor, JsonObject *object);
/* One line of what was found; `hint` may be NULL. At least one has to be told. */
void doctor_tell(struct doctor *doctor, enum outcome outcome, const char *hint, const char *format,
		 ...) G_GNUC_PRINTF(4, 5);
/* What is under way, for the case that it never ends: "while loading X". NULL: nothing in
 * particular. */
void doctor_doing(struct doctor *doctor, const char *what);
/* Whether this examination has told something already. */
bool doctor_told(const struct doctor *doctor);
/* For later examinations, which run in other processes: a word under a name. */
void doctor_note(struct doctor *doctor, const char *name, const char *value);
const char *doctor_noted(const struct doctor *doctor, const char *name);
