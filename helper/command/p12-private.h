/* The halves of the PKCS#12 reader: p12.c (the file and its parts) and p12-bag.c (what a part
 * holds). */
#ifndef COMMAND_P12_PRIVATE_H
#define COMMAND_P12_PRIVATE_H

#include "p12.h"

struct safe {
	struct pbe *pbe;       /* NULL: not encrypted */
	struct secret content; /* SafeContents, or its ciphertext */
};

struct p12 {
	struct secret content; /* AuthenticatedSafe: what the integrity check covers */
	struct pbe *mac;
	struct secret mac_value;
	GPtrArray *safes;
	GPtrArray *ciphers; /* struct pbe*, owned */
	struct safe probe;  /* something small to try a password on: borrowed pbe */
	GError *problem;
	uint64_t iterations_max;
	uint64_t work; /* iterations of all parts that are known */
	unsigned items;
	bool opened; /* a part opened with the password: it is right */
};

/* One walk over a safe: with `bundle` it reads, without it only looks. */
struct walk {
	struct p12 *p12;
	struct bundle *bundle;
	struct pbe_password *password;
	unsigned depth;
};

gboolean walk_safe(struct walk *walk, struct ber content, GError **error);

/* Keeps an encryption for p12_cipher(), and the first problem with one. Takes `pbe`. */
struct pbe *note_cipher(struct p12 *p12, struct pbe *pbe);
/* Remembers the first ciphertext that a password can be tried on. */
void note_probe(struct p12 *p12, struct pbe *pbe, const struct secret *cipher);

/* Always FALSE. */
gboolean damaged(GError **error, const char *where);
/* The words for what pbe_decrypt() answered. `sure`: the password opened something else in the
 * file. */
gboolean refuse(GError **error, enum pbe_outcome outcome, const struct pbe *pbe, bool sure);

#endif
