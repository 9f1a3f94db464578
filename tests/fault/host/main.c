/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host of the module that lives strangely: it forks, execs, ends, closes, ignores and reaps as it
 *should not, and signs all the while with the real agent.
 *
 *	fault-host MANNER        one manner of life; ends with 0 where all is as it must be
 *	fault-host --list        the names of those that any user's host can live
 *
 * DEVID_MODULE is the module; the user's token holds an RSA key. Whatever a manner does, it leaves
 *no descriptor open after C_Finalize and no child of any kind, and it ends within the bound.
 */
#include <string.h>
#include "host.h"

#define BOUND_SECONDS 100 /* for an answer of 5 s each, where there is none */

char **host_arguments;

static const struct manner *const tables[] = {
	fork_manners,	load_manners,  thread_manners, end_manners,
	signal_manners, limit_manners, talk_manners,
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static void list(void)
{
	for (size_t i = 0; i < TABLES; i++)
		for (const struct manner *manner = tables[i]; manner->name; manner++)
			if (tables[i] != talk_manners)
				puts(manner->name);
}

static const struct manner *find(const char *name)
{
	for (size_t i = 0; i < TABLES; i++)
		for (const struct manner *manner = tables[i]; manner->name; manner++)
			if (strcmp(manner->name, name) == 0)
				return manner;
	return NULL;
}

int main(int argc, char **argv)
{
	const struct manner *manner = argc >= 2 ? find(argv[1]) : NULL;
	int fds;

	host_arguments = argv;
	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		list();
		return 0;
	}
	if (!manner) {
		fputs("usage: fault-host MANNER | --list\n", stderr);
		return 2;
	}
	alarm(BOUND_SECONDS);
	fds = count_fds();
	manner->run();
	if (count_fds() != fds)
		fprintf(stderr, "# %d descriptors before, %d after\n", fds, count_fds());
	CHECK(count_fds() == fds);
	/* The first process of a name space has everybody's orphans. */
	CHECK(getpid() == 1 || !has_children());
	return 0;
}
