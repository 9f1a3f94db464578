/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What posture checks share. */
#pragma once

#include <gio/gio.h>
#include <devid/posture.h>

/* What a running check may use. Files are below `root` ("" but in tests: test_hook_root()).
 * `cancel` is cancelled when nobody waits for the answer any more.
 */
struct posture_place {
	const char *root;
	const struct devid_verdict *verdict;
	GCancellable *cancel;
};

/* A whole file below the place's root. NULL with *error an errno: EFBIG for one that is
 * larger than `limit`, EINVAL for what is no file.
 */
GBytes *posture_read(const struct posture_place *place, const char *path, gsize limit, int *error);

/* Several answers that make one: the words of those that decide are what was found. */
struct posture_sum {
	GPtrArray *words[DEVID_ANSWER_UNKNOWN + 1]; /* by answer; NULL: none had it */
};
/* Takes `words`; the same again is told once. */
void posture_sum_add(struct posture_sum *sum, enum devid_answer answer, char *words);
/* All must pass, or one is enough. Clears the sum. */
enum devid_answer posture_sum_all(struct posture_sum *sum, char **message);
enum devid_answer posture_sum_any(struct posture_sum *sum, char **message);
