/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS#12 by RFC 7292: PFX, AuthenticatedSafe, SafeContents, bags. Written on the bounded reader of
 * ber.c and not on gnutls_pkcs12_*, which takes the first 32 certificates of a safe without a word
 * about the others, looks into no nested safe, knows neither two-key 3DES nor PBMAC1, refuses a
 * file that has bytes behind the PFX, and keeps keys in memory that isn't locked.
 */
#include <string.h>
#include "base/error.h"
#include "ber.h"
#include "bundle.h"
#include "p12-bag.h"
#include "p12-note.h"
#include "p12.h"
#include "pbe-derive.h"
#include "pbe-password.h"
#include "pbe.h"

#define OID_DATA      "1.2.840.113549.1.7.1"
#define OID_SIGNED    "1.2.840.113549.1.7.2"
#define OID_ENVELOPED "1.2.840.113549.1.7.3"
#define OID_ENCRYPTED "1.2.840.113549.1.7.6"

#define SAFES_MAX 64

static void safe_free(void *data)
{
	struct safe *safe = data;

	secret_clear(&safe->content);
	g_free(safe);
}

void p12_free(struct p12 *p12)
{
	if (!p12)
		return;
	secret_clear(&p12->content);
	secret_clear(&p12->mac_value);
	secret_clear(&p12->probe.content);
	pbe_free(p12->mac);
	g_ptr_array_unref(p12->safes);
	g_ptr_array_unref(p12->ciphers);
	g_clear_error(&p12->problem);
	g_free(p12);
}

/* EncryptedData (RFC 2315 section 13). */
static bool open_encrypted(struct p12 *p12, struct ber content, struct safe *safe, GError **error)
{
	struct ber inside, info;
	struct ber_item item;

	if (!ber_enter(&content, BER_SEQUENCE, &inside) || !ber_take(&inside, BER_INTEGER, &item) ||
	    !ber_enter(&inside, BER_SEQUENCE, &info) || !ber_take(&info, BER_OID, &item))
		return p12_damaged(error, "an encrypted part");
	safe->pbe = pbe_parse(&info, "encrypted part");
	if (!safe->pbe)
		return p12_damaged(error, "the encryption of a part");
	p12_note_cipher(p12, safe->pbe);
	/* [0] IMPLICIT OCTET STRING, whole or in pieces. */
	if (!ber_next(&info, &item) || (item.tag & ~BER_CONSTRUCTED) != BER_CONTEXT_0 ||
	    !ber_join(&item, &safe->content))
		return p12_damaged(error, "an encrypted part");
	p12_note_probe(p12, safe->pbe, &safe->content);
	return true;
}

static bool open_safe(struct p12 *p12, struct ber info, GError **error)
{
	struct safe *safe = g_new0(struct safe, 1);
	struct walk walk = { .p12 = p12 };
	struct ber_item oid, octets;
	struct ber content;
	g_autofree char *type = NULL;

	g_ptr_array_add(p12->safes, safe);
	if (p12->safes->len > SAFES_MAX)
		return p12_damaged(error, "too many parts");
	if (!ber_take(&info, BER_OID, &oid) || !(type = ber_oid_text(&oid)) ||
	    !ber_enter(&info, BER_CONTEXT_0 | BER_CONSTRUCTED, &content))
		return p12_damaged(error, "a part");
	if (strcmp(type, OID_ENCRYPTED) == 0)
		return open_encrypted(p12, content, safe, error);
	if (strcmp(type, OID_DATA) != 0)
		return p12_unsupported(error,
				       strcmp(type, OID_ENVELOPED) == 0
					       ? "encryption to a public key"
					       : "an unknown kind of part",
				       type);
	if (!ber_next(&content, &octets) || (octets.tag & ~BER_CONSTRUCTED) != BER_OCTETS ||
	    !ber_join(&octets, &safe->content))
		return p12_damaged(error, "a part");
	return p12_bag_walk(&walk, (struct ber){ safe->content.data, safe->content.length }, error);
}

static bool open_pfx(struct p12 *p12, struct ber reader, GError **error)
{
	struct ber pfx, info, wrapped, safes, safe, mac;
	struct ber_item item;
	g_autofree char *type = NULL;
	uint64_t version;

	if (!ber_enter(&reader, BER_SEQUENCE, &pfx))
		return p12_damaged(error, "it is cut short, or not PKCS#12 at all");
	if (!ber_take(&pfx, BER_INTEGER, &item) || ber_uint(&item, &version) != BER_NUMBER_OK ||
	    version != 3)
		return p12_damaged(error, "not version 3");
	if (!ber_enter(&pfx, BER_SEQUENCE, &info) || !ber_take(&info, BER_OID, &item) ||
	    !(type = ber_oid_text(&item)))
		return p12_damaged(error, "its content");
	if (strcmp(type, OID_SIGNED) == 0)
		return p12_unsupported(error, "integrity by a public key", type);
	if (strcmp(type, OID_DATA) != 0)
		return p12_unsupported(error, "an unknown kind of content", type);
	if (!ber_enter(&info, BER_CONTEXT_0 | BER_CONSTRUCTED, &wrapped) ||
	    !ber_next(&wrapped, &item) || (item.tag & ~BER_CONSTRUCTED) != BER_OCTETS ||
	    !ber_join(&item, &p12->content))
		return p12_damaged(error, "its content");
	if (pfx.length) {
		p12->mac = ber_enter(&pfx, BER_SEQUENCE, &mac) ? pbe_parse_mac(mac, &p12->mac_value)
							       : NULL;
		if (!p12->mac)
			return p12_damaged(error, "the integrity check");
		p12_note_work(p12, p12->mac);
	}
	wrapped = (struct ber){ p12->content.data, p12->content.length };
	if (!ber_enter(&wrapped, BER_SEQUENCE, &safes))
		return p12_damaged(error, "its parts");
	while (safes.length)
		if (!ber_enter(&safes, BER_SEQUENCE, &safe))
			return p12_damaged(error, "a part");
		else if (!open_safe(p12, safe, error))
			return false;
	return true;
}

bool p12_looks_like(const uint8_t *data, size_t length)
{
	/* Not ber_enter(): a file that is cut short shall be told as such. */
	size_t header;

	if (length < 5 || data[0] != BER_SEQUENCE)
		return false;
	header = data[1] > 0x80 ? 2 + (size_t)(data[1] & 0x7f) : 2;
	return length >= header + 3 && memcmp(data + header, "\x02\x01\x03", 3) == 0;
}

struct p12 *p12_open(const uint8_t *data, size_t length, uint64_t iterations_max, GError **error)
{
	AUTO_P12 struct p12 *p12 = g_new0(struct p12, 1);

	p12->safes = g_ptr_array_new_with_free_func(safe_free);
	p12->ciphers = g_ptr_array_new_with_free_func((GDestroyNotify)pbe_free);
	p12->iterations_max = iterations_max;
	return open_pfx(p12, (struct ber){ data, length }, error) ? g_steal_pointer(&p12) : NULL;
}

const GError *p12_problem(const struct p12 *p12)
{
	return p12->problem;
}

const struct pbe *p12_mac(const struct p12 *p12)
{
	return p12->mac;
}

size_t p12_cipher_count(const struct p12 *p12)
{
	return p12->ciphers->len;
}

const struct pbe *p12_cipher(const struct p12 *p12, size_t index)
{
	return p12->ciphers->pdata[index];
}

bool p12_needs_password(const struct p12 *p12)
{
	return p12->mac || p12->ciphers->len;
}

uint64_t p12_cost(const struct p12 *p12)
{
	return p12->mac ? p12->mac->iterations : p12->probe.pbe ? p12->probe.pbe->iterations : 0;
}

/* Where the integrity check fails: does the password open anything? Then it is right, and the file
 * is damaged (or was tampered with).
 */
static bool explain_mac(struct p12 *p12, struct pbe_password *password, enum pbe_outcome outcome,
			GError **error)
{
	AUTO_SECRET struct secret plain = SECRET_INIT;

	if (outcome != PBE_REFUSED)
		return p12_refuse(error, outcome, p12->mac, false);
	if (!p12->probe.pbe)
		return devid_error_set(
			error, DEVID_PASSWORD, "password-or-damaged", NULL,
			"wrong password or damaged file (nothing in it is encrypted, so nothing tells which)");
	if (pbe_decrypt(p12->probe.pbe, password, &p12->probe.content, &plain) == PBE_OPENED)
		devid_error_set(
			error, DEVID_BAD_DATA, "damaged", "get the file again from where it came",
			"damaged PKCS#12 file: the password is right, the integrity check fails");
	else
		devid_error_set(error, DEVID_PASSWORD, "wrong-password", NULL, "wrong password");
	return false;
}

static bool read_safe(struct p12 *p12, struct safe *safe, struct bundle *bundle,
		      struct pbe_password *password, GError **error)
{
	struct walk look = { .p12 = p12 };
	struct walk read = { .p12 = p12, .bundle = bundle, .password = password };
	AUTO_SECRET struct secret plain = SECRET_INIT;
	struct ber content = { safe->content.data, safe->content.length };

	if (safe->pbe) {
		enum pbe_outcome outcome = pbe_decrypt(safe->pbe, password, &safe->content, &plain);

		if (outcome != PBE_OPENED)
			return p12_refuse(error, outcome, safe->pbe, p12->opened);
		p12->opened = true;
		content = (struct ber){ plain.data, plain.length };
		/* Keys inside have ciphers of their own, which are judged before anything is
		 * derived. */
		if (!p12_bag_walk(&look, content, error))
			return false;
		if (p12->problem) {
			g_propagate_error(error, g_error_copy(p12->problem));
			return false;
		}
	}
	return p12_bag_walk(&read, content, error);
}

struct bundle *p12_unlock(struct p12 *p12, const struct secret *password, GError **error)
{
	AUTO_BUNDLE struct bundle *bundle = bundle_new(BUNDLE_PKCS12);
	struct pbe_password forms;
	bool done = pbe_password_set(&forms, password);

	if (!done)
		devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "no memory for the password");
	if (done && p12->problem) {
		g_propagate_error(error, g_error_copy(p12->problem));
		done = false;
	}
	if (done && p12->mac) {
		enum pbe_outcome outcome =
			pbe_verify_mac(p12->mac, &forms, &p12->content, &p12->mac_value);

		done = p12->opened = outcome == PBE_OPENED;
		if (!done)
			explain_mac(p12, &forms, outcome, error);
	}
	for (size_t i = 0; done && i < p12->safes->len; i++)
		done = read_safe(p12, p12->safes->pdata[i], bundle, &forms, error);
	pbe_password_clear(&forms);
	if (!done)
		return NULL;
	if (p12_needs_password(p12))
		bundle->password = password->length ? BUNDLE_PASSWORD_SET : BUNDLE_PASSWORD_EMPTY;
	return g_steal_pointer(&bundle);
}
