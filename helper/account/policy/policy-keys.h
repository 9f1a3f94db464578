/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sections of account.conf that make the policy, for the table of all sections. */
#pragma once

#include <stdbool.h>
#include "base/conf.h"
#include "policy.h"

#define POLICY_SECTIONS 5

/* Read into `policy`; NULL: nothing is to be read. */
void policy_sections(struct conf_section rows[POLICY_SECTIONS], struct policy *policy);

/* What is wrong with a list of names and @groups, or NULL; `everybody`: * may be among them. */
char *policy_names_fault(char **names, bool everybody);
