/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the benchmark asks of the user's agent: that it leaves, that it forgets, that it is there.
 *
 *	bench-agent start|forget|leave
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <internal/client.h>

static enum devid_result ask(struct client *client, enum wire_type type, struct wire_frame *reply)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;

	wire_begin(&request, type);
	if (wire_finish(&request) != DEVID_OK)
		return request.result;
	return client_call(client, &request, reply);
}

static int start(void)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;

	return client_connect(&client, SCOPE_USER, CLIENT_START);
}

static int forget(void)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;
	enum devid_result result = client_connect(&client, SCOPE_USER, CLIENT_NO_START);

	return result ? result : ask(&client, WIRE_FORGET, &reply);
}

/* Gone when it can no longer be reached and its process has ended. */
static int leave(void)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;
	struct timespec pause_for = { 0, 5000000 };
	uint32_t pid;

	if (client_connect(&client, SCOPE_USER, CLIENT_NO_START) == DEVID_AGENT_GONE)
		return 0;
	if (ask(&client, WIRE_STATUS, &reply) != DEVID_OK || !wire_get_u32(&reply, TAG_PID, &pid))
		return 1;
	client_close(&client);
	kill((pid_t)pid, SIGTERM);
	for (int i = 0; i < 1000; i++) {
		char path[64], state[256] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%u/stat", pid);
		file = fopen(path, "re");
		if (file && !fgets(state, sizeof(state), file))
			state[0] = '\0';
		if (file)
			fclose(file);
		if (!file || strstr(state, ") Z "))
			return 0;
		nanosleep(&pause_for, NULL);
	}
	return 1;
}

static const struct {
	const char *name;
	int (*run)(void);
} words[] = { { "start", start }, { "forget", forget }, { "leave", leave } };

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (argc == 2 && strcmp(argv[1], words[i].name) == 0) {
			int result = words[i].run();

			if (result)
				fprintf(stderr, "bench-agent: %s: %d\n", argv[1], result);
			return result != 0;
		}
	}
	return 2;
}
