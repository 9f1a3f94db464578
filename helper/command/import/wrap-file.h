/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One identity for a TPM that is elsewhere: read, wrapped by the agent, written as one PEM text. */
#pragma once

#include <stdbool.h>
#include <internal/client.h>
#include "import.h"

struct wrap_file {
	const char *file, *storage_key; /* a path each */
	const char *folder;		/* of the output; NULL: see `output` */
	char *output; /* a path, NULL: standard output; with a folder it is made */
	bool changed; /* else the output was there already, and is the same */
};

/* `password` is used, and stays its caller's. */
bool wrap_file_run(struct wrap_file *wrap, const struct import_options *options,
		   struct password_words *password, struct client *client, GError **error);
