/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A distinguished name, and any text: what is printed is UTF-8 without anything that moves a
 * cursor. Two names, one DER after the other: a comparison has no sides, and one beside a
 * constraint ends.
 */
#include <string.h>
#include <glib.h>
#include <devid/check.h>
#include "account/name-constraint.h"
#include "account/name-match.h"
#include "base/der.h"
#include "base/name.h"
#include "fuzz.h"

static void check(char *printed)
{
	if (!printed)
		return;
	FUZZ_CHECK(g_utf8_validate(printed, -1, NULL));
	for (const char *at = printed; *at; at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);

		FUZZ_CHECK(!g_unichar_iscntrl(character));
		FUZZ_CHECK(character < 0x202a || character > 0x202e);
		FUZZ_CHECK(character < 0x2066 || character > 0x2069);
	}
	free(printed);
}

/* The whole of the next element, with its header. */
static struct der take(struct der *rest)
{
	struct der before = *rest, content;
	guint8 tag;

	if (!der_next(rest, &tag, &content))
		*rest = (struct der){ rest->data + rest->length, 0 };
	return (struct der){ before.data, before.length - rest->length };
}

static void compare(const uint8_t *data, size_t size)
{
	static const guint8 tags[] = { NAME_TAG_MAIL, NAME_TAG_DNS, NAME_TAG_URI, NAME_TAG_IP,
				       NAME_TAG_DIRECTORY };
	struct der rest = { data, size };
	struct der first = take(&rest), second = take(&rest);
	const gnutls_datum_t a = { (unsigned char *)first.data, (unsigned)first.length };
	const gnutls_datum_t b = { (unsigned char *)second.data, (unsigned)second.length };
	bool equal = name_equal(&a, &b);

	FUZZ_CHECK(name_equal(&a, &a) && name_equal(&b, &b));
	FUZZ_CHECK(name_equal(&b, &a) == equal);
	for (gsize i = 0; i < G_N_ELEMENTS(tags); i++) {
		enum name_match permitted = name_constraint_match(tags[i], first, second, false);
		enum name_match excluded = name_constraint_match(tags[i], first, second, true);

		/* What can't be read can't be for either; what is inside stays inside. */
		FUZZ_CHECK((permitted == NAME_UNREADABLE) == (excluded == NAME_UNREADABLE));
		FUZZ_CHECK(permitted != NAME_INSIDE || excluded == NAME_INSIDE);
	}
	/* A name lies below itself. */
	if (equal && name_constraint_match(NAME_TAG_DIRECTORY, first, first, false) == NAME_INSIDE)
		FUZZ_CHECK(name_constraint_match(NAME_TAG_DIRECTORY, first, second, false) !=
			   NAME_OUTSIDE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const gnutls_datum_t der = { (unsigned char *)data, (unsigned)size };

	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	check(devid_name_to_string(&der));
	check(devid_text_escape((const char *)data, size));
	compare(data, size);
	return 0;
}
