/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's requests: frames of any fields in any order, one session after another, over stores
 * in memory. The input is a row of frames: type, number of fields, then for each field tag, length
 * (two bytes, little-endian) and its bytes; what ends early is taken as it is. TPM goes to the
 * machine's agent, all else to a user's.
 */
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/helper/agent/stub-store.h"
#include "agent/gate/gate.h"
#include "agent/gate/ready.h"
#include "agent/gate/report.h"
#include "agent/request/agent.h"
#include "agent/request/request.h"
#include "agent/request/session.h"
#include "fuzz.h"

static char root[] = "/tmp/dvXXXXXX";
/* A user's; and the machine's, which is asked what users may ask it of its TPM: there is none, and
 * the part judges what it is given before it finds that out. */
static struct agent agent, machine;

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	return remove(path);
}

static void tidy(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void not_slow(struct session *session, bool begins)
{
}

static void begin(void)
{
	static const char *const variables[] = { "DEVID_DATA_DIR", "DEVID_CONFIG_DIR",
						 "DEVID_STATE_DIR", "DEVID_RUNTIME_DIR",
						 "DEVID_SYSTEM_DIR" };

	FUZZ_CHECK(mkdtemp(root));
	atexit(tidy);
	for (gsize i = 0; i < G_N_ELEMENTS(variables); i++) {
		g_autofree char *path = g_build_filename(root, variables[i], NULL);

		FUZZ_CHECK(mkdir(path, 0700) == 0);
		g_setenv(variables[i], path, true);
	}
	g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
	g_setenv("DEVID_TEST_TCTI", "swtpm:path=/dev/null/nothing", true);
	g_setenv("TSS2_LOG", "all+NONE", true);
	stub_reset();
	agent_init(&agent, SCOPE_USER);
	/* Root's is told of less. */
	agent.uid = 1000;
	/* Every request would write its event: neither the requests nor the gate have a report. */
	gate_free(agent.gate);
	g_clear_pointer(&agent.report, report_free);
	agent.gate = gate_new(SCOPE_USER, &agent.uid, NULL, agent.keys);
	agent_init(&machine, SCOPE_SYSTEM);
	gate_free(machine.gate);
	g_clear_pointer(&machine.report, report_free);
	machine.gate = gate_new(SCOPE_SYSTEM, &machine.uid, NULL, machine.keys);
	ready_gnutls();
}

/* Whatever was asked, the answer is a whole one. */
static void judge(const struct wire_frame *reply)
{
	struct wire_field message, reason;
	uint32_t result;

	FUZZ_CHECK(wire_validate(reply) == DEVID_OK);
	FUZZ_CHECK(wire_type(reply) == WIRE_REPLY);
	FUZZ_CHECK(wire_get_u32(reply, TAG_RESULT, &result) && result < DEVID_RESULT_COUNT);
	if (result == DEVID_OK)
		return;
	FUZZ_CHECK(wire_get(reply, TAG_MESSAGE, &message) && message.length > 0);
	FUZZ_CHECK(!memchr(message.data, '\n', message.length));
	FUZZ_CHECK(wire_get(reply, TAG_REASON, &reason) && reason.length > 0);
}

struct input {
	const uint8_t *data;
	size_t left;
};

static const uint8_t *take(struct input *input, size_t length, size_t *got)
{
	const uint8_t *data = input->data;

	*got = MIN(length, input->left);
	input->data += *got;
	input->left -= *got;
	return data;
}

static unsigned take_byte(struct input *input)
{
	size_t got;
	const uint8_t *byte = take(input, 1, &got);

	return got ? *byte : 0;
}

static void build(struct input *input, struct wire_frame *request)
{
	unsigned count;

	wire_begin(request, (enum wire_type)take_byte(input));
	count = take_byte(input) % 32;
	for (unsigned i = 0; i < count; i++) {
		enum wire_tag tag = (enum wire_tag)take_byte(input);
		size_t length = take_byte(input);
		const uint8_t *data;

		length |= (size_t)take_byte(input) << 8;
		data = take(input, length, &length);
		wire_put(request, tag, data, length);
	}
}

static void begin_session(struct session *session, struct agent *whose, uid_t uid)
{
	request_begin(session, whose);
	session->slow = not_slow;
	session->peer.uid = uid;
	session->peer.pid = getpid();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	struct input input = { data, size };
	struct session session, lent;

	if (!begun)
		begin();
	begun = true;
	begin_session(&session, &agent, agent.uid);
	begin_session(&lent, &machine, 0);
	for (int frames = 0; frames < 16 && input.left > 0; frames++) {
		build(&input, &request);
		if (wire_finish(&request) != DEVID_OK || wire_validate(&request) != DEVID_OK)
			continue;
		request_handle(wire_type(&request) == WIRE_TPM ? &lent : &session, &request,
			       &reply);
		judge(&reply);
	}
	request_end(&session);
	request_end(&lent);
	return 0;
}
