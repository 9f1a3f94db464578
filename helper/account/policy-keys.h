/* The sections of account.conf that make the policy, for the table of all sections. */
#ifndef ACCOUNT_POLICY_KEYS_H
#define ACCOUNT_POLICY_KEYS_H

#include "conf.h"

#define POLICY_SECTIONS 5

/* Their `data` is the struct devid_account. */
void policy_sections(struct conf_section rows[POLICY_SECTIONS]);

/* What is wrong with a list of names and @groups, or NULL; `everybody`: * may be among them. */
char *policy_names_fault(char **names, gboolean everybody);

#endif
