/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is noted of a PKCS#12 file while it is read, and the words for what is wrong with it. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "pbe.h"

/* The halves of the reader know it: p12.c (the file and its parts) and p12-bag.c (what a part
 * holds). */
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

/* Keeps an encryption for p12_cipher(), and the first problem with one. Takes `pbe`. */
struct pbe *p12_note_cipher(struct p12 *p12, struct pbe *pbe);
/* Remembers the first ciphertext that a password can be tried on. */
void p12_note_probe(struct p12 *p12, struct pbe *pbe, const struct secret *cipher);
/* The same for the work that a password costs. */
void p12_note_work(struct p12 *p12, const struct pbe *pbe);

/* Always false. */
bool p12_damaged(GError **error, const char *where);
/* The words for what pbe_decrypt() answered. `sure`: the password opened something else in the
 * file. */
bool p12_refuse(GError **error, enum pbe_outcome outcome, const struct pbe *pbe, bool sure);
/* Always false: WHAT is in the file, and isn't read. */
bool p12_unsupported(GError **error, const char *what, const char *oid);
