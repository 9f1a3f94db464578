/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An agent that does as it is told: see support.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include "support.h"

#define CLIENTS 64

static const char *const key_names[] = { "rsa2048", "rsa3072", "rsa4096", "p256", "p384", "p521" };
#define KEYS (sizeof(key_names) / sizeof(key_names[0]))

static struct {
	EVP_PKEY *key;
	uint8_t hash[32];
} keys[KEYS];

struct peer {
	int fd, requests;
	uint8_t *message;
	size_t length;
};

static struct fake_agent *agents[4];
static int agent_count;

static const EVP_MD *digest_of(uint32_t digest)
{
	static const EVP_MD *(*const digests[])(void) = {
		[DIGEST_SHA1] = EVP_sha1,     [DIGEST_SHA224] = EVP_sha224,
		[DIGEST_SHA256] = EVP_sha256, [DIGEST_SHA384] = EVP_sha384,
		[DIGEST_SHA512] = EVP_sha512,
	};

	return digest ? digests[digest]() : NULL;
}

/* ECDSA's DER to r||s. */
static size_t raw_ecdsa(EVP_PKEY *key, const uint8_t *der, size_t length, uint8_t *out)
{
	size_t scope = (size_t)(EVP_PKEY_get_bits(key) + 7) / 8;
	ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &der, (long)length);

	BN_bn2binpad(ECDSA_SIG_get0_r(parts), out, (int)scope);
	BN_bn2binpad(ECDSA_SIG_get0_s(parts), out + scope, (int)scope);
	ECDSA_SIG_free(parts);
	return 2 * scope;
}

static size_t sign(const struct fake_agent *agent, EVP_PKEY *key, const struct peer *peer,
		   uint8_t *out)
{
	const EVP_MD *md = digest_of(agent->digest);
	uint8_t hash[64], signature[1024];
	const uint8_t *data = peer->message;
	size_t length = peer->length, size = sizeof(signature);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	unsigned hash_length;

	/* What is asked with a dead handle's key, whatever that is. */
	if (agent->scheme == SCHEME_ECDSA && EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) {
		EVP_PKEY_CTX_free(context);
		return 0;
	}
	if (md) {
		EVP_Digest(data, length, hash, &hash_length, md, NULL);
		data = hash;
		length = hash_length;
	}
	EVP_PKEY_sign_init(context);
	if (agent->scheme == SCHEME_RSA_PSS) {
		EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_signature_md(context, digest_of(agent->pss_digest));
		EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest_of(agent->pss_mgf));
		EVP_PKEY_CTX_set_rsa_pss_saltlen(context, (int)agent->pss_salt);
	} else if (agent->scheme == SCHEME_RSA_PKCS1 && md) {
		EVP_PKEY_CTX_set_signature_md(context, md);
	}
	if (EVP_PKEY_sign(context, signature, &size, data, length) != 1)
		size = 0;
	EVP_PKEY_CTX_free(context);
	if (agent->scheme == SCHEME_ECDSA && size > 0)
		return raw_ecdsa(key, signature, size, out);
	memcpy(out, signature, size);
	return size;
}

static EVP_PKEY *find_key(const struct wire_frame *request)
{
	struct wire_field hash;

	if (!wire_get(request, TAG_SPKI_HASH, &hash) || hash.length != 32)
		return NULL;
	for (size_t i = 0; i < KEYS; i++)
		if (memcmp(keys[i].hash, hash.data, 32) == 0)
			return keys[i].key;
	return NULL;
}

static uint32_t number(const struct wire_frame *request, enum wire_tag tag)
{
	uint32_t value = 0;

	wire_get_u32(request, tag, &value);
	return value;
}

static void answer_sign(struct fake_agent *agent, struct peer *peer,
			const struct wire_frame *request, struct wire_frame *reply)
{
	EVP_PKEY *key = find_key(request);
	uint32_t more = number(request, TAG_MORE);
	struct wire_field data;
	uint8_t signature[1024];
	size_t length;

	wire_get(request, TAG_DATA, &data);
	peer->message = realloc(peer->message, peer->length + data.length + 1);
	memcpy(peer->message + peer->length, data.data, data.length);
	peer->length += data.length;
	agent->scheme = number(request, TAG_SCHEME);
	agent->digest = number(request, TAG_DIGEST);
	agent->pss_digest = number(request, TAG_PSS_DIGEST);
	agent->pss_mgf = number(request, TAG_PSS_MGF);
	agent->pss_salt = number(request, TAG_PSS_SALT);
	if (more) {
		agent->parts++;
		wire_put_u32(reply, TAG_RESULT, agent->answer);
		return;
	}
	agent->signs++;
	agent->data_length = peer->length;
	memcpy(agent->data, peer->message, peer->length < 256 ? peer->length : 256);
	length = key && agent->answer == DEVID_OK ? sign(agent, key, peer, signature) : 0;
	peer->length = 0;
	wire_put_u32(reply, TAG_RESULT,
		     agent->answer != DEVID_OK ? agent->answer
		     : !key		       ? DEVID_KEY_MISSING
		     : length == 0	       ? DEVID_FAILED
					       : DEVID_OK);
	if (length > 0)
		wire_put(reply, TAG_SIGNATURE, signature,
			 agent->short_signature ? length - 1 : length);
}

static void answer_change(struct fake_agent *agent, const struct wire_frame *request,
			  struct wire_frame *reply)
{
	memcpy(agent->change, request->bytes.data, request->bytes.length);
	agent->change_length = request->bytes.length;
	agent->changes++;
	wire_put_u32(reply, TAG_RESULT, agent->answer);
	if ((wire_type(request) == WIRE_WRITE || wire_type(request) == WIRE_GENERATE) &&
	    agent->answer == DEVID_OK)
		wire_put_text(reply, TAG_NAME, agent->new_name);
}

static void copy_text(const struct wire_frame *request, enum wire_tag tag, char *out, size_t room)
{
	struct wire_field field = { 0 };

	if (!wire_get(request, tag, &field) || field.length >= room)
		field.length = 0;
	if (field.length > 0)
		memcpy(out, field.data, field.length);
	out[field.length] = '\0';
}

static void answer_refused(struct fake_agent *agent, const struct wire_frame *request,
			   struct wire_frame *reply)
{
	struct wire_field hash;

	if (wire_get(request, TAG_SPKI_HASH, &hash) && hash.length == 32)
		memcpy(agent->refused_hash, hash.data, 32);
	copy_text(request, TAG_REASON, agent->refused_reason, sizeof(agent->refused_reason));
	copy_text(request, TAG_TOKEN, agent->refused_token, sizeof(agent->refused_token));
	agent->refusals++;
	wire_put_u32(reply, TAG_RESULT, DEVID_OK);
}

/* False: the connection ends. */
static bool answer(struct fake_agent *agent, struct peer *peer, const struct wire_frame *request)
{
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;

	if (wire_type(request) != WIRE_HELLO) {
		if (agent->close_before) {
			agent->close_before = 0;
			return false;
		}
		peer->requests++;
		if (agent->silent)
			return true;
		if (agent->delay_ms > 0)
			usleep((useconds_t)agent->delay_ms * 1000);
		for (unsigned i = 0; i < agent->prompts; i++) {
			wire_begin(&reply, WIRE_PROGRESS);
			if (wire_finish(&reply) != DEVID_OK ||
			    socket_send(peer->fd, &reply, 1000) != DEVID_OK)
				return false;
		}
	}
	wire_begin(&reply, WIRE_REPLY);
	if (wire_type(request) == WIRE_HELLO) {
		agent->hellos++;
		wire_put_u32(&reply, TAG_RESULT, DEVID_OK);
		wire_put_u32(&reply, TAG_PROTOCOL, WIRE_VERSION);
		wire_put_u32(&reply, TAG_MAY_SIGN, (uint32_t)agent->may_sign);
	} else if (wire_type(request) == WIRE_SIGN) {
		answer_sign(agent, peer, request, &reply);
		if (agent->answer != DEVID_OK)
			wire_put_text(&reply, TAG_REASON, agent->reason);
	} else if (wire_type(request) == WIRE_REFUSED) {
		if (agent->ignorant)
			return false;
		answer_refused(agent, request, &reply);
	} else {
		answer_change(agent, request, &reply);
	}
	return wire_finish(&reply) == DEVID_OK && socket_send(peer->fd, &reply, 1000) == DEVID_OK &&
	       (agent->close_after < 0 || peer->requests < agent->close_after);
}

static void drop(struct fake_agent *agent, struct peer *peer)
{
	close(peer->fd);
	free(peer->message);
	*peer = (struct peer){ .fd = -1 };
	agent->open--;
}

static void serve(struct fake_agent *agent, int listener)
{
	struct peer peers[CLIENTS];
	struct pollfd polled[CLIENTS + 1];

	for (int i = 0; i < CLIENTS; i++)
		peers[i] = (struct peer){ .fd = -1 };
	for (;;) {
		polled[CLIENTS] = (struct pollfd){ listener, POLLIN, 0 };
		for (int i = 0; i < CLIENTS; i++)
			polled[i] = (struct pollfd){ peers[i].fd, POLLIN, 0 };
		if (poll(polled, CLIENTS + 1, -1) < 0 && errno != EINTR)
			_exit(1);
		for (int i = 0; i < CLIENTS; i++) {
			AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;

			if (peers[i].fd >= 0 && polled[i].revents &&
			    (socket_receive(peers[i].fd, &request, 2000, 0) != DEVID_OK ||
			     !answer(agent, &peers[i], &request)))
				drop(agent, &peers[i]);
		}
		for (int i = 0; polled[CLIENTS].revents && i < CLIENTS; i++)
			if (peers[i].fd < 0) {
				peers[i].fd = accept(listener, NULL, NULL);
				agent->connections++;
				agent->open++;
				break;
			}
	}
}

static int listen_on(enum scope scope)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char path[PATH_BUFFER];

	assert_true(path_runtime(scope, path));
	mkdir(path, 0700);
	chmod(path, scope == SCOPE_USER ? 0700 : 0755);
	assert_true(path_socket(scope, path));
	unlink(path);
	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	chmod(path, 0666);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

void agent_restart(struct fake_agent *agent, enum scope scope)
{
	int listener = listen_on(scope);
	pid_t pid;

	agent->open = 0;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(agent, listener);
		_exit(0);
	}
	agent->pid = pid;
	close(listener);
}

struct fake_agent *agent_start(enum scope scope)
{
	struct fake_agent *agent = mmap(NULL, sizeof(*agent), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(agent, MAP_FAILED);
	for (size_t i = 0; i < KEYS && !keys[i].key; i++) {
		keys[i].key = pki_key(key_names[i]);
		spki_hash_of(keys[i].key, keys[i].hash);
	}
	agent->close_after = -1;
	agent->may_sign = 1;
	agents[agent_count++] = agent;
	agent_restart(agent, scope);
	return agent;
}

void agent_stop(struct fake_agent *agent)
{
	if (agent->pid > 0) {
		kill(agent->pid, SIGKILL);
		waitpid(agent->pid, NULL, 0);
	}
	agent->pid = 0;
}

void agents_end(void)
{
	while (agent_count > 0) {
		agent_stop(agents[--agent_count]);
		munmap(agents[agent_count], sizeof(struct fake_agent));
	}
}
