/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a keyring is there, asked of the session bus alone. */
#pragma once

#include <glib.h>

/* What keyring_look() says of a default that names a collection which its daemon doesn't have. */
#define KEYRING_DANGLING "it runs, and its default collection isn't there for it"

/* One line for a person; *state (newly allocated) is "ready", "locked" or "missing". Never starts a
 * bus, a daemon or a prompt; ends within 2 s.
 */
char *keyring_look(char **state);

/* The device keys of an open keyring, each by the SHA-256 of its public half in hex (char*, newly
 * allocated); NULL: it can't be told. As bounded, and as quiet.
 */
GPtrArray *keyring_look_keys(void);

/* After that hash, where an item is not the key but the authorisation of a TPM's key. */
#define KEYRING_TPM_AUTH ".tpm"
