/* The store "keyring": private halves as items of the desktop's Secret Service. */
#ifndef AGENT_STORE_KEYRING_H
#define AGENT_STORE_KEYRING_H

#include "store.h"

extern const struct store store_keyring;
/* Begins to connect, in a thread of its own, so that the first request finds the session open. */
void store_keyring_prepare(void);

#endif
