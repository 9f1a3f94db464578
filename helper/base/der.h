/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A reader of DER (X.690) for the few structures that GnuTLS does not hand out as they are. */
#pragma once

#include <stdbool.h>
#include <glib.h>

#define DER_BIT_STRING	 0x03
#define DER_OCTET_STRING 0x04
#define DER_OID		 0x06
#define DER_SEQUENCE	 0x30
#define DER_SET		 0x31

/* A stretch of bytes that is read from the front; or one element's content. */
struct der {
	const guint8 *data;
	gsize length;
};

/* Takes the next element off `from`. false: nothing left, or not DER (tags over 30 and indefinite
 * lengths included); `from` is then as it was.
 */
bool der_next(struct der *from, guint8 *tag, struct der *content);
/* The same for an element of that tag alone. */
bool der_expect(struct der *from, guint8 tag, struct der *content);
/* An OID's content as dotted numbers (X.690 section 8.19); NULL: it is none. */
char *der_oid_text(const struct der *oid);
bool der_equal(const struct der *a, const struct der *b);
