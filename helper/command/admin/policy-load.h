/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid policy: the account, and what it decided, as every action shows it. */
#pragma once

#include <stdbool.h>
#include <devid/here.h>
#include <json-glib/json-glib.h>
#include "command/cli/account.h"

typedef struct devid_decision devid_decision;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(devid_decision, devid_decision_free)
/* The options of an action that has no others. */
extern struct policy_options {
	gboolean system, json;
} policy_options;
extern const GOptionEntry policy_entries[];

/* The account that is in force, or NULL with what is wrong: there is none, or it is broken. */
struct devid_account *policy_account(bool system, GError **error);
/* "alice; @staff", or `none` where there is nothing; newly allocated. */
char *policy_list(char **words, const char *none);
void policy_list_json(JsonBuilder *builder, const char *name, char **words);
/* Why an allowed connection is: "let in by rule x, to the internet alone"; newly allocated. */
char *policy_allowed_words(const struct devid_decision *decision);
/* The members of a decision, in the object that is being built. */
void policy_decision_json(JsonBuilder *builder, const struct devid_decision *decision);
