/* Name constraints (RFC 5280 section 4.2.1.10) of the CAs of a path, for the names below them.
 *
 * GnuTLS judges DNS names, mail addresses and IP addresses; it lets every subject pass where
 * directory names are constrained, though a device certificate's subject is what a device is known
 * by. So those are judged here, and a constrained kind of name that nobody judges (URIs, other
 * names) is refused where the certificate bears one.
 */
#include <string.h>
#include <gnutls/x509-ext.h>
#include "check-rules.h"
#include "der.h"
#include "name.h"

#define OID_SUBJECT_ALT_NAME "2.5.29.17"
#define OID_NAME_CONSTRAINTS "2.5.29.30"

/* Tags of GeneralName (section 4.2.1.6), without class and form. */
enum general_name {
	NAME_OTHER = 0,
	NAME_MAIL = 1,
	NAME_DNS = 2,
	NAME_DIRECTORY = 4,
	NAME_IP = 7,
	NAME_COUNT = 32,
};

#define TAG_NUMBER    0x1f
#define TAG_PERMITTED 0xa0
#define TAG_EXCLUDED  0xa1

static const gnutls_x509_subject_alt_name_t judged_by_gnutls[] = {
	GNUTLS_SAN_DNSNAME,
	GNUTLS_SAN_RFC822NAME,
	GNUTLS_SAN_IPADDRESS,
};

/* A string as it is compared (section 7.1): without regard to case and to runs of blanks. */
static char *folded(guint8 tag, const struct der *value)
{
	gsize length = 0;
	g_autofree char *text = name_string_value(tag, value->data, value->length, &length);
	g_autofree char *normal = NULL;
	GString *out;

	if (!text || !g_utf8_validate_len(text, length, NULL))
		return NULL;
	normal = g_utf8_normalize(text, length, G_NORMALIZE_ALL_COMPOSE);
	out = g_string_new(NULL);
	for (const char *at = g_strstrip(normal); *at; at++)
		if (*at != ' ' || at[1] != ' ')
			g_string_append_c(out, *at);
	g_free(g_steal_pointer(&normal));
	normal = g_string_free(out, FALSE);
	return g_utf8_casefold(normal, -1);
}

static gboolean attributes_match(struct der a, struct der b)
{
	struct der oid_a, oid_b, value_a, value_b;
	guint8 tag_a, tag_b;
	g_autofree char *text_a = NULL;
	g_autofree char *text_b = NULL;

	if (!der_expect(&a, DER_OID, &oid_a) || !der_expect(&b, DER_OID, &oid_b) ||
	    !der_equal(&oid_a, &oid_b) || !der_next(&a, &tag_a, &value_a) ||
	    !der_next(&b, &tag_b, &value_b))
		return FALSE;
	if (tag_a == tag_b && der_equal(&value_a, &value_b))
		return TRUE;
	text_a = folded(tag_a, &value_a);
	text_b = folded(tag_b, &value_b);
	return text_a && text_b && strcmp(text_a, text_b) == 0;
}

/* Every attribute of the set `a` has its like in `b`, and there are as many. */
static gboolean rdns_match(struct der a, struct der b)
{
	struct der one, other;
	gsize count_a = 0, count_b = 0;

	for (struct der rest = b; der_expect(&rest, DER_SEQUENCE, &other);)
		count_b++;
	while (der_expect(&a, DER_SEQUENCE, &one)) {
		gboolean found = FALSE;

		count_a++;
		for (struct der rest = b; !found && der_expect(&rest, DER_SEQUENCE, &other);)
			found = attributes_match(one, other);
		if (!found)
			return FALSE;
	}
	return count_a == count_b;
}

/* Whether the constraint is the beginning of the name; both are the content of a Name. */
static gboolean name_is_below(struct der name, struct der constraint)
{
	struct der rdn, wanted;

	while (constraint.length) {
		if (!der_expect(&constraint, DER_SET, &wanted) ||
		    !der_expect(&name, DER_SET, &rdn) || !rdns_match(rdn, wanted))
			return FALSE;
	}
	return TRUE;
}

/* One CA's constraints that are judged here, as stretches of its extension. */
struct constraints {
	struct der permitted;
	struct der excluded;
	gboolean kinds[NAME_COUNT]; /* which kinds of names they speak of */
};

static gboolean note_kinds(struct constraints *constraints, struct der subtrees)
{
	struct der subtree, base;
	guint8 tag;

	while (subtrees.length) {
		if (!der_expect(&subtrees, DER_SEQUENCE, &subtree) ||
		    !der_next(&subtree, &tag, &base))
			return FALSE;
		constraints->kinds[tag & TAG_NUMBER] = TRUE;
	}
	return TRUE;
}

static gboolean parse_constraints(struct constraints *constraints, const gnutls_datum_t *extension)
{
	struct der rest = { extension->data, extension->size };
	struct der content;

	memset(constraints, 0, sizeof(*constraints));
	if (!der_expect(&rest, DER_SEQUENCE, &content))
		return FALSE;
	der_expect(&content, TAG_PERMITTED, &constraints->permitted);
	der_expect(&content, TAG_EXCLUDED, &constraints->excluded);
	return content.length == 0 && note_kinds(constraints, constraints->permitted) &&
	       note_kinds(constraints, constraints->excluded);
}

/* Whether a directory name (content of the Name) lies below one of the subtrees; *any tells whether
 * there was one of directory names at all.
 */
static gboolean in_subtrees(struct der subtrees, struct der name, gboolean *any)
{
	struct der subtree, base, constraint;
	guint8 tag;

	*any = FALSE;
	while (der_expect(&subtrees, DER_SEQUENCE, &subtree)) {
		if (!der_next(&subtree, &tag, &base) || (tag & TAG_NUMBER) != NAME_DIRECTORY)
			continue;
		*any = TRUE;
		if (der_expect(&base, DER_SEQUENCE, &constraint) && name_is_below(name, constraint))
			return TRUE;
	}
	return FALSE;
}

static gboolean directory_name_allowed(const struct constraints *constraints, struct der encoded)
{
	struct der name;
	gboolean any;

	if (!der_expect(&encoded, DER_SEQUENCE, &name))
		return FALSE;
	if (in_subtrees(constraints->excluded, name, &any))
		return FALSE;
	return in_subtrees(constraints->permitted, name, &any) || !any;
}

static gboolean subject_allowed(const struct constraints *constraints,
				gnutls_x509_crt_t certificate)
{
	gnutls_datum_t subject = { NULL, 0 };
	gboolean allowed = FALSE;

	if (gnutls_x509_crt_get_raw_dn(certificate, &subject) >= 0) {
		struct der encoded = { subject.data, subject.size };

		/* An empty subject is no name. */
		allowed = subject.size <= 2 || directory_name_allowed(constraints, encoded);
	}
	gnutls_free(subject.data);
	return allowed;
}

static gboolean alternative_name_allowed(const struct constraints *constraints, guint8 tag,
					 struct der content)
{
	switch (tag & TAG_NUMBER) {
	case NAME_MAIL:
	case NAME_DNS:
	case NAME_IP:
		return TRUE; /* judged by GnuTLS */
	case NAME_DIRECTORY:
		return directory_name_allowed(constraints, content);
	default:
		return !constraints->kinds[tag & TAG_NUMBER];
	}
}

static gboolean alternative_names_allowed(const struct constraints *constraints,
					  gnutls_x509_crt_t certificate)
{
	gnutls_datum_t extension = { NULL, 0 };
	struct der rest, names, content;
	gboolean allowed;
	guint8 tag;
	int result = gnutls_x509_crt_get_extension_by_oid2(certificate, OID_SUBJECT_ALT_NAME, 0,
							   &extension, NULL);

	if (result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return TRUE;
	rest = (struct der){ extension.data, extension.size };
	allowed = result >= 0 && der_expect(&rest, DER_SEQUENCE, &names);
	while (allowed && names.length)
		allowed = der_next(&names, &tag, &content) &&
			  alternative_name_allowed(constraints, tag, content);
	gnutls_free(extension.data);
	return allowed;
}

static gboolean gnutls_allows(gnutls_x509_crt_t ca, gnutls_x509_crt_t certificate)
{
	gnutls_x509_name_constraints_t constraints = NULL;
	gboolean allowed;

	if (gnutls_x509_name_constraints_init(&constraints) < 0)
		return FALSE;
	allowed = gnutls_x509_crt_get_name_constraints(ca, constraints, 0, NULL) >= 0;
	for (gsize i = 0; i < G_N_ELEMENTS(judged_by_gnutls) && allowed; i++)
		allowed = gnutls_x509_name_constraints_check_crt(constraints, judged_by_gnutls[i],
								 certificate);
	gnutls_x509_name_constraints_deinit(constraints);
	return allowed;
}

/* Self-issued certificates between are free (RFC 5280 section 6.1.3 (b)); the leaf never is. */
static gboolean allows_all_below(const struct check_path *path, size_t ca,
				 const gnutls_datum_t *extension)
{
	struct constraints constraints;

	if (!parse_constraints(&constraints, extension))
		return FALSE;
	for (size_t i = 0; i < ca; i++) {
		gnutls_x509_crt_t certificate = path->certificates[i];

		if (i > 0 && check_link(certificate, certificate) != CHECK_LINK_NONE)
			continue;
		if (!gnutls_allows(path->certificates[ca], certificate) ||
		    !subject_allowed(&constraints, certificate) ||
		    !alternative_names_allowed(&constraints, certificate))
			return FALSE;
	}
	return TRUE;
}

gboolean check_names(const struct check_path *path)
{
	for (size_t ca = 1; ca < path->count; ca++) {
		gnutls_datum_t extension = { NULL, 0 };
		int result = gnutls_x509_crt_get_extension_by_oid2(
			path->certificates[ca], OID_NAME_CONSTRAINTS, 0, &extension, NULL);
		gboolean allowed = TRUE;

		if (result != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			allowed = result >= 0 && allows_all_below(path, ca, &extension);
		gnutls_free(extension.data);
		if (!allowed)
			return FALSE;
	}
	return TRUE;
}
