/* Whether a keyring is there, asked of the session bus alone. */
#ifndef COMMAND_KEYRING_LOOK_H
#define COMMAND_KEYRING_LOOK_H

#include <glib.h>

/* One line for a person; *state (newly allocated) is "ready", "locked" or "missing". Never starts a
 * bus, a daemon or a prompt; ends within 2 s.
 */
char *keyring_look(char **state);
/* The session's bus where there is one, never a new one; newly allocated, or NULL. */
char *keyring_bus_address(void);

/* The device keys of an open keyring, each by the SHA-256 of its public half in hex (char*, newly allocated);
 * NULL: it can't be told. As bounded, and as quiet.
 */
GPtrArray *keyring_look_keys(void);

#endif
