/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the machine's agent refused: see refusal.h. */
#include <internal/client.h>
#include <internal/clock.h>
#include "error.h"
#include "library.h"
#include "refusal.h"

#define TELL_MS	      200
#define QUIET_SECONDS 30 /* not told again to one that didn't answer */
#define REASON_MAX    64

static time_t quiet_until; /* clock_seconds() */

static bool build(struct wire_frame *request, const uint8_t spki_hash[WIRE_SPKI_HASH],
		  const struct wire_frame *reply)
{
	struct wire_field reason;

	if (!wire_get(reply, TAG_REASON, &reason) || reason.length > REASON_MAX)
		return false;
	wire_begin(request, WIRE_REFUSED);
	wire_put(request, TAG_SPKI_HASH, spki_hash, WIRE_SPKI_HASH);
	wire_put(request, TAG_REASON, reason.data, reason.length);
	wire_put_text(request, TAG_TOKEN, "system");
	return wire_finish(request) == DEVID_OK;
}

void refusal_tell(const uint8_t spki_hash[WIRE_SPKI_HASH], enum devid_result result,
		  const struct wire_frame *reply)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;

	if (error_of_use(result) != CKR_FUNCTION_REJECTED || quiet_until > clock_seconds() ||
	    !build(&request, spki_hash, reply))
		return;
	library_unlock();
	result = client_tell(SCOPE_USER, &request, TELL_MS);
	library_lock();
	if (result == DEVID_TIMEOUT && !library_is_ending())
		quiet_until = clock_seconds() + QUIET_SECONDS;
}

void refusal_forget(void)
{
	quiet_until = 0;
}
