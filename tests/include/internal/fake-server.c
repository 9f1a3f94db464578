/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Manners of an agent, good and bad, one function each. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <internal/wire.h>
#include "fake-server.h"

#define BOUND_MS 20000

int fake_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 64) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool take(int fd, struct wire_frame *frame)
{
	return socket_receive(fd, frame, BOUND_MS, 0) == DEVID_OK;
}

static bool put(int fd, struct wire_frame *frame)
{
	return wire_finish(frame) == DEVID_OK && socket_send(fd, frame, BOUND_MS) == DEVID_OK;
}

static bool reply(int fd, uint32_t result, uint32_t protocol)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	wire_begin(&frame, WIRE_REPLY);
	wire_put_u32(&frame, TAG_RESULT, result);
	if (protocol)
		wire_put_u32(&frame, TAG_PROTOCOL, protocol);
	wire_put_u32(&frame, TAG_MAY_SIGN, 1);
	return put(fd, &frame);
}

static bool hello(int fd)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	return take(fd, &frame) && wire_type(&frame) == WIRE_HELLO &&
	       reply(fd, DEVID_OK, WIRE_VERSION);
}

/* Each request is answered with the result that its FLAGS ask for. */
static void answer(int fd)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	for (bool open = hello(fd); open && take(fd, &frame);) {
		uint32_t result = DEVID_OK;

		wire_get_u32(&frame, TAG_FLAGS, &result);
		open = reply(fd, result, 0);
	}
}

static void wait_for_end(int fd)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	while (take(fd, &frame))
		;
}

static void silent(int fd)
{
	wait_for_end(fd);
}

static void silent_later(int fd)
{
	if (hello(fd))
		wait_for_end(fd);
}

static void leave_at_once(int fd)
{
}

static void leave_later(int fd)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	if (hello(fd))
		(void)!take(fd, &frame);
}

/* A request, then these bytes. */
static void answer_with(int fd, const void *bytes, size_t length, bool stay)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	if (!hello(fd) || !take(fd, &frame) || send(fd, bytes, length, MSG_NOSIGNAL) < 0)
		return;
	if (stay)
		wait_for_end(fd);
}

#define HALF_FRAME "\x0c\0\0\0\0\x40\0\0\1\0\0"

static void half_frame(int fd)
{
	answer_with(fd, HALF_FRAME, 11, false);
}

static void half_frame_and_stay(int fd)
{
	answer_with(fd, HALF_FRAME, 11, true);
}

static void garbage(int fd)
{
	answer_with(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, true);
}

static void oversize(int fd)
{
	answer_with(fd, "\xff\xff\xff\xff\0\x40\0\0", 8, true);
}

static void field_overruns(int fd)
{
	answer_with(fd, "\x0c\0\0\0\0\x40\0\0\1\0\0\0\5\0\0\0\0\0\0\0", 20, true);
}

static void request_for_reply(int fd)
{
	answer_with(fd, "\0\0\0\0\1\2\0\0", 8, true);
}

static void no_result(int fd)
{
	answer_with(fd, "\0\0\0\0\0\x40\0\0", 8, true);
}

static void progress_for_ever(int fd)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	struct timespec pause = { 0, 20000000 }; /* one second in a test that hurries fifty times */

	if (!hello(fd) || !take(fd, &frame))
		return;
	wire_begin(&frame, WIRE_PROGRESS);
	while (put(fd, &frame))
		nanosleep(&pause, NULL);
}

static void progress_then_silence(int fd)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	if (!hello(fd) || !take(fd, &frame))
		return;
	wire_begin(&frame, WIRE_PROGRESS);
	if (put(fd, &frame))
		wait_for_end(fd);
}

/* Thirty seconds of a person's time in a test that hurries fifty times. */
static void progress_then_reply(int fd)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	struct timespec pause = { 0, 40000000 };

	if (!hello(fd) || !take(fd, &frame))
		return;
	wire_begin(&frame, WIRE_PROGRESS);
	for (int i = 0; i < 15; i++) {
		if (!put(fd, &frame))
			return;
		nanosleep(&pause, NULL);
	}
	if (reply(fd, DEVID_STORE_DISMISSED, 0))
		wait_for_end(fd);
}

static void other_version(int fd)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	if (take(fd, &frame))
		reply(fd, DEVID_OK, WIRE_VERSION + 1);
}

static void other_version_refusing(int fd)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	if (take(fd, &frame) && reply(fd, DEVID_UNSUPPORTED, WIRE_VERSION + 1))
		wait_for_end(fd);
}

static void hello_refused(int fd)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	if (take(fd, &frame) && reply(fd, DEVID_DENIED, WIRE_VERSION))
		wait_for_end(fd);
}

/* One request without a HELLO. */
static void told(int fd)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	if (take(fd, &frame) && wire_type(&frame) == WIRE_REFUSED)
		reply(fd, DEVID_UNSUPPORTED, 0);
}

static const struct {
	const char *name;
	void (*serve)(int fd);
} manners[] = {
	{ "answer", answer },
	{ "silent", silent },
	{ "silent-later", silent_later },
	{ "leave-at-once", leave_at_once },
	{ "leave-later", leave_later },
	{ "half-frame", half_frame },
	{ "half-frame-and-stay", half_frame_and_stay },
	{ "garbage", garbage },
	{ "oversize", oversize },
	{ "field-overruns", field_overruns },
	{ "request-for-reply", request_for_reply },
	{ "no-result", no_result },
	{ "progress-for-ever", progress_for_ever },
	{ "progress-then-silence", progress_then_silence },
	{ "progress-then-reply", progress_then_reply },
	{ "other-version", other_version },
	{ "other-version-refusing", other_version_refusing },
	{ "hello-refused", hello_refused },
	{ "told", told },
};

int fake_serve(int listener, const char *manner, int connections)
{
	for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
		if (strcmp(manner, manners[i].name) != 0)
			continue;
		for (int served = 0; served != connections; served++) {
			int fd = accept(listener, NULL, NULL);

			if (fd < 0)
				return 0;
			manners[i].serve(fd);
			close(fd);
		}
		return 1;
	}
	return 0;
}
