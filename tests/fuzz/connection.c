/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection's file. Whatever comes in: a connection that can be made, or one line that says
 * where it is wrong. */
#include <string.h>
#include "fuzz.h"
#include "connection/connection.h"

static void check_words(char **words)
{
	for (char **word = words; word && *word; word++)
		FUZZ_CHECK(!strchr(*word, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *why = NULL, *address = NULL;
	g_autoptr(Connection) connection = NULL;

	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	connection = connection_parse("work", (const char *)data, size, &why);
	FUZZ_CHECK((!connection) == (why != NULL));
	if (!connection) {
		FUZZ_CHECK(g_utf8_validate(why, -1, NULL) && !strchr(why, '\n'));
		return 0;
	}
	FUZZ_CHECK(connection->client != NULL);
	FUZZ_CHECK(!connection->gateway || connection->gateway[0] != '-');
	FUZZ_CHECK(!connection->host || connection->port != 0);
	check_words(connection->arguments);
	check_words(connection->command);
	if (connection->host)
		address = connection_address(connection);
	return 0;
}
