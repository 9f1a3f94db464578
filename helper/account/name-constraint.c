/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One name beside one name constraint, kind by kind.
 *
 * By hand, for GnuTLS compares host names with regard to case, takes every common name for a host
 * name, lets each directory name pass and refuses each URI; and what it can't read it holds against
 * the constraint like any other text, so that it is never excluded.
 */
#include <string.h>
#include "base/der.h"
#include "base/name.h"
#include "name-constraint.h"
#include "name-match.h"

#define IPV4 4
#define IPV6 16

static bool equal_but_case(const struct der *a, const struct der *b)
{
	return a->length == b->length &&
	       (a->length == 0 ||
		g_ascii_strncasecmp((const char *)a->data, (const char *)b->data, a->length) == 0);
}

/* "a.b" ends with ".b", label by label. */
static bool is_below(const struct der *host, const struct der *domain)
{
	struct der tail;

	if (host->length <= domain->length + 1)
		return false;
	tail.data = host->data + (host->length - domain->length);
	tail.length = domain->length;
	return tail.data[-1] == '.' && equal_but_case(&tail, domain);
}

bool name_is_host(const struct der *text)
{
	guint8 before = '.';

	for (gsize i = 0; i < text->length; i++) {
		guint8 c = text->data[i];

		if (!g_ascii_isalnum((char)c) && c != '-' && c != '_' &&
		    (c != '.' || before == '.'))
			return false;
		before = c;
	}
	return before != '.';
}

static struct der without_first(const struct der *text, gsize count)
{
	return (struct der){ text->data + count, text->length - count };
}

static bool begins_with(const struct der *text, const char *with)
{
	gsize length = strlen(with);

	return text->length >= length && memcmp(text->data, with, length) == 0;
}

static enum name_match answer(bool inside)
{
	return inside ? NAME_INSIDE : NAME_OUTSIDE;
}

/* A host or, with a dot in front, what lies below it: of mail addresses and URIs. */
static enum name_match match_host(const struct der *constraint, const struct der *host)
{
	bool below = begins_with(constraint, ".");
	struct der domain = without_first(constraint, below);

	if (!name_is_host(&domain) || !name_is_host(host))
		return NAME_UNREADABLE;
	return answer(below ? is_below(host, &domain) : equal_but_case(host, &domain));
}

/* The name itself and all below it; a dot in front, which some CAs write, leaves out the name
 * itself. An empty constraint is all of DNS.
 */
static enum name_match match_dns(struct der constraint, struct der name, bool excluded)
{
	bool wildcard = begins_with(&name, "*."), below = begins_with(&constraint, ".");
	struct der host = without_first(&name, wildcard ? 2 : 0);
	struct der domain = without_first(&constraint, below);

	if (!name_is_host(&host) || (constraint.length && !name_is_host(&domain)))
		return NAME_UNREADABLE;
	if (constraint.length == 0)
		return NAME_INSIDE;
	/* "*.b" can be a name below "a.b". */
	if (wildcard && (equal_but_case(&host, &domain) || (excluded && is_below(&domain, &host))))
		return NAME_INSIDE;
	return answer(is_below(&host, &domain) ||
		      (!wildcard && !below && equal_but_case(&host, &domain)));
}

static bool split_mailbox(const struct der *mailbox, struct der *local, struct der *host)
{
	gsize at = mailbox->length;

	while (at > 0 && mailbox->data[at - 1] != '@')
		at--;
	if (at < 2)
		return false;
	*local = (struct der){ mailbox->data, at - 1 };
	*host = without_first(mailbox, at);
	for (gsize i = 0; i < local->length; i++)
		if (local->data[i] <= ' ' || local->data[i] > '~')
			return false;
	return name_is_host(host);
}

/* A mailbox, all on a host, or all below a domain. */
static enum name_match match_mail(struct der constraint, struct der name, bool excluded)
{
	struct der local, host, wanted_local, wanted_host;

	if (!split_mailbox(&name, &local, &host))
		return NAME_UNREADABLE;
	if (!memchr(constraint.data, '@', constraint.length))
		return match_host(&constraint, &host);
	if (!split_mailbox(&constraint, &wanted_local, &wanted_host))
		return NAME_UNREADABLE;
	return answer(equal_but_case(&host, &wanted_host) &&
		      (excluded ? equal_but_case(&local, &wanted_local)
				: der_equal(&local, &wanted_local)));
}

/* It is the host that is constrained; a URI without one by name can't be judged. */
static enum name_match match_uri(struct der constraint, struct der name, bool excluded)
{
	g_autofree char *text = name_copy(name.data, name.length);
	g_autofree char *host = NULL;
	struct der named;

	if (strlen(text) != name.length ||
	    !g_uri_split(text, G_URI_FLAGS_NONE, NULL, NULL, &host, NULL, NULL, NULL, NULL, NULL) ||
	    !host || g_hostname_is_ip_address(host))
		return NAME_UNREADABLE;
	named = (struct der){ (const guint8 *)host, strlen(host) };
	return match_host(&constraint, &named);
}

/* The mask's ones come first (RFC 4632). */
static bool is_mask(const guint8 *mask, gsize length)
{
	bool ended = false;

	for (gsize bit = 0; bit < 8 * length; bit++) {
		bool one = mask[bit / 8] >> (7 - bit % 8) & 1;

		if (one && ended)
			return false;
		ended = ended || !one;
	}
	return true;
}

static enum name_match match_ip(struct der constraint, struct der name, bool excluded)
{
	const guint8 *mask = constraint.data + constraint.length / 2;

	if ((name.length != IPV4 && name.length != IPV6) ||
	    (constraint.length != 2 * IPV4 && constraint.length != 2 * IPV6) ||
	    !is_mask(mask, constraint.length / 2))
		return NAME_UNREADABLE;
	if (constraint.length != 2 * name.length)
		return NAME_OUTSIDE;
	for (gsize i = 0; i < name.length; i++)
		if ((name.data[i] ^ constraint.data[i]) & mask[i])
			return NAME_OUTSIDE;
	return NAME_INSIDE;
}

static enum name_match match_directory(struct der constraint, struct der name, bool excluded)
{
	struct der wanted, has;

	if (!der_expect(&constraint, DER_SEQUENCE, &wanted) || constraint.length ||
	    !der_expect(&name, DER_SEQUENCE, &has) || name.length || !name_is_readable(wanted) ||
	    !name_is_readable(has))
		return NAME_UNREADABLE;
	return answer(name_is_below(has, wanted));
}

static const struct {
	guint8 tag;
	enum name_match (*match)(struct der constraint, struct der name, bool excluded);
} kinds[] = {
	{ NAME_TAG_MAIL, match_mail },
	{ NAME_TAG_DNS, match_dns },
	{ NAME_TAG_URI, match_uri },
	{ NAME_TAG_IP, match_ip },
	{ NAME_TAG_DIRECTORY, match_directory },
};

enum name_match name_constraint_match(guint8 tag, struct der constraint, struct der name,
				      bool excluded)
{
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (kinds[i].tag == tag)
			return kinds[i].match(constraint, name, excluded);
	return NAME_UNREADABLE;
}
