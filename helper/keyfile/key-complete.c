/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* EC keys: the named curve behind spelled-out parameters, the point left to be found anew. RSA
 * keys: the primes found from the exponents. GMP does the arithmetic; it is under GnuTLS already.
 */
#include <gmp.h>
#include <string.h>
#include "ber.h"
#include "key-complete.h"
#include "key-der.h"

#define OID_FIELD    "1.2.840.10045.1.1"
#define RSA_BITS_MAX 4096
#define RSA_BITS_MIN 512
/* Each finds a factor with a probability of a half. */
#define RSA_TRIES 20
#define RSA_PARTS 8 /* n, e, d, p, q, d mod p-1, d mod q-1, 1/q mod p */

/* The domain parameters of SEC 2, in hexadecimal: all of them count, for with another generator the
 * same point would belong to another key.
 */
static const struct curve {
	uint8_t oid[10];
	size_t oid_length;
	const char *p, *a, *b, *x, *n;
	bool odd; /* the generator's y */
} curves[] = {
	{ .oid = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 },
	  .oid_length = 10,
	  .p = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
	  .a = "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
	  .b = "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
	  .x = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
	  .odd = true,
	  .n = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551" },
	{ .oid = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 },
	  .oid_length = 7,
	  .p = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff"
	       "0000000000000000ffffffff",
	  .a = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff"
	       "0000000000000000fffffffc",
	  .b = "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d"
	       "8a2ed19d2a85c8edd3ec2aef",
	  .x = "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25d"
	       "bf55296c3a545e3872760ab7",
	  .odd = true,
	  .n = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db2"
	       "48b0a77aecec196accc52973" },
	{ .oid = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23 },
	  .oid_length = 7,
	  .p = "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	       "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	  .a = "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	       "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc",
	  .b = "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e1561939"
	       "51ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
	  .x = "c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e"
	       "77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
	  .odd = false,
	  .n = "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868"
	       "783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409" },
};

static const struct {
	const char *oid, *name;
} kinds[] = {
	{ "1.2.840.10040.4.1", "DSA" },
	{ "1.2.840.10046.2.1", "Diffie-Hellman" },
	{ "1.2.840.113549.1.3.1", "Diffie-Hellman" },
	{ "1.3.101.110", "X25519" },
	{ "1.3.101.111", "X448" },
	{ "2.16.840.1.101.3.4.4.1", "ML-KEM-512" },
	{ "2.16.840.1.101.3.4.4.2", "ML-KEM-768" },
	{ "2.16.840.1.101.3.4.4.3", "ML-KEM-1024" },
	{ "2.16.840.1.101.3.4.3.17", "ML-DSA-44" },
	{ "2.16.840.1.101.3.4.3.18", "ML-DSA-65" },
	{ "2.16.840.1.101.3.4.3.19", "ML-DSA-87" },
	{ "1.2.643.7.1.1.1.1", "GOST R 34.10-2012" },
	{ "1.2.643.7.1.1.1.2", "GOST R 34.10-2012" },
	{ "1.2.643.2.2.19", "GOST R 34.10-2001" },
	{ "1.2.840.113549.1.1.7", "RSA bound to OAEP" },
};

/* Kinds that the rest of the way has words of its own for. */
static const char *const usual[] = { OID_RSA,
				     OID_EC,
				     "1.2.840.113549.1.1.10" /* RSA-PSS */,
				     "1.3.101.112" /* Ed25519 */,
				     "1.3.101.113" /* Ed448 */,
				     NULL };

/* Whether the bytes are that number. */
static bool is_number(const uint8_t *bytes, size_t length, const char *hex)
{
	for (; length && *bytes == 0; length--)
		bytes++;
	if (length != (strlen(hex) + 1) / 2)
		return false;
	for (size_t i = 0; i < length; i++) {
		size_t at = 2 * i - strlen(hex) % 2;
		int high = i == 0 && strlen(hex) % 2 ? 0 : g_ascii_xdigit_value(hex[at]);

		if (bytes[i] != (high << 4 | g_ascii_xdigit_value(hex[at + 1])))
			return false;
	}
	return true;
}

static bool is_item(const struct ber_item *item, const char *hex)
{
	return is_number(item->content.data, item->content.length, hex);
}

/* The generator, compressed or not; the whole curve being that, x and the parity of y say which. */
static bool is_generator(const struct ber_item *item, const struct curve *curve, size_t field)
{
	const uint8_t *point = item->content.data;
	size_t length = item->content.length;

	if (length == 1 + field && (point[0] == 2 || point[0] == 3))
		return is_number(point + 1, field, curve->x) && (point[0] == 3) == curve->odd;
	return length == 1 + 2 * field && point[0] == 4 && is_number(point + 1, field, curve->x) &&
	       (point[2 * field] & 1) == curve->odd;
}

/* SpecifiedECDomain (SEC 1 appendix C.2) that is one of ours; NULL: none. */
static const struct curve *find_curve(struct ber parameters)
{
	struct ber inside, field, shape;
	struct ber_item version, type, p, a, b, generator, order;

	if (!ber_enter(&parameters, BER_SEQUENCE, &inside) ||
	    !ber_take(&inside, BER_INTEGER, &version) ||
	    !ber_enter(&inside, BER_SEQUENCE, &field) || !ber_take(&field, BER_OID, &type) ||
	    !ber_oid_is(&type, OID_FIELD) || !ber_take(&field, BER_INTEGER, &p) ||
	    !ber_enter(&inside, BER_SEQUENCE, &shape) || !ber_take(&shape, BER_OCTETS, &a) ||
	    !ber_take(&shape, BER_OCTETS, &b) || !ber_take(&inside, BER_OCTETS, &generator) ||
	    !ber_take(&inside, BER_INTEGER, &order))
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(curves); i++)
		if (is_item(&p, curves[i].p) && is_item(&a, curves[i].a) &&
		    is_item(&b, curves[i].b) && is_item(&order, curves[i].n) &&
		    is_generator(&generator, &curves[i], (strlen(curves[i].p) + 1) / 2))
			return &curves[i];
	return NULL;
}

static void complete_ec(struct secret *pkcs8, const struct key_der_info *key)
{
	const struct curve *curve = find_curve(key->parameters);
	AUTO_SECRET struct secret whole = SECRET_INIT;
	struct ber oid = key->parameters;

	if (curve)
		oid = (struct ber){ curve->oid, curve->oid_length };
	else if (!key_der_point_compressed(pkcs8))
		return;
	if (key_der_ec_again(key->key.content, &oid, &whole))
		secret_move(pkcs8, &whole);
}

char *key_unusable(const uint8_t *der, size_t length, bool is_private)
{
	struct key_der_info key;
	g_autofree char *oid =
		key_der_open(der, length, is_private, &key) ? ber_oid_text(&key.oid) : NULL;

	if (!oid)
		return NULL;
	if (strcmp(oid, OID_EC) == 0 && key.parameters.length &&
	    key.parameters.data[0] == BER_SEQUENCE && (!is_private || !find_curve(key.parameters)))
		return g_strdup(is_private ? "an EC key on a curve of its own, spelled out"
					   : "an EC key whose curve is spelled out, where TLS asks "
					     "for its name (RFC 5480 section 2.1.1)");
	if (g_strv_contains(usual, oid))
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kinds[i].oid, oid) == 0)
			return g_strdup_printf("%s (%s)", kinds[i].name, oid);
	return g_strdup_printf("algorithm %s", oid);
}

/* Of an RSA key, in the order in which they are written. */
enum { N, E, D, P, Q, NUMBERS };

/* Its limbs are zeroed before they go back. */
static void clear_number(mpz_t *number)
{
	size_t limbs = (size_t)(*number)->_mp_alloc;

	if (limbs)
		secret_wipe(mpz_limbs_modify(*number, (*number)->_mp_alloc),
			    limbs * sizeof(mp_limb_t));
	mpz_set_ui(*number, 0);
	mpz_clear(*number);
}
#define AUTO_NUMBER __attribute__((cleanup(clear_number)))

static bool put_number(struct secret *out, const mpz_t number)
{
	AUTO_SECRET struct secret bytes = SECRET_INIT;
	size_t length = (mpz_sizeinbase(number, 2) + 8) / 8;

	/* One bit more than it has, so that none becomes the sign. */
	if (secret_allocate(&bytes, length) || secret_resize(&bytes, length))
		return false;
	mpz_export(bytes.data + (length - (mpz_sizeinbase(number, 2) + 7) / 8), NULL, 1, 1, 1, 0,
		   number);
	return ber_put(out, BER_INTEGER, bytes.data, length);
}

/* RFC 8017 has no way back from d; this is the one of NIST SP 800-56B, appendix C.1: a square root
 * of one modulo n that is neither 1 nor -1 has a factor of n beside it.
 */
static bool factor(mpz_t key[NUMBERS])
{
	AUTO_NUMBER mpz_t k, odd, y, x, top;
	unsigned long twos;

	mpz_inits(k, odd, y, x, top, NULL);
	mpz_mul(k, key[D], key[E]);
	mpz_sub_ui(k, k, 1);
	mpz_sub_ui(top, key[N], 1);
	twos = mpz_sgn(k) > 0 ? mpz_scan1(k, 0) : 0;
	/* Exponents that don't belong together are known by one power: no search then. */
	mpz_set_ui(y, 2);
	if (twos)
		mpz_powm_sec(y, y, k, key[N]);
	if (mpz_cmp_ui(y, 1) != 0)
		twos = 0;
	mpz_tdiv_q_2exp(odd, k, twos);
	for (unsigned g = 2; twos && g < 2 + RSA_TRIES; g++) {
		mpz_set_ui(y, g);
		mpz_powm_sec(y, y, odd, key[N]);
		for (unsigned long i = 0; i < twos && mpz_cmp_ui(y, 1) != 0 && mpz_cmp(y, top) != 0;
		     i++) {
			mpz_mul(x, y, y);
			mpz_mod(x, x, key[N]);
			if (mpz_cmp_ui(x, 1) == 0) {
				mpz_sub_ui(y, y, 1);
				mpz_gcd(key[P], y, key[N]);
				mpz_divexact(key[Q], key[N], key[P]);
				return true;
			}
			mpz_set(y, x);
		}
	}
	return false;
}

/* The primes: those of the file where they are right, else found. */
static bool find_primes(mpz_t key[NUMBERS])
{
	AUTO_NUMBER mpz_t product;
	bool right;

	mpz_init(product);
	mpz_mul(product, key[P], key[Q]);
	right = mpz_cmp(product, key[N]) == 0 && mpz_cmp_ui(key[P], 1) > 0 &&
		mpz_cmp_ui(key[Q], 1) > 0;
	if (!right && !factor(key))
		return false;
	if (mpz_cmp(key[P], key[Q]) < 0)
		mpz_swap(key[P], key[Q]);
	return mpz_cmp(key[P], key[Q]) != 0 && mpz_cmp_ui(key[Q], 1) > 0;
}

/* The numbers, then d mod p-1, d mod q-1 and 1/q mod p. */
static bool put_key(struct secret *out, mpz_t key[NUMBERS])
{
	AUTO_SECRET struct secret inside = SECRET_INIT;
	AUTO_NUMBER mpz_t part, one;
	bool done = !secret_append(&inside, "\x02\x01\0", 3);

	mpz_inits(part, one, NULL);
	for (int i = 0; i < NUMBERS; i++)
		done = done && put_number(&inside, key[i]);
	for (int i = P; i <= Q; i++) {
		mpz_sub_ui(one, key[i], 1);
		mpz_mod(part, key[D], one);
		done = done && put_number(&inside, part);
	}
	return done && mpz_invert(part, key[Q], key[P]) && put_number(&inside, part) &&
	       ber_put(out, BER_SEQUENCE, inside.data, inside.length);
}

/* The parts as they stand; *count of them. */
static bool read_parts(struct ber key, struct ber_item parts[RSA_PARTS], size_t *count)
{
	struct ber inside;
	struct ber_item version;

	if (!ber_enter(&key, BER_SEQUENCE, &inside) || !ber_take(&inside, BER_INTEGER, &version))
		return false;
	for (*count = 0; *count < RSA_PARTS; ++*count)
		if (!ber_take(&inside, BER_INTEGER, &parts[*count]))
			break;
	return *count >= 3;
}

static bool is_zero(const struct ber_item *item)
{
	return is_number(item->content.data, item->content.length, "");
}

static void complete_rsa(struct secret *pkcs8, const struct key_der_info *key)
{
	struct ber_item parts[RSA_PARTS];
	AUTO_SECRET struct secret der = SECRET_INIT;
	AUTO_SECRET struct secret whole = SECRET_INIT;
	mpz_t numbers[NUMBERS];
	size_t count, bits;
	bool lacking;

	if (!read_parts(key->key.content, parts, &count))
		return;
	lacking = count < RSA_PARTS;
	for (size_t i = 3; i < count; i++)
		lacking = lacking || is_zero(&parts[i]);
	if (!lacking)
		return;
	/* Both primes, or neither. */
	for (size_t i = 0; i < NUMBERS; i++) {
		mpz_init(numbers[i]);
		if (i < P || count > Q)
			mpz_import(numbers[i], parts[i].content.length, 1, 1, 1, 0,
				   parts[i].content.data);
	}
	bits = mpz_sizeinbase(numbers[N], 2);
	/* Bounded before anything is computed, and of a form that the arithmetic is made for. */
	if (bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX && mpz_odd_p(numbers[N]) &&
	    mpz_cmp_ui(numbers[E], 2) > 0 && mpz_cmp(numbers[E], numbers[N]) < 0 &&
	    mpz_cmp_ui(numbers[D], 2) > 0 && mpz_cmp(numbers[D], numbers[N]) < 0 &&
	    find_primes(numbers) && put_key(&der, numbers) &&
	    key_der_to_pkcs8(der.data, der.length, NULL, &whole))
		secret_move(pkcs8, &whole);
	for (size_t i = 0; i < NUMBERS; i++)
		clear_number(&numbers[i]);
}

void key_complete(struct secret *pkcs8)
{
	struct key_der_info key;

	if (!key_der_open(pkcs8->data, pkcs8->length, true, &key))
		return;
	if (ber_oid_is(&key.oid, OID_EC))
		complete_ec(pkcs8, &key);
	else if (ber_oid_is(&key.oid, OID_RSA))
		complete_rsa(pkcs8, &key);
}
