/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A private half as text, in locked memory alone: base64 for the keyring, PEM for a file. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>

/* The largest text that is read: RSA-4096 comes to 3.3 KB. */
#define KEY_TEXT_MAX 16384

/* One line of base64. False: no memory. */
bool key_text_base64(const struct secret *pkcs8, struct secret *text);
/* RFC 7468 section 10: "PRIVATE KEY", so that `openssl pkey` reads it. */
bool key_text_pem(const struct secret *pkcs8, struct secret *text);
/* Back from either; line ends may stand between. False: damaged, or no memory. */
bool key_text_read(const char *text, gsize length, struct secret *pkcs8);

bool key_text_equal(const struct secret *a, const struct secret *b);
