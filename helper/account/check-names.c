/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Name constraints (RFC 5280 section 4.2.1.10) of the CAs of a path, for the names below them: each
 * name of a certificate beside each subtree of its kind. Kinds and their meaning are in
 * name-constraint.c.
 */
#include <string.h>
#include <gnutls/x509-ext.h>
#include "base/auto-gnutls.h"
#include "base/der.h"
#include "base/name.h"
#include "check-names.h"
#include "check-path.h"
#include "name-constraint.h"
#include "name-match.h"

#define OID_SUBJECT_ALT_NAME "2.5.29.17"
#define OID_NAME_CONSTRAINTS "2.5.29.30"

#define TAG_PERMITTED 0xa0
#define TAG_EXCLUDED  0xa1

/* A subtree's minimum where it is written: 0, which it is by default. */
static const guint8 minimum_zero[] = { 0x80, 0x01, 0x00 };

/* Contents of AttributeType. */
static const guint8 oid_common_name[] = { 0x55, 0x04, 0x03 };
static const guint8 oid_mail[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01 };

/* One CA's constraints, as stretches of its extension. */
struct constraints {
	struct der permitted;
	struct der excluded;
};

/* Takes the next subtree; false: there is none. *readable false: it isn't one, or has a distance,
 * which nobody may write.
 */
static bool next_subtree(struct der *subtrees, guint8 *tag, struct der *base, bool *readable)
{
	const struct der zero = { minimum_zero, sizeof(minimum_zero) };
	struct der subtree;

	if (subtrees->length == 0)
		return false;
	*readable = der_expect(subtrees, DER_SEQUENCE, &subtree) && der_next(&subtree, tag, base) &&
		    (subtree.length == 0 || der_equal(&subtree, &zero));
	return true;
}

static bool parse_constraints(struct constraints *constraints, const gnutls_datum_t *extension)
{
	struct der rest = { extension->data, extension->size };
	struct der content;

	memset(constraints, 0, sizeof(*constraints));
	if (!der_expect(&rest, DER_SEQUENCE, &content) || rest.length)
		return false;
	der_expect(&content, TAG_PERMITTED, &constraints->permitted);
	der_expect(&content, TAG_EXCLUDED, &constraints->excluded);
	return content.length == 0;
}

/* *any: there is a subtree of that kind; *inside: the name lies in one. false: that can't be
 * said. */
static bool look_up(struct der subtrees, guint8 tag, struct der name, bool excluded, bool *any,
		    bool *inside)
{
	bool readable;
	struct der base;
	guint8 kind = 0;

	*any = *inside = false;
	while (next_subtree(&subtrees, &kind, &base, &readable)) {
		enum name_match match;

		if (!readable)
			return false;
		if (kind != tag)
			continue;
		*any = true;
		match = name_constraint_match(tag, base, name, excluded);
		if (match == NAME_UNREADABLE)
			return false;
		*inside = *inside || match == NAME_INSIDE;
	}
	return true;
}

static bool name_allowed(const struct constraints *constraints, guint8 tag, struct der name)
{
	bool any, inside;

	if (!look_up(constraints->excluded, tag, name, true, &any, &inside) || inside)
		return false;
	return look_up(constraints->permitted, tag, name, false, &any, &inside) && (inside || !any);
}

static bool is_oid(const struct der *oid, const guint8 *wanted, gsize length)
{
	const struct der other = { wanted, length };

	return der_equal(oid, &other);
}

/* A string of the subject that stands for a name of another kind. What can't be read is held
 * against the constraints as it is, so that it is refused where there are any.
 */
static bool string_allowed(const struct constraints *constraints, guint8 tag, guint8 type,
			   const struct der *value, bool host)
{
	gsize length = 0;
	g_autofree char *text = name_string_value(type, value->data, value->length, &length);
	struct der name = *value;

	if (text && g_utf8_validate_len(text, length, NULL)) {
		name = (struct der){ (const guint8 *)text, length };
		/* "laptop 42" and "laptop" are names of devices, and of no host. */
		if (host && (!name_is_host(&name) || !memchr(name.data, '.', name.length)))
			return true;
	}
	return name_allowed(constraints, tag, name);
}

/* Mail addresses in a subject are constrained like others; a common name is a host's name in the
 * leaf alone, where no DNS name says it, and where it looks like one: as TLS libraries take it.
 */
static bool attributes_allowed(const struct constraints *constraints, struct der subject,
			       bool common_name)
{
	struct der rdn = { NULL, 0 }, oid, value;
	guint8 tag;

	while (name_next_attribute(&subject, &rdn, &oid, &tag, &value)) {
		if (is_oid(&oid, oid_mail, sizeof(oid_mail)) &&
		    !string_allowed(constraints, NAME_TAG_MAIL, tag, &value, false))
			return false;
		if (common_name && is_oid(&oid, oid_common_name, sizeof(oid_common_name)) &&
		    !string_allowed(constraints, NAME_TAG_DNS, tag, &value, true))
			return false;
	}
	return true;
}

static bool subject_allowed(const struct constraints *constraints, gnutls_x509_crt_t certificate,
			    bool common_name)
{
	g_auto(gnutls_datum_t) subject = { NULL, 0 };
	struct der encoded, rest, name;

	if (gnutls_x509_crt_get_raw_dn(certificate, &subject) < 0)
		return false;
	rest = encoded = (struct der){ subject.data, subject.size };
	/* An empty subject is no name. */
	return der_expect(&rest, DER_SEQUENCE, &name) &&
	       (name.length == 0 || (name_allowed(constraints, NAME_TAG_DIRECTORY, encoded) &&
				     attributes_allowed(constraints, name, common_name)));
}

/* *dns: there is a DNS name among them. */
static bool alternative_names_allowed(const struct constraints *constraints,
				      gnutls_x509_crt_t certificate, bool *dns)
{
	g_auto(gnutls_datum_t) extension = { NULL, 0 };
	struct der rest, names, content;
	bool allowed;
	guint8 tag;
	int result = gnutls_x509_crt_get_extension_by_oid2(certificate, OID_SUBJECT_ALT_NAME, 0,
							   &extension, NULL);

	*dns = false;
	if (result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return true;
	rest = (struct der){ extension.data, extension.size };
	allowed = result >= 0 && der_expect(&rest, DER_SEQUENCE, &names) && rest.length == 0;
	while (allowed && names.length) {
		allowed =
			der_next(&names, &tag, &content) && name_allowed(constraints, tag, content);
		*dns = *dns || tag == NAME_TAG_DNS;
	}
	return allowed;
}

/* Self-issued certificates between are free (RFC 5280 section 6.1.3 (b)); the leaf never is. */
static bool allows_all_below(const struct check_path *path, size_t ca,
			     const gnutls_datum_t *extension)
{
	struct constraints constraints;

	if (!parse_constraints(&constraints, extension))
		return false;
	for (size_t i = 0; i < ca; i++) {
		gnutls_x509_crt_t certificate = path->certificates[i];
		bool dns;

		if (i > 0 && check_link(certificate, certificate) != CHECK_LINK_NONE)
			continue;
		if (!alternative_names_allowed(&constraints, certificate, &dns) ||
		    !subject_allowed(&constraints, certificate, i == 0 && !dns))
			return false;
	}
	return true;
}

bool check_names(const struct check_path *path)
{
	for (size_t ca = 1; ca < path->count; ca++) {
		g_auto(gnutls_datum_t) extension = { NULL, 0 };
		int result = gnutls_x509_crt_get_extension_by_oid2(
			path->certificates[ca], OID_NAME_CONSTRAINTS, 0, &extension, NULL);

		if (result != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE &&
		    (result < 0 || !allows_all_below(path, ca, &extension)))
			return false;
	}
	return true;
}
