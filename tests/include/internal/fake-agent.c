/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the spawn tests start in the agent's place: it writes down in what state it was started
 * (DEVID_FAKE_REPORT), then does as DEVID_FAKE_MANNER says: "ready", "mute" (never says that it is
 * ready), "fail" (ends without a word), or a manner of fake-server.c, for one connection.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/path.h>
#include "fake-server.h"

extern char **environ;

static void report_fds(FILE *report)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;
	char link[64], target[256];

	while (directory && (entry = readdir(directory)) != NULL) {
		int fd = atoi(entry->d_name);
		ssize_t length;

		if (entry->d_name[0] == '.' || fd == dirfd(directory) || fd == fileno(report))
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		length = readlink(link, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		if (strncmp(target, "pipe:", 5) == 0)
			target[4] = '\0';
		fprintf(report, "fd %d %s\n", fd, target);
	}
	if (directory)
		closedir(directory);
}

static void report_signals(FILE *report)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, "Sig", 3) == 0 || strncmp(line, "Groups", 6) == 0)
			fputs(line, report);
	if (status)
		fclose(status);
}

static void report_ids(FILE *report)
{
	uid_t real, effective, saved;
	mode_t mask = umask(0);
	struct rlimit limit;
	char folder[256];

	umask(mask);
	getrlimit(RLIMIT_NOFILE, &limit);
	if (getresuid(&real, &effective, &saved) == 0)
		fprintf(report, "uid %u %u %u\n", real, effective, saved);
	fprintf(report, "pid %d\nsession-of-ours %s\nleader %s\numask %03o\nfiles %lu\n", getpid(),
		getsid(0) == getppid() || getppid() == 1 ? "yes" : "no",
		getsid(0) == getpid() ? "yes" : "no", mask, (unsigned long)limit.rlim_cur);
	fprintf(report, "sid %d\ncwd %s\n", getsid(0), getcwd(folder, sizeof(folder)));
}

static void write_report(const char *path, int argc, char **argv)
{
	char temporary[512];
	FILE *report;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	report = fopen(temporary, "we");
	if (!report)
		return;
	for (int i = 0; i < argc; i++)
		fprintf(report, "argument %s\n", argv[i]);
	for (char **entry = environ; *entry; entry++)
		fprintf(report, "environment %s\n", *entry);
	report_fds(report);
	report_signals(report);
	report_ids(report);
	fclose(report);
	rename(temporary, path);
}

int main(int argc, char **argv)
{
	const char *report = getenv("DEVID_FAKE_REPORT"), *manner = getenv("DEVID_FAKE_MANNER");
	char path[PATH_BUFFER];
	int listener, good;

	if (!manner)
		return 2;
	if (report)
		write_report(report, argc, argv);
	if (strcmp(manner, "fail") == 0)
		return 1;
	if (strcmp(manner, "mute") == 0) {
		alarm(10);
		pause();
	}
	if (strcmp(manner, "ready") == 0)
		return write(3, "", 1) != 1;
	if (!path_socket(SCOPE_USER, path))
		return 3;
	unlink(path);
	listener = fake_listen(path);
	if (listener < 0 || write(3, "", 1) != 1)
		return 4;
	close(3);
	alarm(30);
	good = fake_serve(listener, manner, 1);
	unlink(path);
	return !good;
}
