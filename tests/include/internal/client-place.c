/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An agent of some manner in a private folder, and one question to it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "client-place.h"
#include "fake-server.h"

int place_make(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	hurry_factor = 1;
	unsetenv("DEVID_SYSTEM_RUNTIME_DIR");
	if (!place || folder_make((void **)&place->folder) != 0)
		return -1;
	setenv("DEVID_RUNTIME_DIR", place->folder, 1);
	setenv("DEVID_AGENT", "/nonexistent/agent", 1);
	*state = place;
	return 0;
}

int place_remove(void **state)
{
	struct place *place = *state;

	if (place->server > 0) {
		kill(place->server, SIGKILL);
		waitpid(place->server, NULL, 0);
	}
	folder_remove((void **)&place->folder);
	free(place);
	return 0;
}

void place_serve(struct place *place, const char *manner)
{
	char path[256];
	int listener;

	snprintf(path, sizeof(path), "%s/agent", place->folder);
	unlink(path);
	listener = fake_listen(path);
	assert_true(listener >= 0);
	place->server = fork();
	assert_true(place->server >= 0);
	if (place->server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(!fake_serve(listener, manner, -1));
	}
	close(listener);
}

enum devid_result connect_user(struct client *client)
{
	return client_connect(client, SCOPE_USER, CLIENT_NO_START);
}

enum devid_result ask(struct client *client, uint32_t wanted)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;

	wire_begin(&request, WIRE_STATUS);
	wire_put_u32(&request, TAG_FLAGS, wanted);
	assert_result(wire_finish(&request), DEVID_OK);
	return client_call(client, &request, &reply);
}
