/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store "keyring": private halves as items of the desktop's Secret Service. */
#pragma once

#include "store.h"

extern const struct store store_keyring;
/* Begins to connect, in a thread of its own, so that the first request finds the session open. */
void store_keyring_prepare(void);
