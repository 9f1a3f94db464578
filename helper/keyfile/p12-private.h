/* The halves of the PKCS#12 reader: p12.c (the file and its parts) and p12-bag.c (what a part
 * holds). */
#pragma once

#include "pbe.h"

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
