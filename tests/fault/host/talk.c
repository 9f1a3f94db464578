/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host that does as it is told on its standard input, a word a line, and answers each with a
 *line:
 *
 *	begin | sign | update N | final | finalize     CKR (hexadecimal) and milliseconds
 *	fds | agent                                    a number: how many; the pid of who listens
 *
 * "update" begins an operation where there is none. It ends with its input.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "host.h"

static CK_SESSION_HANDLE session;
static size_t streamed;

static CK_RV begin(size_t number)
{
	CK_RV rv = p11->C_Initialize(NULL);

	return rv == CKR_OK ? p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) : rv;
}

static CK_RV sign(size_t number)
{
	return host_sign(session);
}

static CK_RV update(size_t number)
{
	CK_BYTE *data;
	CK_RV rv;

	if (streamed == 0) {
		rv = host_sign_begin(session, number);
	} else {
		data = calloc(1, number);
		CHECK(data);
		rv = p11->C_SignUpdate(session, data, number);
		free(data);
	}
	streamed = rv == CKR_OK ? streamed + number : 0;
	return rv;
}

static CK_RV final(size_t number)
{
	CK_RV rv = host_sign_end(session, streamed);

	streamed = 0;
	return rv;
}

static CK_RV finalize(size_t number)
{
	return p11->C_Finalize(NULL);
}

static const struct {
	const char *word;
	CK_RV (*call)(size_t number);
} words[] = {
	{ "begin", begin }, { "sign", sign },	      { "update", update },
	{ "final", final }, { "finalize", finalize },
};

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void answer(const char *word, size_t number)
{
	long start = now_ms();

	if (strcmp(word, "fds") == 0)
		printf("%d\n", count_fds());
	else if (strcmp(word, "agent") == 0)
		printf("%d\n", (int)agent_pid());
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i].word) == 0) {
			CK_RV rv = words[i].call(number);

			printf("%lx %ld\n", rv, now_ms() - start);
		}
	fflush(stdout);
}

static void talk(void)
{
	char line[64], word[32];

	host_load();
	while (fgets(line, sizeof(line), stdin)) {
		size_t number = 0;

		CHECK(sscanf(line, "%31s %zu", word, &number) >= 1);
		answer(word, number);
	}
	p11->C_Finalize(NULL);
}

const struct manner talk_manners[] = { { "talk", talk }, { NULL, NULL } };
