/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fake agent in the agent's place, and its report. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <internal/client.h>
#include "spawn-report.h"

char *report_folder;

int report_make(void **state)
{
	char report[256];

	hurry_factor = 1;
	if (folder_make(state) != 0)
		return -1;
	report_folder = *state;
	snprintf(report, sizeof(report), "%s/report", report_folder);
	setenv("DEVID_AGENT", getenv("DEVID_FAKE_AGENT"), 1);
	setenv("DEVID_FAKE_REPORT", report, 1);
	setenv("DEVID_FAKE_MANNER", "ready", 1);
	setenv("DEVID_RUNTIME_DIR", report_folder, 1);
	return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

int report_remove(void **state)
{
	while (waitpid(-1, NULL, 0) > 0)
		;
	return folder_remove(state);
}

bool report_has(const char *line)
{
	char *report = read_whole(report_folder, "report"), *at;
	bool found = false;

	for (at = report; at && !found; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		found = strncmp(at, line, strlen(line)) == 0 && at[strlen(line)] == '\n';
	free(report);
	return found;
}

bool report_names(const char *word)
{
	char *report = read_whole(report_folder, "report");
	bool found = report && strstr(report, word);

	free(report);
	return found;
}

int spawn_plain(void *data)
{
	return spawn_agent(data ? SCOPE_SYSTEM : SCOPE_USER);
}
