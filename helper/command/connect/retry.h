/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a connection that dropped is made again, and when. */
#pragma once

/* After how many seconds a connection that dropped is made again, where so many tries were in vain
 * and the last ended so; 0: not any more.
 */
guint retry_after(guint tries, const GError *error);
