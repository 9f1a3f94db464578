/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What name.c knows of strings in certificates. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "der.h"

/* Tags of a GeneralName (RFC 5280 section 4.2.1.6), as encoded. */
#define NAME_TAG_MAIL	   0x81
#define NAME_TAG_DNS	   0x82
#define NAME_TAG_DIRECTORY 0xa4
#define NAME_TAG_URI	   0x86
#define NAME_TAG_IP	   0x87

/* The content bytes of an ASN.1 string type (its universal tag) as text, with a NUL after
 * `*out_length` bytes; those of the ASCII types are not looked at. NULL: no string type, or not
 * convertible.
 */
char *name_string_value(unsigned long tag, const void *data, gsize length, gsize *out_length);

/* Whether the universal tag is one of a string type; and of one whose ASCII is ASCII, byte for
 * byte. */
bool name_is_string(unsigned long tag);
bool name_keeps_ascii(unsigned long tag);

/* All the bytes, and a NUL after them. */
char *name_copy(const void *data, gsize length);

/* The content of an AttributeTypeAndValue, as the contents of its type and value. */
bool name_take_attribute(struct der attribute, struct der *oid, guint8 *tag, struct der *value);
/* Takes the next attribute off the content of a Name, RDN by RDN; *rdn is the state between calls,
 * {NULL, 0} at first. `oid` and `value` are contents. false: there are no more.
 */
bool name_next_attribute(struct der *name, struct der *rdn, struct der *oid, guint8 *tag,
			 struct der *value);
