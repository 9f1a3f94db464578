/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* User names and passwords for gateways, kept in the user's keyring: schema org.devid.SignIn. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>

/* What the user typed, or the keyring had. */
struct sign_in {
	char *user;
	struct secret password;
};
#define SIGN_IN_INIT ((struct sign_in){ NULL, SECRET_INIT })
#define AUTO_SIGN_IN __attribute__((cleanup(sign_in_clear)))
void sign_in_clear(struct sign_in *sign_in);

/* Each ends within 5 s, or two minutes where the keyring asks its own question; never starts a bus.
 * `gateway`: "host:port". DEVID_STORE_* where the keyring can't be used.
 *
 * false without an error: nothing is kept. `user` NULL: of whatever user.
 */
bool sign_in_recall(const char *gateway, const char *user, struct sign_in *sign_in, GError **error);
bool sign_in_save(const char *gateway, const struct sign_in *sign_in, GError **error);
/* `gateway` NULL: all of them. How many were forgotten, or with `look` are there; -1 with *error.
 * `*kept`: what the keyring is known to keep of them, or NULL.
 */
int sign_in_forget(const char *gateway, bool look, const char **kept, GError **error);
