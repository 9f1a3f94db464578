/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's parts put together, and what is made ready beside the first request. */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include "agent/gate/gate.h"
#include "agent/gate/refusal.h"
#include "agent/gate/report.h"
#include "agent/identity/keycache.h"
#include "agent/key/tpm-lent.h"
#include "agent/key/tpm-library.h"
#include "agent/store/keyring-watch.h"
#include "agent/store/keyring.h"
#include "agent/store/store.h"
#include "agent.h"

void agent_leave(const struct agent *agent)
{
	if (agent->server)
		agent->server->leave(agent->server);
}

/* The keyring locked, or its daemon went: what came from it goes. Any change ends the memory of
 * what failed for want of it. The agent of a session that ended has the environment of that one: it
 * leaves, and who needs an agent starts one of the present session.
 */
static void keyring_told(enum keyring_news news, void *data)
{
	struct agent *agent = data;

	if (news != KEYRING_USABLE) {
		keycache_drop_store(agent->keys, store_find("keyring"));
		/* Their authorisations were in it. */
		keycache_drop_store(agent->keys, store_find("tpm"));
	}
	if (news != KEYRING_LOCKED)
		gate_forget_store(agent->gate);
	if (news == KEYRING_BUS_GONE)
		agent_leave(agent);
}

void agent_init(struct agent *agent, enum scope scope)
{
	*agent = (struct agent){ .scope = scope,
				 .uid = geteuid(),
				 .started = g_get_monotonic_time() };
	agent->report = report_new(scope);
	agent->keys = keycache_new(scope);
	agent->gate = gate_new(scope, &agent->uid, agent->report, agent->keys);
	agent->told = refusals_new();
	if (scope == SCOPE_USER) {
		tpm_lent_allow();
		store_keyring_watch(keyring_told, agent);
		store_keyring_prepare();
	}
}

void agent_clear(struct agent *agent)
{
	if (agent->warm_up)
		g_thread_join(agent->warm_up);
	report_free(agent->report);
	gate_free(agent->gate);
	refusals_free(agent->told);
	keycache_free(agent->keys);
	tpm_library_end();
}

/* Looked up here, libcrypto's algorithms and its random generator are at hand for the first
 * signature [0.5 ms].
 */
static void warm_libcrypto(void)
{
	static const int types[] = { EVP_PKEY_RSA, EVP_PKEY_EC };
	guint8 byte;

	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		EVP_PKEY_CTX_free(EVP_PKEY_CTX_new_id(types[i], NULL));
	EVP_SIGNATURE_free(EVP_SIGNATURE_fetch(NULL, "RSA", NULL));
	EVP_SIGNATURE_free(EVP_SIGNATURE_fetch(NULL, "ECDSA", NULL));
	(void)!RAND_bytes(&byte, 1);
}

static void *warm_up(void *data)
{
	struct agent *agent = data;

	warm_libcrypto();
	gate_refresh(agent->gate);
	return NULL;
}

void agent_warm_up(struct agent *agent)
{
	agent->warm_up = g_thread_new("warm-up", warm_up, agent);
}
