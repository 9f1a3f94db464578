/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `openconnect --authenticate` printed. */
#include <string.h>
#include "base/error.h"
#include "ticket.h"

/* Where NAME='value' is in it; NULL: nowhere. */
static const char *find_value(const struct secret *ticket, const char *name, size_t *length)
{
	const char *at = (const char *)ticket->data, *end = at + ticket->length;
	size_t size = strlen(name);

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t line = (size_t)((stop ? stop : end) - at);

		if (line >= size + 3 && memcmp(at, name, size) == 0 && at[size] == '=' &&
		    at[size + 1] == '\'' && at[line - 1] == '\'') {
			*length = line - size - 3;
			return at + size + 2;
		}
		at += line + 1;
	}
	return NULL;
}

/* Nothing that isn't the cookie is secret. Only characters that can be nothing but part of a
 * word. */
char *vpn_ticket_value(const struct secret *ticket, const char *name)
{
	size_t length = 0;
	const char *value = find_value(ticket, name, &length);

	if (!value || length == 0 || *value == '-')
		return NULL;
	for (size_t i = 0; i < length; i++)
		if (value[i] <= ' ' || value[i] >= 0x7f || value[i] == '\'')
			return NULL;
	return g_strndup(value, length);
}

bool vpn_ticket_cookie(const struct secret *ticket, struct secret *line)
{
	size_t length = 0;
	const char *value = find_value(ticket, "COOKIE", &length);

	return value && length > 0 && secret_append(line, value, length) == DEVID_OK &&
	       secret_append(line, "\n", 1) == DEVID_OK;
}

void vpn_ticket_odd(const struct vpn_session *session, GError **error)
{
	devid_error_set(error, DEVID_FAILED, "client-failed", NULL,
			"%s: what openconnect answered to the sign-in is not understood",
			session->connection->gateway);
}
