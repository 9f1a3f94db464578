/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The session in which secrets pass the bus, as the Secret Service's specification has it
 * ("Transfer of secrets"): enciphered under a key that both sides make by Diffie-Hellman in the
 * second Oakley group (RFC 2409 section 6.2), or plain where a service knows nothing else.
 *
 * libsecret makes the same session with the whole width of the group for its exponent, in
 * libgcrypt: that was a third of all that an agent's start and its first signature cost. Here
 * libcrypto raises to a power of 256 bits, which is more than the group itself is worth, and GnuTLS
 * derives and enciphers.
 */
#include <string.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <devid/result.h>
#include <internal/secret.h>
#include "keyring-error.h"
#include "keyring-private.h"
#include "keyring-session.h"

#define ALGORITHM      "dh-ietf1024-sha256-aes128-cbc-pkcs7"
#define PLAIN	       "plain"
#define NOT_SUPPORTED  "org.freedesktop.DBus.Error.NotSupported"
#define GROUP_BYTES    128
#define EXPONENT_BYTES 32
#define HASH_BYTES     32
#define BLOCK	       16 /* also the size of the key */
/* A key of RSA-4096 in base64 has 3.2 KiB. */
#define SECRET_MAX (64 * 1024)

struct keyring_session {
	char *path;
	struct secret key; /* empty: plain */
};

/* Our side of the exchange; all of it in libcrypto's locked heap. */
struct exchange {
	BN_CTX *scratch;
	BIGNUM *prime, *exponent, *power;
};

static void exchange_clear(struct exchange *exchange)
{
	BN_clear_free(exchange->exponent);
	BN_clear_free(exchange->power);
	BN_free(exchange->prime);
	BN_CTX_free(exchange->scratch);
	ERR_clear_error();
}

/* power = base to the exponent; how long it takes says nothing about the exponent. */
static bool power_of(struct exchange *exchange, const BIGNUM *base)
{
	return BN_mod_exp_mont_consttime(exchange->power, base, exchange->exponent, exchange->prime,
					 exchange->scratch, NULL) == 1;
}

static bool exchange_init(struct exchange *exchange)
{
	AUTO_SECRET struct secret random = SECRET_INIT;

	*exchange = (struct exchange){ BN_CTX_secure_new(), BN_get_rfc2409_prime_1024(NULL),
				       BN_secure_new(), BN_secure_new() };
	if (!exchange->scratch || !exchange->prime || !exchange->exponent || !exchange->power ||
	    secret_resize(&random, EXPONENT_BYTES) != DEVID_OK ||
	    gnutls_rnd(GNUTLS_RND_KEY, random.data, random.length) != 0)
		return false;
	BN_set_flags(exchange->exponent, BN_FLG_CONSTTIME);
	return BN_bin2bn(random.data, EXPONENT_BYTES, exchange->exponent) != NULL;
}

/* Our public number. */
static GVariant *exchange_offer(struct exchange *exchange)
{
	BIGNUM *generator = BN_new();
	guint8 bytes[GROUP_BYTES];
	bool made = generator && BN_set_word(generator, 2) == 1 && power_of(exchange, generator) &&
		    BN_bn2binpad(exchange->power, bytes, GROUP_BYTES) == GROUP_BYTES;

	BN_free(generator);
	return made ? g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, GROUP_BYTES, 1) : NULL;
}

/* 1 < number < p - 1: the other numbers lead to a secret that everybody knows. */
static bool is_proper(const struct exchange *exchange, const BIGNUM *number)
{
	BIGNUM *last = BN_dup(exchange->prime);
	bool proper = last && BN_sub_word(last, 1) == 1 && BN_cmp(number, BN_value_one()) > 0 &&
		      BN_cmp(number, last) < 0;

	BN_free(last);
	return proper;
}

/* HKDF with SHA-256, without salt and info, over the secret at the group's full width. */
static bool derive(const struct secret *shared, struct secret *key)
{
	AUTO_SECRET struct secret random_key = SECRET_INIT;
	const gnutls_datum_t input = { shared->data, GROUP_BYTES }, nothing = { NULL, 0 };
	gnutls_datum_t middle = { NULL, HASH_BYTES };

	if (secret_resize(&random_key, HASH_BYTES) != DEVID_OK ||
	    secret_resize(key, BLOCK) != DEVID_OK)
		return false;
	middle.data = random_key.data;
	return gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &input, &nothing, middle.data) == 0 &&
	       gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &middle, &nothing, key->data, BLOCK) == 0;
}

static bool exchange_finish(struct exchange *exchange, GVariant *answer, struct secret *key)
{
	AUTO_SECRET struct secret shared = SECRET_INIT;
	gsize length = 0;
	const void *bytes = g_variant_get_fixed_array(answer, &length, 1);
	BIGNUM *theirs = length <= GROUP_BYTES ? BN_bin2bn(bytes, (int)length, NULL) : NULL;
	bool made = theirs && is_proper(exchange, theirs) && power_of(exchange, theirs) &&
		    secret_resize(&shared, GROUP_BYTES) == DEVID_OK &&
		    BN_bn2binpad(exchange->power, shared.data, GROUP_BYTES) == GROUP_BYTES &&
		    derive(&shared, key);

	BN_free(theirs);
	return made;
}

/* `input` is consumed; the service's output and the session's path are in the reply. */
static GVariant *call_open(GDBusConnection *connection, const char *owner, const char *algorithm,
			   GVariant *input, GCancellable *cancel, GError **error)
{
	return g_dbus_connection_call_sync(connection, owner, SERVICE_PATH, SERVICE_INTERFACE,
					   "OpenSession", g_variant_new("(sv)", algorithm, input),
					   G_VARIANT_TYPE("(vo)"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
					   SESSION_CALL_MS, cancel, error);
}

static bool refuse(GError **error, const char *why)
{
	g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, why);
	return false;
}

static bool open_enciphered(struct keyring_session *session, GDBusConnection *connection,
			    const char *owner, GCancellable *cancel, GError **error)
{
	struct exchange exchange;
	GVariant *offer = exchange_init(&exchange) ? exchange_offer(&exchange) : NULL;
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GVariant) answer = NULL;
	bool opened = false;

	if (!offer)
		refuse(error, "no key could be made for it");
	else
		reply = call_open(connection, owner, ALGORITHM, offer, cancel, error);
	if (reply) {
		g_variant_get(reply, "(vo)", &answer, &session->path);
		opened = (g_variant_is_of_type(answer, G_VARIANT_TYPE_BYTESTRING) &&
			  exchange_finish(&exchange, answer, &session->key)) ||
			 refuse(error, "its answer is no number of the agreed group");
	}
	exchange_clear(&exchange);
	return opened;
}

static bool open_plain(struct keyring_session *session, GDBusConnection *connection,
		       const char *owner, GCancellable *cancel, GError **error)
{
	g_autoptr(GVariant) reply =
		call_open(connection, owner, PLAIN, g_variant_new_string(""), cancel, error);

	if (!reply)
		return false;
	g_variant_get(reply, "(vo)", NULL, &session->path);
	return true;
}

struct keyring_session *keyring_session_open(GDBusConnection *connection, const char *owner,
					     GCancellable *cancel, GError **error)
{
	struct keyring_session *session = g_new0(struct keyring_session, 1);
	g_autoptr(GError) local = NULL;
	bool opened;

	gnutls_global_init();
	opened = open_enciphered(session, connection, owner, cancel, &local);
	if (!opened && keyring_error_is(local, NOT_SUPPORTED)) {
		g_clear_error(&local);
		opened = open_plain(session, connection, owner, cancel, &local);
	}
	if (opened)
		return session;
	g_propagate_error(error, g_steal_pointer(&local));
	keyring_session_free(session);
	return NULL;
}

void keyring_session_free(struct keyring_session *session)
{
	if (!session)
		return;
	secret_clear(&session->key);
	g_free(session->path);
	g_free(session);
}

const char *keyring_session_path(const struct keyring_session *session)
{
	return session->path;
}

/* One run of AES-128-CBC over whole blocks, in place. */
static bool run_cipher(const struct keyring_session *session, const guint8 *start,
		       struct secret *data, bool encipher)
{
	const gnutls_datum_t key = { session->key.data, BLOCK };
	const gnutls_datum_t vector = { (guint8 *)start, BLOCK };
	gnutls_cipher_hd_t cipher;
	bool done;

	if (gnutls_cipher_init(&cipher, GNUTLS_CIPHER_AES_128_CBC, &key, &vector) != 0)
		return false;
	done = (encipher ? gnutls_cipher_encrypt(cipher, data->data, data->length)
			 : gnutls_cipher_decrypt(cipher, data->data, data->length)) == 0;
	gnutls_cipher_deinit(cipher);
	return done;
}

/* RFC 5652 section 6.3: as many bytes of that value as are missing, at least one. */
static bool pad(struct secret *data)
{
	guint8 missing = (guint8)(BLOCK - data->length % BLOCK);
	gsize length = data->length;

	if (secret_resize(data, length + missing) != DEVID_OK)
		return false;
	memset(data->data + length, missing, missing);
	return true;
}

static bool unpad(struct secret *data)
{
	guint8 missing = data->data[data->length - 1];

	if (missing == 0 || missing > BLOCK || missing > data->length)
		return false;
	for (gsize i = data->length - missing; i < data->length; i++)
		if (data->data[i] != missing)
			return false;
	return secret_resize(data, data->length - missing) == DEVID_OK;
}

static GVariant *bytes_new(const void *bytes, gsize length)
{
	return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, length, 1);
}

GVariant *keyring_session_encode(const struct keyring_session *session, const struct secret *text,
				 const char *content_type)
{
	AUTO_SECRET struct secret value = SECRET_INIT;
	bool plain = session->key.length == 0;
	guint8 start[BLOCK];

	if (secret_append(&value, text->data, text->length) != DEVID_OK)
		return NULL;
	if (!plain && (gnutls_rnd(GNUTLS_RND_NONCE, start, BLOCK) != 0 || !pad(&value) ||
		       !run_cipher(session, start, &value, true)))
		return NULL;
	return g_variant_new("(o@ay@ays)", session->path, bytes_new(start, plain ? 0 : BLOCK),
			     bytes_new(value.data, value.length), content_type);
}

bool keyring_session_decode(const struct keyring_session *session, GVariant *encoded,
			    struct secret *text)
{
	g_autoptr(GVariant) start = g_variant_get_child_value(encoded, 1);
	g_autoptr(GVariant) value = g_variant_get_child_value(encoded, 2);
	gsize start_length = 0, length = 0;
	const guint8 *start_bytes = g_variant_get_fixed_array(start, &start_length, 1);
	const guint8 *bytes = g_variant_get_fixed_array(value, &length, 1);

	secret_clear(text);
	if (length == 0 || length > SECRET_MAX || secret_append(text, bytes, length) != DEVID_OK)
		return false;
	if (session->key.length == 0)
		return true;
	return start_length == BLOCK && length % BLOCK == 0 &&
	       run_cipher(session, start_bytes, text, false) && unpad(text);
}
