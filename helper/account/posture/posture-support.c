/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What posture checks share: reading files, and making one answer of several. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <internal/cleanup.h>
#include "base/files.h"
#include "posture-support.h"

GBytes *posture_read(const struct posture_place *place, const char *path, gsize limit, int *error)
{
	g_autofree char *below = g_strconcat(place->root, path, NULL);
	AUTO_CLOSE int fd = open(below, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	GBytes *bytes;

	*error = 0;
	if (fd < 0 || fstat(fd, &status) != 0)
		*error = errno;
	else if (!S_ISREG(status.st_mode))
		*error = EINVAL;
	if (*error)
		return NULL;
	bytes = files_read(fd, limit);
	if (!bytes)
		*error = errno;
	return bytes;
}

void posture_sum_add(struct posture_sum *sum, enum devid_answer answer, char *words)
{
	GPtrArray **list = &sum->words[answer];

	if (!*list)
		*list = g_ptr_array_new_with_free_func(g_free);
	if (g_ptr_array_find_with_equal_func(*list, words, g_str_equal, NULL))
		g_free(words);
	else
		g_ptr_array_add(*list, words);
}

/* The first of `order` that some answer was. With nothing added nothing can be told. */
static enum devid_answer decide(struct posture_sum *sum, const enum devid_answer order[3],
				char **message)
{
	enum devid_answer answer = DEVID_ANSWER_UNKNOWN;

	for (gsize i = 3; i-- > 0;)
		if (sum->words[order[i]])
			answer = order[i];
	if (message && sum->words[answer]) {
		g_ptr_array_add(sum->words[answer], NULL);
		*message = g_strjoinv("; ", (char **)sum->words[answer]->pdata);
	} else if (message) {
		*message = g_strdup("there is nothing to look at");
	}
	for (gsize i = 0; i < G_N_ELEMENTS(sum->words); i++)
		g_clear_pointer(&sum->words[i], g_ptr_array_unref);
	return answer;
}

enum devid_answer posture_sum_all(struct posture_sum *sum, char **message)
{
	static const enum devid_answer order[] = { DEVID_ANSWER_FAIL, DEVID_ANSWER_UNKNOWN,
						   DEVID_ANSWER_PASS };

	return decide(sum, order, message);
}

enum devid_answer posture_sum_any(struct posture_sum *sum, char **message)
{
	static const enum devid_answer order[] = { DEVID_ANSWER_PASS, DEVID_ANSWER_UNKNOWN,
						   DEVID_ANSWER_FAIL };

	return decide(sum, order, message);
}
