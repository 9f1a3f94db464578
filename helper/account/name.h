/* What name.c knows of strings in certificates. */
#ifndef ACCOUNT_NAME_H
#define ACCOUNT_NAME_H

#include <glib.h>

/* The content bytes of an ASN.1 string type (its universal tag) as text, with a NUL after
 * `*out_length` bytes; those of the ASCII types are not looked at. NULL: no string type, or not
 * convertible.
 */
char *name_string_value(unsigned long tag, const void *data, gsize length, gsize *out_length);

/* All the bytes, and a NUL after them. */
char *name_copy(const void *data, gsize length);

#endif
