/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenSSL's two ways to a token: its pkcs11 engine, and pkcs11-provider. OpenSSL 4 has no engines,
 * Debian 12 no provider; what is installed tells which a configuration is written for.
 */
#pragma once

#include "profile.h"

/* `word`: what --for says, or NULL. Fails, in words, where the client doesn't go through OpenSSL,
 * can't be had that way, or none is installed and none was named. */
bool profile_choose_way(const struct profile *client, const char *word, enum profile_way *way,
			GError **error);
