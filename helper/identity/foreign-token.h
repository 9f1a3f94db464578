/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A token that isn't ours, about to be written: named by a URI, reached through GnuTLS and
 * p11-kit. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>

struct foreign_token {
	char *url;	  /* every attribute that the token has, no query */
	char *pin_source; /* a file that the URI's query names */
	char *label;
	bool hardware;
	bool making;	      /* a key is to be made on it: what refusals are about */
	const char *pin_file; /* --pin-file, which comes before it */
	struct secret pin;
	bool asks; /* whoever logs in now is given its PIN */
	bool pin_refused;
	GError *pin_error; /* why there is no PIN */
};
#define FOREIGN_TOKEN_INIT ((struct foreign_token){ .pin = SECRET_INIT })

/* Finds the one token that `uri` means; `*object` gets the label that the URI names, or NULL. */
bool foreign_token_open(struct foreign_token *token, const char *uri, const char *pin_file,
			char **object, GError **error);
/* A gnutls_pin_callback_t; its data is the token. */
int foreign_token_pin(void *token, int attempt, const char *url, const char *label, unsigned flags,
		      char *pin, size_t size);
/* What was wanted of it is open: from here on only those that have foreign_token_pin() of their own
 * are given the PIN, and others may use it in other threads. */
void foreign_token_opened(struct foreign_token *token);
void foreign_token_close(struct foreign_token *token);

enum foreign_type { FOREIGN_CERTIFICATE, FOREIGN_PRIVATE, FOREIGN_PUBLIC };
/* The URL of an object: by id and label where they aren't NULL. g_free(). */
char *foreign_url(const struct foreign_token *token, enum foreign_type type, GBytes *id,
		  const char *label);

/* The URI that is told to people: token and label. g_free(). */
char *foreign_plain_uri(const struct foreign_token *token, const char *label);

struct foreign_object {
	GBytes *der; /* of a certificate; else empty */
	GBytes *id;
	char *label;
};
/* What is there: struct foreign_object; NULL for an error, which an empty token isn't. */
GPtrArray *foreign_find(struct foreign_token *token, enum foreign_type type, GBytes *id,
			const char *label, GError **error);
/* The DER SPKI of a private key on it; NULL: it doesn't tell. */
GBytes *foreign_spki(struct foreign_token *token, GBytes *id, const char *label);
/* The id of the private key with that SPKI; NULL: there is none, or none that tells. */
GBytes *foreign_find_spki(struct foreign_token *token, GBytes *spki, char **label);
/* Where nothing is there, nothing is wrong, and `*count` (may be NULL) is 0. */
bool foreign_delete(struct foreign_token *token, const char *url, unsigned *count, GError **error);
/* The error for a code that GnuTLS answered to `what`. */
void foreign_error(struct foreign_token *token, const char *what, int code, GError **error);
