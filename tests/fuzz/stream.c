/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream of frames as it comes from a socket, ended anywhere. */
#include <sys/socket.h>
#include <unistd.h>
#include "fuzz.h"
#include <internal/wire.h>

/* What a socket takes without a reader. */
#define STREAM_MAX 100000

static void check(const struct wire_frame *frame)
{
	FUZZ_CHECK(frame->bytes.length >= WIRE_HEADER && frame->bytes.length <= WIRE_FRAME_MAX);
	FUZZ_CHECK(wire_validate(frame) == DEVID_OK);
}

/* The rest of the pages stays zero, so that clearing them may wipe no more than what was used. */
static void check_rest(const struct secret *bytes)
{
	for (size_t i = bytes->length; i < bytes->size; i++)
		FUZZ_CHECK(bytes->data[i] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	size_t frames = 0;
	int fds[2];

	if (size > STREAM_MAX || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		return 0;
	FUZZ_CHECK(send(fds[0], data, size, MSG_DONTWAIT) == (ssize_t)size);
	shutdown(fds[0], SHUT_WR);
	while (socket_receive(fds[1], &frame, 1000, 0) == DEVID_OK) {
		check(&frame);
		check_rest(&frame.bytes);
		FUZZ_CHECK(++frames <= size / WIRE_HEADER);
	}
	FUZZ_CHECK(frame.result == DEVID_BAD_DATA || frame.result == DEVID_AGENT_GONE);
	check_rest(&frame.bytes);
	close(fds[0]);
	close(fds[1]);
	return 0;
}
