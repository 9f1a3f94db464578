/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the unit tests share: cmocka with what it needs before it, folders, children, a sample. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <cmocka.h>
#include <devid/result.h>

/* helpers.c: a private folder (0700), for setup and teardown; *state is its path. */
int folder_make(void **state);
int folder_remove(void **state);
void write_file(const char *folder, const char *name, const void *data, size_t length, mode_t mode);
/* The whole file, NUL-ended, to be freed; NULL where there is none. */
char *read_whole(const char *folder, const char *name);
/* Runs in a forked child and answers its exit status; a signal is 128 + number. */
int in_child(int (*run)(void *data), void *data);
/* The lowest descriptor that is free, and how many are open. */
int count_fds(void);
bool is_root(void);

/* sample.c: a record as the agent writes it, with so many chain certificates. To be freed. */
char *sample_record(const char *label, const char *id, size_t chain);

/* hurry.c: how many times faster the clock runs; 1 at the start. */
extern unsigned hurry_factor;

#define assert_result(call, expected) assert_int_equal((call), (expected))

#endif
