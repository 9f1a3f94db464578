/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a TPM answers, spoilt: the part that talks to it (helper/agent/key/tpm-part.h) makes keys,
 *loads them and signs, more of them than have room, while one answer in eight has another byte,
 *length or code, or ends too early. It may fail then, and no more than that; and each time that
 *answers have come as they are again, each key signs at once. Between it and the TPM, in the
 *process itself, since a socket waits for what it was promised.
 *
 *	tpm-answers ANSWERS SEED
 */
#include <stdio.h>
#include <string.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <tss2/tss2_tctildr.h>
#include "agent/key/tpm-part.h"
#include "fuzz.h"

#define KEYS	   5
#define EACH	   1000 /* so many answers, and then it is looked whether all is well */
#define ANSWER_MAX 4096

extern const struct tpm_part devid_tpm_part;

static guint64 answers;
static bool spoiling;
static guint64 state;

/* xorshift64: the same again for the same seed. */
static guint64 chance(guint64 below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

/* --- what is spoilt */

static void put_number(uint8_t *at, size_t bytes, guint64 number)
{
	while (bytes-- > 0)
		*at++ = (uint8_t)(number >> (8 * bytes));
}

static void spoil_bit(uint8_t *answer, size_t *length)
{
	answer[chance(*length)] ^= (uint8_t)(1u << chance(8));
}

static void spoil_byte(uint8_t *answer, size_t *length)
{
	answer[chance(*length)] = (uint8_t)chance(256);
}

/* Numbers that say how much follows are of two bytes or four. */
static void spoil_number(uint8_t *answer, size_t *length)
{
	static const guint64 numbers[] = {
		0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x80000000, 0xffffffff
	};
	size_t bytes = chance(2) ? 2 : 4;

	if (*length > bytes)
		put_number(answer + chance(*length - bytes), bytes,
			   numbers[chance(G_N_ELEMENTS(numbers))]);
}

static void spoil_end(uint8_t *answer, size_t *length)
{
	*length = chance(*length);
	if (*length >= 6 && chance(2))
		put_number(answer + 2, 4, *length);
}

static void spoil_length(uint8_t *answer, size_t *length)
{
	if (*length >= 6)
		put_number(answer + 2, 4,
			   chance(2) ? *length + chance(64) - 32 : chance(2 * ANSWER_MAX));
}

static void spoil_code(uint8_t *answer, size_t *length)
{
	static const guint32 codes[] = { 0x100, 0x101, 0x120, 0x143,	  0x144,     0x184,
					 0x18b, 0x1c4, 0x1df, 0x2c4,	  0x901,     0x902,
					 0x903, 0x905, 0x908, 0x910,	  0x918,     0x921,
					 0x922, 0x98e, 0x9a2, 0x80280400, 0xffffffff };

	if (*length >= 10)
		put_number(answer + 6, 4, codes[chance(G_N_ELEMENTS(codes))]);
	if (chance(2))
		*length = MIN(*length, 10);
}

static void spoil_rest(uint8_t *answer, size_t *length)
{
	for (size_t at = chance(*length); at < *length; at++)
		answer[at] = (uint8_t)chance(256);
}

static void spoil(uint8_t *answer, size_t *length)
{
	static void (*const ways[])(uint8_t * answer, size_t * length) = {
		spoil_bit, spoil_byte, spoil_number, spoil_end, spoil_length, spoil_code, spoil_rest
	};

	answers++;
	if (spoiling && *length > 0 && chance(8) == 0)
		ways[chance(G_N_ELEMENTS(ways))](answer, length);
}

/* --- between the part and its TPM */

struct between {
	TSS2_TCTI_CONTEXT_COMMON_V1 common;
	TSS2_TCTI_CONTEXT *tpm;
};

TSS2_RC __real_Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **context);
TSS2_RC __wrap_Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **context);
void __real_Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **context);
void __wrap_Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **context);

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
	return Tss2_Tcti_Transmit(((struct between *)context)->tpm, size, command);
}

static TSS2_RC receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response, int32_t timeout)
{
	TSS2_RC rc = Tss2_Tcti_Receive(((struct between *)context)->tpm, size, response, timeout);

	if (rc == TSS2_RC_SUCCESS && response)
		spoil(response, size);
	return rc;
}

TSS2_RC __wrap_Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **context)
{
	struct between *between = g_new0(struct between, 1);
	TSS2_RC rc = __real_Tss2_TctiLdr_Initialize(name, &between->tpm);

	if (rc != TSS2_RC_SUCCESS) {
		g_free(between);
		return rc;
	}
	between->common.magic = 0x6265747765656e00;
	between->common.version = 1;
	between->common.transmit = transmit;
	between->common.receive = receive;
	*context = (TSS2_TCTI_CONTEXT *)between;
	return rc;
}

void __wrap_Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **context)
{
	struct between *between = (struct between *)*context;

	if (between)
		__real_Tss2_TctiLdr_Finalize(&between->tpm);
	g_free(between);
	*context = NULL;
}

/* --- keys */

struct device_key {
	enum wire_key_type type;
	guint bits;
	bool locked;
	struct secret auth;
	struct tpm_file file;
	EVP_PKEY *public;
	struct tpm_object *object; /* NULL: not open */
};

static struct device_key keys[KEYS] = {
	{ .type = KEY_EC, .bits = 256 },
	{ .type = KEY_EC, .bits = 256 },
	{ .type = KEY_EC, .bits = 256, .locked = true },
	{ .type = KEY_EC, .bits = 384, .locked = true },
	{ .type = KEY_RSA, .bits = 2048 },
};

static void make_key(struct device_key *key)
{
	struct tpm_trouble trouble = { DEVID_OK };
	guint8 auth[32];

	for (gsize i = 0; i < sizeof(auth); i++)
		auth[i] = (guint8)(1 + chance(255));
	key->auth = SECRET_INIT;
	key->file = TPM_FILE_INIT;
	if (key->locked)
		FUZZ_CHECK(secret_append(&key->auth, auth, sizeof(auth)) == DEVID_OK);
	if (!devid_tpm_part.create(key->type, key->bits, &key->auth, NULL, &key->file, &key->public,
				   &trouble)) {
		fprintf(stderr, "no key: %s\n", trouble.words);
		exit(1);
	}
}

static bool open_key(struct device_key *key, struct tpm_trouble *trouble)
{
	EVP_PKEY *public = NULL;

	if (!key->object)
		key->object = devid_tpm_part.load(&key->file, &key->auth, NULL, &public, trouble);
	EVP_PKEY_free(public);
	return key->object != NULL;
}

static void close_key(struct device_key *key)
{
	if (key->object)
		devid_tpm_part.unload(key->object);
	key->object = NULL;
}

static gsize to_der(const guint8 *signature, gsize part, unsigned char **der)
{
	ECDSA_SIG *parts = ECDSA_SIG_new();
	int length;

	FUZZ_CHECK(ECDSA_SIG_set0(parts, BN_bin2bn(signature, (int)part, NULL),
				  BN_bin2bn(signature + part, (int)part, NULL)) == 1);
	length = i2d_ECDSA_SIG(parts, der);
	ECDSA_SIG_free(parts);
	return (gsize)length;
}

static bool is_good(const struct device_key *key, const guint8 hash[32], const guint8 *signature,
		    gsize part)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->public, NULL);
	unsigned char *der = NULL;
	gsize length = key->type == KEY_EC ? to_der(signature, part, &der) : part;
	bool good = EVP_PKEY_verify_init(context) > 0 &&
		    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0 &&
		    EVP_PKEY_verify(context, der ? der : signature, length, hash, 32) == 1;

	OPENSSL_free(der);
	EVP_PKEY_CTX_free(context);
	return good;
}

/* Of an answer that was spoilt something may come that does not verify, unless it came with an
 * HMAC. */
static bool sign(struct device_key *key, struct tpm_trouble *trouble)
{
	guint8 hash[32] = { 0 }, signature[512] = { 0 };
	gsize part = ((gsize)key->bits + 7) / 8;

	put_number(hash, 8, answers);
	if (!open_key(key, trouble) ||
	    !devid_tpm_part.sign(key->object, key->type == KEY_EC ? SCHEME_ECDSA : SCHEME_RSA_PKCS1,
				 DIGEST_SHA256, hash, sizeof(hash), part, signature, trouble))
		return false;
	if (is_good(key, hash, signature, part))
		return true;
	FUZZ_CHECK(spoiling && !key->locked);
	return false;
}

/* --- */

static void use_some_key(void)
{
	struct device_key *key = &keys[chance(4 * KEYS) ? chance(KEYS - 1) : KEYS - 1];
	struct tpm_trouble trouble = { DEVID_OK };

	sign(key, &trouble);
	if (chance(16) == 0)
		close_key(key);
}

static void see_that_all_is_well(void)
{
	spoiling = false;
	for (gsize i = 0; i < KEYS; i++) {
		struct tpm_trouble trouble = { DEVID_OK };

		if (sign(&keys[i], &trouble))
			continue;
		fprintf(stderr,
			"after %" G_GUINT64_FORMAT " answers key %zu does not sign: %s (%s)\n",
			answers, i, trouble.words, trouble.reason ? trouble.reason : "");
		exit(1);
	}
	spoiling = true;
}

int main(int argc, char **argv)
{
	guint64 wanted = argc == 3 ? g_ascii_strtoull(argv[1], NULL, 10) : 0, next = EACH;

	if (wanted == 0)
		return 2;
	state = g_ascii_strtoull(argv[2], NULL, 10) * 0x9e3779b97f4a7c15 + 1;
	for (gsize i = 0; i < KEYS; i++)
		make_key(&keys[i]);
	spoiling = true;
	while (answers < wanted) {
		use_some_key();
		if (answers < next)
			continue;
		see_that_all_is_well();
		next = answers + EACH;
		if (next / 100000 != answers / 100000)
			fprintf(stderr, "%" G_GUINT64_FORMAT "\n", answers);
	}
	see_that_all_is_well();
	for (gsize i = 0; i < KEYS; i++) {
		close_key(&keys[i]);
		tpm_file_clear(&keys[i].file);
		secret_clear(&keys[i].auth);
		EVP_PKEY_free(keys[i].public);
	}
	spoiling = false;
	devid_tpm_part.end();
	printf("%" G_GUINT64_FORMAT "\n", answers);
	return 0;
}
