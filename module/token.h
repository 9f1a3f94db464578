/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A token's content: what the records of its folder say, as objects with handles.
 *
 * Nothing is read before the first search, and again only when the folder's generation changed.
 * A handle stays with its object while that object stays the same (a key by its SPKI in its record,
 * a certificate by its DER), and is never given to another. Programs keep certificate and handle:
 * what was replaced stays for them, unseen by searches, while its former record is in the folder.
 * All functions want the library's lock.
 */
#pragma once

#include <internal/path.h>
#include <p11-kit/pkcs11.h>
#include "credential.h"

#define TOKEN_COUNT 2 /* enum scope names them; a slot's id is its token's number */

struct object {
	CK_OBJECT_HANDLE handle;
	enum wire_object class;
	const struct credential *credential;
};

/* Brings the objects up to date; `force` reads the records even where the generation is the
 * same. */
enum devid_result token_refresh(enum scope scope, bool force) DEVID_MUST_USE;
/* All objects, former ones too, by growing handle. Valid until the next refresh. */
const struct object *token_objects(enum scope scope, size_t *count);
/* NULL: none with that handle. */
const struct object *token_find(enum scope scope, CK_OBJECT_HANDLE handle);
/* The same, of the folder as it is now. */
const struct object *token_look(enum scope scope, CK_OBJECT_HANDLE handle);
/* The SPKI's hash of a private key whose handle is dead, told once; NULL: no such handle is known,
 * or the key is there again.
 */
const uint8_t *token_take_dead(enum scope scope, CK_OBJECT_HANDLE handle);
/* The object of that class of the record `name`; NULL: none. */
const struct object *token_find_record(enum scope scope, const char *name, enum wire_object class);
bool token_has_private_keys(enum scope scope);

/* Drops everything; `whole` false: lets it lie (see agent_forget()). */
void token_forget(bool whole);
