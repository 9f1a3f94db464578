/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the spawn tests share: a fake agent that writes down in what state it was started. */
#ifndef SPAWN_REPORT_H
#define SPAWN_REPORT_H

#include "unit.h"

/* Setup and teardown. What the agents leave behind comes to this process, not to the hosts, which
 * are its children.
 */
int report_make(void **state);
int report_remove(void **state);
extern char *report_folder;
/* The report has this line; these words are anywhere in it. */
bool report_has(const char *line);
bool report_names(const char *word);
/* For in_child(): starts the user's agent, or with `data` the machine's. */
int spawn_plain(void *data);

#define TEST(name) cmocka_unit_test_setup_teardown(name, report_make, report_remove)

#endif
