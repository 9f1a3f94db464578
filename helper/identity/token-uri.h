/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A PKCS#11 URI that names a foreign token (RFC 7512), as p11-kit reads it. */
#pragma once

#include <p11-kit/uri.h>
#include <glib.h>
#include <internal/secret.h>
#include <stdbool.h>

/* How many bytes of what was given for a URI may be shown: what follows may be a PIN, also where it
 * stands wrongly. */
int token_uri_shown(const char *text);
/* To be freed by p11_kit_uri_free(). */
P11KitUri *token_uri_parse(const char *text, GError **error);
/* Whether a token whose every attribute stands in `url` is meant. */
bool token_uri_matches(P11KitUri *uri, const char *url);
/* With the class of a private key, where it names none; g_free(). */
char *token_uri_of_key(const char *text, GError **error);
/* The label that it names an object by; NULL: none. g_free(). */
char *token_uri_object(P11KitUri *uri);
/* Its pin-value, appended to `pin` and wiped in the URI; *source: the file that pin-source names,
 * or NULL; g_free(). */
bool token_uri_pin(P11KitUri *uri, struct secret *pin, char **source, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(P11KitUri, p11_kit_uri_free)
