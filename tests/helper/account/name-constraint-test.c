/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One name beside one name constraint: every kind, and what can't be read, which is neither inside
 * nor outside.
 */
#include "account/name-constraint.h"
#include "base/der.h"
#include "base/name.h"
#include "harness.h"

#define BYTES(text)                    \
	{                              \
		text, sizeof(text) - 1 \
	}

struct bytes {
	const char *data;
	gsize length;
};

struct row {
	guint8 tag;
	struct bytes constraint, name;
	enum name_match permitted;
	enum name_match excluded; /* where it is another answer: see `other` */
	bool other;
};

#define IN  NAME_INSIDE
#define OUT NAME_OUTSIDE
#define BAD NAME_UNREADABLE

/* Names of two RDNs, C=JP and O=…, as DER. */
#define DIR_JP	       "\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02JP"
#define DIR_O(type, c) "\x31\x0a\x30\x08\x06\x03\x55\x04\x0a" type "\x01" c
#define DIR_JP_O(o)    "\x30\x19\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02JP" o

static const struct row rows[] = {
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("corp.example"), IN },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("a.b.corp.example"), IN },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("A.Corp.EXAMPLE"), IN },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("notcorp.example"), OUT },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("example"), OUT },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("corp.example.evil"), OUT },
	{ NAME_TAG_DNS, BYTES(".corp.example"), BYTES("a.corp.example"), IN },
	{ NAME_TAG_DNS, BYTES(".corp.example"), BYTES("corp.example"), OUT },
	{ NAME_TAG_DNS, BYTES(""), BYTES("any.example"), IN },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("*.corp.example"), IN },
	{ NAME_TAG_DNS, BYTES("a.corp.example"), BYTES("*.corp.example"), OUT, IN, true },
	{ NAME_TAG_DNS, BYTES("a.corp.example"), BYTES("*.evil.example"), OUT },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("a_b-1.corp.example"), IN },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("a\0.corp.example"), BAD },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("corp.example\0"), BAD },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("corp.example."), BAD },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES(".corp.example"), BAD },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("a..corp.example"), BAD },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("\xc3\xa4.corp.example"), BAD },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("\xff.corp.example"), BAD },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("a b.corp.example"), BAD },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("a.*.corp.example"), BAD },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES("*"), BAD },
	{ NAME_TAG_DNS, BYTES("corp.example"), BYTES(""), BAD },
	{ NAME_TAG_DNS, BYTES("corp\0.example"), BYTES("a.example"), BAD },
	{ NAME_TAG_DNS, BYTES("*.example"), BYTES("a.example"), BAD },
	{ NAME_TAG_DNS, BYTES("."), BYTES("a.example"), BAD },

	{ NAME_TAG_MAIL, BYTES("corp.example"), BYTES("a@corp.example"), IN },
	{ NAME_TAG_MAIL, BYTES("corp.example"), BYTES("a@CORP.example"), IN },
	{ NAME_TAG_MAIL, BYTES("corp.example"), BYTES("a@b.corp.example"), OUT },
	{ NAME_TAG_MAIL, BYTES(".corp.example"), BYTES("a@b.corp.example"), IN },
	{ NAME_TAG_MAIL, BYTES(".corp.example"), BYTES("a@corp.example"), OUT },
	{ NAME_TAG_MAIL, BYTES("a@corp.example"), BYTES("a@corp.EXAMPLE"), IN },
	{ NAME_TAG_MAIL, BYTES("a@corp.example"), BYTES("b@corp.example"), OUT },
	{ NAME_TAG_MAIL, BYTES("a@corp.example"), BYTES("A@corp.example"), OUT, IN, true },
	{ NAME_TAG_MAIL, BYTES("corp.example"), BYTES("a@corp.example@evil.example"), OUT },
	{ NAME_TAG_MAIL, BYTES("corp.example"), BYTES("corp.example"), BAD },
	{ NAME_TAG_MAIL, BYTES("corp.example"), BYTES("@corp.example"), BAD },
	{ NAME_TAG_MAIL, BYTES("corp.example"), BYTES("a@"), BAD },
	{ NAME_TAG_MAIL, BYTES("corp.example"), BYTES("a\0@corp.example"), BAD },
	{ NAME_TAG_MAIL, BYTES("corp.example"), BYTES("a@corp.example\0"), BAD },
	{ NAME_TAG_MAIL, BYTES("corp.example"), BYTES("\"a b\"@corp.example"), BAD },
	{ NAME_TAG_MAIL, BYTES(""), BYTES("a@corp.example"), BAD },
	{ NAME_TAG_MAIL, BYTES("a@"), BYTES("a@corp.example"), BAD },

	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("https://corp.example/x"), IN },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("https://user@CORP.example:8443"), IN },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("spiffe://corp.example/device/1"), IN },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("https://a.corp.example/"), OUT },
	{ NAME_TAG_URI, BYTES(".corp.example"), BYTES("https://a.corp.example/"), IN },
	{ NAME_TAG_URI, BYTES(".corp.example"), BYTES("https://corp.example/"), OUT },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("https://corp.example@evil.example/"), OUT },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("https://evil.example/?corp.example"), OUT },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("https://corp%2eexample/"), IN },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("urn:uuid:1"), BAD },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("mailto:a@corp.example"), BAD },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("https://192.0.2.1/"), BAD },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("https://[2001:db8::1]/"), BAD },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("https://corp.example\0/"), BAD },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("https:///x"), BAD },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("https://corp.example./"), BAD },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("https://\xff.example/"), BAD },
	{ NAME_TAG_URI, BYTES("corp.example"), BYTES("corp.example"), BAD },
	{ NAME_TAG_URI, BYTES(""), BYTES("https://corp.example/"), BAD },
	{ NAME_TAG_URI, BYTES("https://corp.example/"), BYTES("https://corp.example/"), BAD },

	{ NAME_TAG_IP, BYTES("\xc0\0\x02\0\xff\xff\xff\0"), BYTES("\xc0\0\x02\x07"), IN },
	{ NAME_TAG_IP, BYTES("\xc0\0\x02\0\xff\xff\xff\0"), BYTES("\xc0\0\x03\x07"), OUT },
	{ NAME_TAG_IP, BYTES("\0\0\0\0\0\0\0\0"), BYTES("\xc0\0\x03\x07"), IN },
	{ NAME_TAG_IP, BYTES("\xc0\0\x02\0\xff\xff\xff\0"), BYTES("0123456789abcdef"), OUT },
	{ NAME_TAG_IP, BYTES("0123456789abcdef\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0"),
	  BYTES("0123xxxxxxxxxxxx"), IN },
	{ NAME_TAG_IP, BYTES("\xc0\0\x02\0\xff\xff\xff\0"), BYTES("\xc0\0\x02"), BAD },
	{ NAME_TAG_IP, BYTES("\xc0\0\x02\0\xff\xff\xff\0"), BYTES(""), BAD },
	{ NAME_TAG_IP, BYTES("\xc0\0\x02\0\xff\0\xff\0"), BYTES("\xc0\0\x02\x07"), BAD },
	{ NAME_TAG_IP, BYTES("\xc0\0\x02\0"), BYTES("\xc0\0\x02\x07"), BAD },
	{ NAME_TAG_IP, BYTES(""), BYTES("\xc0\0\x02\x07"), BAD },

	{ NAME_TAG_DIRECTORY, BYTES(DIR_JP), BYTES(DIR_JP), IN },
	{ NAME_TAG_DIRECTORY, BYTES(DIR_JP), BYTES(DIR_JP_O(DIR_O("\x0c", "x"))), IN },
	{ NAME_TAG_DIRECTORY, BYTES(DIR_JP_O(DIR_O("\x0c", "x"))), BYTES(DIR_JP), OUT },
	{ NAME_TAG_DIRECTORY, BYTES(DIR_JP_O(DIR_O("\x0c", "x"))),
	  BYTES(DIR_JP_O(DIR_O("\x13", "X"))), IN },
	{ NAME_TAG_DIRECTORY, BYTES(DIR_JP_O(DIR_O("\x0c", "x"))),
	  BYTES(DIR_JP_O(DIR_O("\x0c", "y"))), OUT },
	{ NAME_TAG_DIRECTORY, BYTES("\x30\0"), BYTES(DIR_JP), IN },
	/* a NUL, bytes that are no UTF-8, half a character of UTF-16: also behind what was
	 * compared */
	{ NAME_TAG_DIRECTORY, BYTES(DIR_JP), BYTES(DIR_JP_O(DIR_O("\x0c", "\0"))), BAD },
	{ NAME_TAG_DIRECTORY, BYTES(DIR_JP), BYTES(DIR_JP_O(DIR_O("\x0c", "\xff"))), BAD },
	{ NAME_TAG_DIRECTORY, BYTES(DIR_JP), BYTES(DIR_JP_O(DIR_O("\x1e", "x"))), BAD },
	{ NAME_TAG_DIRECTORY, BYTES(DIR_JP_O(DIR_O("\x0c", "\xff"))), BYTES(DIR_JP), BAD },
	{ NAME_TAG_DIRECTORY, BYTES(DIR_JP), BYTES("\x30\x02\x31\x05"), BAD },
	{ NAME_TAG_DIRECTORY, BYTES(DIR_JP), BYTES("JP"), BAD },
	{ NAME_TAG_DIRECTORY, BYTES(""), BYTES(DIR_JP), BAD },

	/* nobody judges these */
	{ 0xa0, BYTES("x"), BYTES("x"), BAD }, /* otherName */
	{ 0xa3, BYTES("x"), BYTES("x"), BAD }, /* x400Address */
	{ 0xa5, BYTES("x"), BYTES("x"), BAD }, /* ediPartyName */
	{ 0x88, BYTES("x"), BYTES("x"), BAD }, /* registeredID */
	{ 0x02, BYTES("x"), BYTES("x"), BAD }, /* no GeneralName at all */
};

static struct der der_of(const struct bytes *bytes)
{
	return (struct der){ (const guint8 *)bytes->data, bytes->length };
}

static void run_row(void **state)
{
	const struct row *row = *state;
	struct der constraint = der_of(&row->constraint), name = der_of(&row->name);

	assert_int_equal(name_constraint_match(row->tag, constraint, name, FALSE), row->permitted);
	assert_int_equal(name_constraint_match(row->tag, constraint, name, TRUE),
			 row->other ? row->excluded : row->permitted);
}

int main(void)
{
	struct CMUnitTest tests[G_N_ELEMENTS(rows)];
	char *names[G_N_ELEMENTS(rows)];
	int result;

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *escaped =
			devid_text_escape(rows[i].name.data, rows[i].name.length);

		names[i] = g_strdup_printf("%zu: %02x: %s", i, rows[i].tag, escaped);
		tests[i] = (struct CMUnitTest){ names[i], run_row, NULL, NULL, (void *)&rows[i] };
	}
	result = cmocka_run_group_tests_name("name constraints", tests, NULL, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		g_free(names[i]);
	return result;
}
