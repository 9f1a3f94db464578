/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Telling the user's own agent that the machine's refused the use of a key: the machine's log is
 * closed to most, and clients say no more than that a signature failed.
 */
#pragma once

#include <stdint.h>
#include <devid/result.h>
#include <internal/wire.h>

/* `reply` is what the machine's agent answered. Nothing is told but refusals, to nobody but an
 * agent that listens already, and no longer than for 200 ms. Under the library's lock; waits.
 */
void refusal_tell(const uint8_t spki_hash[WIRE_SPKI_HASH], enum devid_result result,
		  const struct wire_frame *reply);

/* C_Finalize, and in a forked child: what is remembered of an agent that didn't answer. */
void refusal_forget(void);
