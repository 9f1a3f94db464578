/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The session in which secrets pass the bus, as the Secret Service's specification has it
 * ("Transfer of secrets"): enciphered under a key that both sides make by Diffie-Hellman in the
 * second Oakley group (RFC 2409 section 6.2), or plain where a service knows nothing else.
 * libsecret makes the same session with the whole width of the group for its exponent, in
 * libgcrypt: that was a third of all that an agent's start and its first signature cost.
 */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>
#include <internal/secret.h>

#define SESSION_CALL_MS 5000

struct keyring_session;

/* A session on this connection with the daemon whose unique name is `owner`; called by the link's
 * worker alone. Errors are GDBus's, or G_IO_ERROR_FAILED.
 */
struct keyring_session *keyring_session_open(GDBusConnection *connection, const char *owner,
					     GCancellable *cancel, GError **error);
void keyring_session_free(struct keyring_session *session);
const char *keyring_session_path(const struct keyring_session *session);
/* A floating (oayays), or NULL where there is no memory. */
GVariant *keyring_session_encode(const struct keyring_session *session, const struct secret *text,
				 const char *content_type);
/* What an (oayays) of this session says; false where it is enciphered wrongly. */
bool keyring_session_decode(const struct keyring_session *session, GVariant *encoded,
			    struct secret *text);
