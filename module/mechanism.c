/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mechanism table: see mechanism.h. PKCS#11 Mechanisms v2.40 sections 2.1 and 2.3. */
#include <internal/cleanup.h>
#include "mechanism.h"

#define RSA_MIN	 2048
#define RSA_MAX	 4096
#define EC_MIN	 256
#define EC_MAX	 521
#define EC_FLAGS (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)

static const struct mechanism {
	CK_MECHANISM_TYPE type;
	enum wire_key_type key;
	enum wire_scheme scheme; /* 0: it makes key pairs */
	enum wire_digest digest; /* DIGEST_NONE: the caller brings it; one part only */
} mechanisms[] = {
	{ CKM_RSA_PKCS, KEY_RSA, SCHEME_RSA_PKCS1, DIGEST_NONE },
	{ CKM_RSA_PKCS_PSS, KEY_RSA, SCHEME_RSA_PSS, DIGEST_NONE },
	{ CKM_SHA256_RSA_PKCS, KEY_RSA, SCHEME_RSA_PKCS1, DIGEST_SHA256 },
	{ CKM_SHA384_RSA_PKCS, KEY_RSA, SCHEME_RSA_PKCS1, DIGEST_SHA384 },
	{ CKM_SHA512_RSA_PKCS, KEY_RSA, SCHEME_RSA_PKCS1, DIGEST_SHA512 },
	{ CKM_SHA256_RSA_PKCS_PSS, KEY_RSA, SCHEME_RSA_PSS, DIGEST_SHA256 },
	{ CKM_SHA384_RSA_PKCS_PSS, KEY_RSA, SCHEME_RSA_PSS, DIGEST_SHA384 },
	{ CKM_SHA512_RSA_PKCS_PSS, KEY_RSA, SCHEME_RSA_PSS, DIGEST_SHA512 },
	{ CKM_ECDSA, KEY_EC, SCHEME_ECDSA, DIGEST_NONE },
	{ CKM_ECDSA_SHA256, KEY_EC, SCHEME_ECDSA, DIGEST_SHA256 },
	{ CKM_ECDSA_SHA384, KEY_EC, SCHEME_ECDSA, DIGEST_SHA384 },
	{ CKM_ECDSA_SHA512, KEY_EC, SCHEME_ECDSA, DIGEST_SHA512 },
	{ CKM_RSA_PKCS_KEY_PAIR_GEN, KEY_RSA, 0, DIGEST_NONE },
	{ CKM_EC_KEY_PAIR_GEN, KEY_EC, 0, DIGEST_NONE },
};

/* The digests that PSS parameters may name, and their mask generation functions. */
static const struct digest {
	enum wire_digest digest;
	CK_MECHANISM_TYPE hash;
	CK_RSA_PKCS_MGF_TYPE mgf;
	size_t size;
} digests[] = {
	{ DIGEST_SHA256, CKM_SHA256, CKG_MGF1_SHA256, 32 },
	{ DIGEST_SHA384, CKM_SHA384, CKG_MGF1_SHA384, 48 },
	{ DIGEST_SHA512, CKM_SHA512, CKG_MGF1_SHA512, 64 },
};

/* What holds for a type of key, whatever the mechanism. */
static const struct key_rule {
	CK_ULONG min, max; /* bits */
	CK_FLAGS flags;
} key_rules[] = {
	[KEY_RSA] = { RSA_MIN, RSA_MAX, 0 },
	[KEY_EC] = { EC_MIN, EC_MAX, EC_FLAGS },
};

static const struct mechanism *find(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++)
		if (mechanisms[i].type == type)
			return &mechanisms[i];
	return NULL;
}

/* Whether PSS parameters may name it. Java asks for that before it lets a key of the token sign
 * with PSS (so for each login with RSA and TLS 1.3), and makes the digest itself: the token knows
 * the mechanism, and does nothing by it alone. It is in no list.
 */
static bool names_digest(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < ARRAY_SIZE(digests); i++)
		if (digests[i].hash == type)
			return true;
	return false;
}

CK_RV mechanism_list(CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	CK_ULONG room = *count;

	*count = ARRAY_SIZE(mechanisms);
	if (!list)
		return CKR_OK;
	if (room < ARRAY_SIZE(mechanisms))
		return CKR_BUFFER_TOO_SMALL;
	for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++)
		list[i] = mechanisms[i].type;
	return CKR_OK;
}

CK_RV mechanism_info(CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	const struct mechanism *mechanism = find(type);
	const struct key_rule *rule;

	if (!mechanism && names_digest(type)) {
		*info = (CK_MECHANISM_INFO){ 0 };
		return CKR_OK;
	}
	if (!mechanism)
		return CKR_MECHANISM_INVALID;
	rule = &key_rules[mechanism->key];
	info->ulMinKeySize = rule->min;
	info->ulMaxKeySize = rule->max;
	info->flags = rule->flags | (mechanism->scheme ? CKF_SIGN : CKF_GENERATE_KEY_PAIR);
	return CKR_OK;
}

/* RFC 8017 section 9.1.1: what emBits leaves beside the digest and two bytes is for the salt. */
static CK_RV start_pss(const struct mechanism *mechanism, const CK_MECHANISM *asked, unsigned bits,
		       struct mechanism_use *use)
{
	const CK_RSA_PKCS_PSS_PARAMS *params = asked->pParameter;
	const struct digest *hash = NULL, *mgf = NULL;
	size_t encoded = (bits - 1 + 7) / 8;

	if (!params || asked->ulParameterLen != sizeof(*params))
		return CKR_MECHANISM_PARAM_INVALID;
	for (size_t i = 0; i < ARRAY_SIZE(digests); i++) {
		if (digests[i].hash == params->hashAlg)
			hash = &digests[i];
		if (digests[i].mgf == params->mgf)
			mgf = &digests[i];
	}
	if (!hash || !mgf || params->sLen > encoded - hash->size - 2)
		return CKR_MECHANISM_PARAM_INVALID;
	if (mechanism->digest != DIGEST_NONE && mechanism->digest != hash->digest)
		return CKR_MECHANISM_PARAM_INVALID;
	use->pss_digest = hash->digest;
	use->pss_mgf = mgf->digest;
	use->pss_salt = (uint32_t)params->sLen;
	if (mechanism->digest == DIGEST_NONE)
		use->data_min = use->data_max = hash->size;
	return CKR_OK;
}

CK_RV mechanism_start(const CK_MECHANISM *asked, enum wire_key_type key, unsigned bits,
		      struct mechanism_use *use)
{
	const struct mechanism *mechanism = find(asked->mechanism);
	size_t bytes = (bits + 7) / 8;

	if (!mechanism || !mechanism->scheme)
		return CKR_MECHANISM_INVALID;
	if (mechanism->key != key)
		return CKR_KEY_TYPE_INCONSISTENT;
	if (bits < key_rules[key].min || bits > key_rules[key].max)
		return CKR_KEY_SIZE_RANGE;
	*use = (struct mechanism_use){
		.scheme = mechanism->scheme,
		.digest = mechanism->digest,
		.parts = mechanism->digest != DIGEST_NONE,
		.data_max = SIZE_MAX,
		.signature = key == KEY_EC ? 2 * bytes : bytes,
	};
	if (mechanism->scheme == SCHEME_RSA_PSS)
		return start_pss(mechanism, asked, bits, use);
	if (asked->pParameter && asked->ulParameterLen > 0)
		return CKR_MECHANISM_PARAM_INVALID;
	if (mechanism->digest != DIGEST_NONE)
		return CKR_OK;
	/* Bare: k - 11 bytes (RFC 8017 section 7.2.1); the leftmost bits of any digest, but of
	 * one. */
	use->data_min = key == KEY_EC ? 1 : 0;
	use->data_max = key == KEY_EC ? bytes : bytes - 11;
	use->cut = key == KEY_EC;
	return CKR_OK;
}

CK_RV mechanism_generate(const CK_MECHANISM *asked, enum wire_key_type *key)
{
	const struct mechanism *mechanism = find(asked->mechanism);

	if (!mechanism || mechanism->scheme)
		return CKR_MECHANISM_INVALID;
	*key = mechanism->key;
	return asked->pParameter && asked->ulParameterLen > 0 ? CKR_MECHANISM_PARAM_INVALID
							      : CKR_OK;
}

CK_MECHANISM_TYPE mechanism_of_generation(enum wire_key_type key)
{
	size_t i = 0;

	while (mechanisms[i].scheme || mechanisms[i].key != key)
		i++;
	return mechanisms[i].type;
}

struct bytes mechanism_allowed(enum wire_key_type key, bool pss)
{
	static CK_MECHANISM_TYPE allowed[2][3][ARRAY_SIZE(mechanisms)];
	static size_t counts[2][3];
	CK_MECHANISM_TYPE *list = allowed[pss][key];
	size_t *count = &counts[pss][key];

	if (*count == 0)
		for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++)
			if (mechanisms[i].key == key && mechanisms[i].scheme &&
			    (pss || mechanisms[i].scheme != SCHEME_RSA_PSS))
				list[(*count)++] = mechanisms[i].type;
	return (struct bytes){ (const uint8_t *)list, *count * sizeof(*list) };
}
