/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames over a socket: each call has a deadline, and may look for a short while before it sleeps,
 * because waking a sleeping peer costs far more than a signature.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <internal/clock.h>
#include <internal/spin.h>
#include <internal/wire.h>

#define READ_AHEAD 4096

/* -1: no deadline. */
static int64_t deadline_after(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : clock_us() + (int64_t)timeout_ms * 1000;
}

/* Looking for the peer's answer keeps the peer from making it where both share one CPU. */
static bool may_spin(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return errno == EINVAL; /* more CPUs than the set has room for */
	return CPU_COUNT(&set) > 1;
}

/* Between two looks: leaves the core to its other thread, which may be the peer's. */
static void relax(void)
{
	for (int i = 0; i < 8; i++) {
#if defined(__x86_64__) || defined(__i386__)
		__builtin_ia32_pause();
#elif defined(__aarch64__)
		__asm__ volatile("isb");
#else
		__asm__ volatile("" ::: "memory");
#endif
	}
}

static enum devid_result wait_for(int fd, short events, int64_t deadline)
{
	for (;;) {
		struct pollfd entry = { .fd = fd, .events = events };
		int64_t left = deadline < 0 ? 0 : deadline - clock_us();
		int ready;

		if (deadline >= 0 && left <= 0)
			return DEVID_TIMEOUT;
		ready = poll(&entry, 1, deadline < 0 ? -1 : (int)((left + 999) / 1000));
		if (ready > 0)
			return entry.revents & POLLNVAL ? DEVID_AGENT_GONE : DEVID_OK;
		if (ready < 0 && errno != EINTR)
			return DEVID_NO_MEMORY; /* all that poll() can fail with here */
	}
}

static enum devid_result from_errno(void)
{
	return errno == ENOMEM || errno == ENOBUFS ? DEVID_NO_MEMORY : DEVID_AGENT_GONE;
}

enum devid_result socket_send(int fd, const struct wire_frame *frame, int timeout_ms)
{
	int64_t deadline = deadline_after(timeout_ms);
	size_t sent = 0;

	if (frame->result != DEVID_OK)
		return frame->result;
	while (sent < frame->bytes.length) {
		ssize_t n = send(fd, frame->bytes.data + sent, frame->bytes.length - sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			sent += (size_t)n;
		} else if (errno == EAGAIN) {
			enum devid_result result = wait_for(fd, POLLOUT, deadline);

			if (result != DEVID_OK)
				return result;
		} else if (errno != EINTR) {
			return from_errno();
		}
	}
	return DEVID_OK;
}

/* What comes in, up to `room` bytes. `*spin_until` is the moment at which looking ends; 0 once it
 * has.
 */
static enum devid_result receive_some(int fd, uint8_t *data, size_t room, int64_t deadline,
				      int64_t *spin_until, size_t *got)
{
	for (;;) {
		ssize_t n = recv(fd, data, room, MSG_DONTWAIT);
		enum devid_result result;

		if (n > 0) {
			*got += (size_t)n;
			return DEVID_OK;
		}
		if (n == 0)
			return DEVID_AGENT_GONE;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return from_errno();
		if (*spin_until != 0 && clock_us() < *spin_until) {
			relax();
			continue;
		}
		*spin_until = 0;
		result = wait_for(fd, POLLIN, deadline);
		if (result != DEVID_OK)
			return result;
	}
}

/* Which way a frame goes. */
enum way { TO_CLIENT, TO_AGENT };

static bool is_answer(enum wire_type type)
{
	return type == WIRE_PROGRESS || type == WIRE_REPLY;
}

/* How long the frame is that begins with these bytes; to a client, a PROGRESS that something
 * follows already is passed over. 0: too short to know.
 */
static enum devid_result measure(struct secret *bytes, enum way way, size_t *got, size_t *length)
{
	*length = 0;
	while (*got >= WIRE_HEADER) {
		enum wire_type type;
		size_t body;

		if (wire_parse_header(bytes->data, &type, &body) != DEVID_OK ||
		    (way == TO_AGENT && is_answer(type)))
			return DEVID_BAD_DATA;
		*length = WIRE_HEADER + body;
		if (type != WIRE_PROGRESS || *got <= *length)
			break;
		*got -= *length;
		memmove(bytes->data, bytes->data + *length, *got);
		secret_wipe(bytes->data + *got, *length);
		*length = 0;
	}
	return DEVID_OK;
}

/* One call brings a frame of common size whole. Nobody sends a second one before the first one's
 * answer, so what follows it is an error.
 */
static enum devid_result receive_frame(int fd, struct secret *bytes, enum way way, int64_t deadline,
				       int64_t spin_until)
{
	enum devid_result result = secret_allocate(bytes, READ_AHEAD);
	size_t got = 0, length = 0;

	while (result == DEVID_OK && (length == 0 || got < length)) {
		result = receive_some(fd, bytes->data + got, bytes->size - got, deadline,
				      &spin_until, &got);
		bytes->length = got; /* to be wiped, whatever comes */
		if (result == DEVID_OK)
			result = measure(bytes, way, &got, &length);
		bytes->length = got;
		if (result == DEVID_OK && length > bytes->size) {
			result = secret_resize(bytes, length);
			if (result == DEVID_OK)
				bytes->length = got;
		}
	}
	return result == DEVID_OK && got > length ? DEVID_BAD_DATA : result;
}

static enum devid_result receive(int fd, struct wire_frame *frame, enum way way, int timeout_ms,
				 unsigned spin_us)
{
	int64_t deadline = deadline_after(timeout_ms), spin_until = 0;
	enum devid_result result;

	if (spin_us > SPIN_US)
		spin_us = SPIN_US;
	if (spin_us > 0 && may_spin())
		spin_until = clock_us() + spin_us;
	result = receive_frame(fd, &frame->bytes, way, deadline, spin_until);
	if (result == DEVID_OK)
		result = wire_validate(frame);
	frame->result = result;
	return result;
}

enum devid_result socket_receive(int fd, struct wire_frame *frame, int timeout_ms, unsigned spin_us)
{
	return receive(fd, frame, TO_CLIENT, timeout_ms, spin_us);
}

enum devid_result socket_receive_request(int fd, struct wire_frame *frame, int timeout_ms)
{
	return receive(fd, frame, TO_AGENT, timeout_ms, 0);
}
