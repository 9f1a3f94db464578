/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identities made on the spot, a private data folder, and whether all in it is whole. */
#ifndef TEST_IDENTITIES_H
#define TEST_IDENTITIES_H

#include <stdbool.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <devid/account.h>
#include <internal/wire.h>
#include "agent/identity/identity-undo.h"
#include "agent/identity/identity.h"

struct made {
	struct secret pkcs8;
	GBytes *leaf; /* DER */
};

/* A P-256 key; `filler` bytes of an extension make the certificate as large as wanted. */
void make_key(struct made *made);
void make_leaf(struct made *made, const char *name, int serial, size_t filler, bool authority);
extern int leaf_days; /* for which the next ones are valid */
void made_clear(struct made *made);
#define AUTO_MADE __attribute__((cleanup(made_clear)))
GBytes *made_spki(const struct made *made);

/* cmocka fixtures: a fresh data folder in $DEVID_DATA_DIR, gone afterwards. */
int folder_setup(void **state);
int folder_teardown(void **state);
/* The same folder for the machine's scope too, whose store is a file. */
int system_setup(void **state);
const char *data_folder(void);
/* The store that the tests use: $TEST_STORE, else "file". */
const struct store *test_store(void);
const struct devid_account *test_account(void);

/* An import of `made` and the certificates after it (NULL-ended, may be NULL). */
bool import_made(const struct made *made, const char *label, guint32 flags, bool with_key,
		 GBytes *const *chain, struct identity_result *result, struct identity_undo **undo,
		 GError **error);
/* The same, kept, and it must succeed. Returns the record's name. */
char *import_kept(const struct made *made, const char *label, guint32 flags);

/* WRITE to the machine's scope, as a module asks for it; `label` and `id` may be NULL. */
bool write_object(struct wire_frame *frame, enum wire_object object, const char *label,
		  const char *id, struct identity_result *result, GError **error);
bool write_certificate(const struct made *made, const char *label, const char *id,
		       struct identity_result *result, GError **error);
bool write_key(const struct made *made, const char *label, const char *id,
	       struct identity_result *result, GError **error);
bool write_public(const struct made *made, const char *label, struct identity_result *result,
		  GError **error);
#define AUTO_RESULT __attribute__((cleanup(identity_result_clear)))

/* It was refused for that reason; `*error` is clear again. */
void assert_fails(bool done, GError **error, enum devid_result why);

/* Every record is readable, its private half is there and belongs to it, nothing is left over
 * (marks and halves that nobody names go with the next writer, which this is). Returns the records'
 * count.
 */
size_t assert_whole(void);
/* Every former record has its half. Returns their count. */
size_t assert_formers(void);
/* The one record with that label; the test fails where there is none. */
void find_record(const char *label, struct record *record);
bool has_record(const char *label);
guint64 generation(void);

#endif
