/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One identity as it rests on disk: `<name>.identity`, the public half. Read with libc alone (by
 * the module, the command and the agent), written by the agent (helper/agent/store/).
 *
 *     Devid-Identity: 1
 *     Label: laptop-042              the identity's name, and its certificate's CKA_LABEL
 *     Key-Label: …                   the private key's, where it is another
 *     Public-Key-Label: …            the public key's, where it is not the private key's
 *     ID: 0a1b…                      CKA_ID, hex
 *     Store: keyring                 keyring, file, none (no private half: a lone certificate)
 *     SPKI-SHA256: …                 64 hex digits; names the private half
 *     SPKI: MIIB…                    base64 of the DER SubjectPublicKeyInfo, one line
 *     Imported: 2026-11-22T10:00:00Z
 *     Size-Accepted: yes             only where --accept-size took it
 *     Local: yes                     only where the key was made in its store
 *     PSS: no                        only where the key's hardware makes RSA-PSS with a salt of its
 *                                    own length
 *     Auth: keyring                  only where hardware wants an authorisation of its own for
 *                                    the key: where that is kept (keyring, credential)
 *     Renews: 0123456789abcdef       only of a key that waits for its certificate: the name of the
 *                                    identity whose place the two then take
 *     Until: 2026-11-29T10:00:00Z    only in a former record: when its use ends
 *     Check-Value: 1a2b3c            SHA-1 of the leaf, first three bytes (PKCS#11 CKA_CHECK_VALUE)
 *     Chain-ID: …                    one a chain certificate, in their order
 *     Chain-Label: …                 likewise
 *     Chain-Check-Value: …           likewise
 *
 *     -----BEGIN CERTIFICATE-----    the leaf where there is one (Leaf: no says: there is none)
 *     …                              then the chain
 *
 * Values are UTF-8 without control characters. Unknown names are skipped; a missing or doubled
 * required one, a bad number, a PEM block that ends early, more than RECORD_SIZE_MAX bytes:
 * DEVID_BAD_DATA with the line. Of a version to come: DEVID_UNSUPPORTED, and it is left alone. A
 * record is never believed to be NUL-ended.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <devid/result.h>

#define RECORD_SIZE_MAX	   (256 * 1024)
#define RECORD_CHAIN_MAX   16
#define RECORD_ID_MAX	   255
#define RECORD_LABEL_MAX   255
#define RECORD_SUFFIX	   ".identity"
#define RECORD_NAME_LENGTH 16 /* hex digits before the suffix */

struct record_bytes {
	uint8_t *data;
	size_t length;
};

struct record_chain {
	struct record_bytes certificate; /* DER */
	struct record_bytes id;
	char *label;
	uint8_t check_value[3];
};

struct record {
	char name[RECORD_NAME_LENGTH + 1]; /* set by record_load_folder() */
	char *label;
	char *key_label;	/* NULL: `label` */
	char *public_key_label; /* NULL: as the private key's */
	struct record_bytes id;
	char *store; /* "keyring", "file", "tpm", "none" */
	uint8_t spki_hash[32];
	struct record_bytes spki;
	char *imported;
	bool size_accepted;
	bool local;   /* the key was made in its store, and has been nowhere else */
	bool no_pss;  /* its hardware makes RSA-PSS with a salt of its own length */
	char *auth;   /* where the authorisation is that its hardware wants for it; else NULL */
	char *renews; /* of a key that waits: the name of the identity that it is for; else NULL */
	char *until;  /* of a former record: when its use ends; else NULL */
	uint8_t check_value[3];
	struct record_bytes leaf; /* length 0: a lone key */
	struct record_chain chain[RECORD_CHAIN_MAX];
	size_t chain_count;
};

/* Parses `length` bytes. On failure `*line` (may be NULL) tells where, and `record` is clear. */
enum devid_result record_parse(const char *text, size_t length, struct record *record,
			       unsigned *line) DEVID_MUST_USE;
void record_clear(struct record *record);
bool record_has_key(const struct record *record);
/* What may be a label: 1 to RECORD_LABEL_MAX bytes of UTF-8 without control characters. */
bool record_label_is_sound(const char *label);

/* The CKA_LABEL of its private and of its public key. A public key that nobody wrote is there
 * because the private key is, and is called as that is, not as the certificate: p11tool and
 * pkcs11-tool make and list the two as one pair under one label.
 */
const char *record_key_label(const struct record *record);
const char *record_public_key_label(const struct record *record);

/* Reads `<name>.identity` in the folder behind `dirfd`: regular file, no link, owned by the
 * folder's owner, not writable by others.
 */
enum devid_result record_load(int dirfd, const char *name, struct record *record) DEVID_MUST_USE;

/* Whether a file of that name counts as a record. */
bool record_is_file(const char *file);
/* The text of such a file, malloc()ed, under the same rules; `why`: words for what is wrong. */
enum devid_result record_read(int dirfd, const char *file, uid_t owner, char **text, size_t *length,
			      const char **why) DEVID_MUST_USE;

/* A former record, `<name>.<spki>.former`: what the identity of that name was before it was
 * replaced by one with another key. That key signs on, for handles that were given out before.
 */
#define RECORD_FORMER_SUFFIX ".former"
#define RECORD_FORMER_SIZE   (RECORD_NAME_LENGTH + 1 + 64 + sizeof(RECORD_FORMER_SUFFIX))
void record_former_file(const char *name, const uint8_t spki_hash[32],
			char file[RECORD_FORMER_SIZE]);
/* Whether that former record is in the folder. */
bool record_is_former(const char *folder, const char *name, const uint8_t spki_hash[32]);

/* Reads every record, one in memory at a time and in no order. */
struct record_walk {
	bool former; /* the former records instead */
	/* May take the record's content by copying it and zeroing the record; any result but
	 * DEVID_OK ends the walk.
	 */
	enum devid_result (*each)(struct record *record, void *data);
	/* May be NULL. As `warn` of record_load_folder(). */
	void (*skipped)(const char *file, unsigned line, const char *why, void *data);
	void *data;
};
/* `*generation` is that of the folder before the first record was read. A missing folder has
 * none. */
enum devid_result record_walk_folder(const char *folder, uint64_t *generation,
				     const struct record_walk *walk) DEVID_MUST_USE;

struct record_list {
	struct record *records; /* sorted by label, then name */
	size_t count;
	size_t skipped; /* records that could not be read */
	uint64_t generation;
};
/* Reads every record. A missing folder is an empty list. `warn` (may be NULL) hears of each record
 * that was skipped: its file name, line (0: none) and why.
 */
enum devid_result record_load_folder(const char *folder, struct record_list *list,
				     void (*warn)(const char *file, unsigned line, const char *why,
						  void *data),
				     void *data) DEVID_MUST_USE;
/* The former records likewise; the name of each is that of the identity that it was. */
enum devid_result record_load_former(const char *folder, struct record_list *list,
				     void (*warn)(const char *file, unsigned line, const char *why,
						  void *data),
				     void *data) DEVID_MUST_USE;
/* Both: whatever names a private half. */
enum devid_result record_load_all(const char *folder, struct record_list *list) DEVID_MUST_USE;
void record_list_clear(struct record_list *list);

/* The folder's generation: the `generation` file's 16 hex digits; 0 where there is none. */
uint64_t record_generation(const char *folder);

/* base64.c: strict RFC 4648 with optional LF or CRLF between; returns bytes written, or -1. `out`
 * holds at least length / 4 * 3 + 3 bytes.
 */
ptrdiff_t base64_decode(const char *text, size_t length, uint8_t *out);
/* hex.c: even number of digits, either case. False for anything else. */
bool hex_decode(const char *text, size_t length, uint8_t *out);
void hex_encode(const uint8_t *data, size_t length, char *out); /* 2 * length + 1 bytes */
