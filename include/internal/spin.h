/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether to look for a peer's answer for a moment before sleeping until it comes. Waking a sleeper
 * costs more than a signature; but where the peer waits for the very processor on which we look,
 * looking only keeps it waiting. So looks in vain are followed by twice as many waits without one
 * each time, and the first that finds something ends that.
 */
#pragma once

#include <stdbool.h>

#define SPIN_US		 60 /* how long one takes at most */
#define SPIN_ALLOWED	 1  /* in vain in a row, before any is left out */
#define SPIN_FIRST_SKIP	 8
#define SPIN_LONGEST_LOG 7 /* 8 << 7: 1024 waits, some 50 ms of signatures */

struct spin {
	unsigned missed; /* in a row */
	unsigned skip;	 /* waits that come without a look */
};

/* Whether to look this time. */
static inline bool spin_wanted(struct spin *spin)
{
	if (spin->skip == 0)
		return true;
	spin->skip--;
	return false;
}

/* What came of a look. */
static inline void spin_learn(struct spin *spin, bool found)
{
	unsigned times;

	if (found) {
		spin->missed = 0;
		return;
	}
	if (spin->missed <= SPIN_ALLOWED + SPIN_LONGEST_LOG)
		spin->missed++;
	if (spin->missed <= SPIN_ALLOWED)
		return;
	times = spin->missed - SPIN_ALLOWED - 1;
	spin->skip = SPIN_FIRST_SKIP << (times < SPIN_LONGEST_LOG ? times : SPIN_LONGEST_LOG);
}
