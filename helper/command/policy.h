/* devid policy: what the account says about who may connect. */
#ifndef COMMAND_POLICY_H
#define COMMAND_POLICY_H

#include <devid/here.h>

#include "describe.h"

typedef struct devid_decision devid_decision;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(devid_decision, devid_decision_free)
typedef struct devid_account devid_account;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(devid_account, devid_account_free)

/* The account that is in force, or NULL with what is wrong: there is none, or it is broken. */
struct devid_account *policy_account(gboolean system, GError **error);
/* "alice; @staff", or `none` where there is nothing; newly allocated. */
char *policy_list(char **words, const char *none);
void policy_list_json(JsonBuilder *builder, const char *name, char **words);
/* Why an allowed connection is: "let in by rule x, to the internet alone"; newly allocated. */
char *policy_allowed_words(const struct devid_decision *decision);
/* The members of a decision, in the object that is being built. */
void policy_decision_json(JsonBuilder *builder, const struct devid_decision *decision);

enum exit_status policy_show(int argc, char **argv);
enum exit_status policy_test(int argc, char **argv);
enum exit_status policy_lint(int argc, char **argv);

#endif
