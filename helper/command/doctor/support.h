/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the examinations share, each in its own process: how it tells what it found, and what it
 * asks for: identities, accounts, which identity is meant. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <json-glib/json-glib.h>
#include <devid/account.h>
#include <internal/path.h>
#include "identity/verdict.h"
#include "doctor.h"

struct doctor {
	FILE *out;	   /* to the process that collects: one JSON object a line */
	bool told;	   /* something, already */
	GHashTable *notes; /* char* to char* */
	struct identity_list *list;
	struct accounts accounts;
};

/* A hint of several. */
#define DOCTOR_REINSTALL "install devid again, as a whole"

/* An object of one line; takes it over. */
void doctor_send(struct doctor *doctor, JsonObject *object);
/* One line of what was found; `hint` may be NULL. At least one has to be told. */
void doctor_tell(struct doctor *doctor, enum outcome outcome, const char *hint, const char *format,
		 ...) G_GNUC_PRINTF(4, 5);
/* What is under way, for the case that it never ends: "while loading X". NULL: nothing in
 * particular. */
void doctor_doing(struct doctor *doctor, const char *what);
/* For later examinations, which run in other processes: a word under a name. */
void doctor_note(struct doctor *doctor, const char *name, const char *value);
const char *doctor_noted(const struct doctor *doctor, const char *name);

/* The identities of both tokens; NULL where it was told that they can't be read. */
const struct identity_list *doctor_identities(struct doctor *doctor);
/* Never NULL but where there is no memory. */
struct devid_account *doctor_account(struct doctor *doctor, enum scope scope);
/* Why nothing is checked against an account that isn't ready. */
const char *doctor_no_account(const struct devid_account *account);
/* The one that a connection would use, or NULL. */
const struct identity *doctor_chosen(struct doctor *doctor);
/* What is wrong with the one that is chosen is a failure, with another a warning. */
enum outcome doctor_gravity(struct doctor *doctor, const struct identity *identity);
/* "laptop", "laptop (system)" */
const char *doctor_identity_name(const struct identity *identity);
/* Whether the user has an identity in the store ("keyring"; NULL: any) */
bool doctor_has_identity(struct doctor *doctor, enum scope scope, const char *store);
/* `path` below the root of a test (test_hook_root()), else itself; g_free(). */
char *doctor_path(const char *path);
