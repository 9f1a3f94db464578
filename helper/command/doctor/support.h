/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several examinations ask for: identities, accounts, which identity is meant. */
#pragma once

#include <stdbool.h>
#include <devid/account.h>
#include <internal/path.h>
#include "doctor.h"

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
