/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the agent's cmocka tests share: a private place, identities in it, an account, requests. */
#ifndef AGENT_TEST_SUPPORT_H
#define AGENT_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gnutls/gnutls.h>
#include <gnutls/abstract.h>
#include <glib.h>
#include <internal/path.h>
#include <internal/secret.h>
#include <internal/wire.h>
#include "agent/request/agent.h"
#include "agent/request/session.h"

/* Setup and teardown: a folder of our own, and DEVID_* pointing into it. */
int place_make(void **state);
int place_remove(void **state);
/* A path in it, static for a moment. */
const char *place_path(const char *below);
void place_write(const char *below, const char *text, mode_t mode);
/* The whole file, or "" where there is none; to be freed. */
char *place_read(const char *below);

/* One of the shared certificates (tests/certs/make.sh). */
GBytes *pki_der(const char *name);
void pki_pkcs8(const char *name, struct secret *pkcs8);
gnutls_pubkey_t pki_pubkey(const char *name);
GBytes *pki_spki(const char *name);

struct made {
	char name[17];
	guint8 hash[WIRE_SPKI_HASH];
	char hash_hex[2 * WIRE_SPKI_HASH + 1];
};
/* A record and its private half, as an import leaves them. `store`: "file", "keyring", "none". */
void identity_make(const char *label, const char *pki_name, const char *store, struct made *made);
void identity_unmake(const struct made *made);

/* account.conf with these lines, and signing/NAME.pem for each name given. */
void account_make(const char *lines, const char *signing, ...) G_GNUC_NULL_TERMINATED;
void account_unmake(void);

/* An agent without a socket, and a session of a client of our own uid (or `uid`). */
struct bench {
	struct agent agent;
	struct session session;
	struct wire_frame request, reply;
};
void bench_open(struct bench *bench, enum scope scope);
void bench_close(struct bench *bench);
void bench_client(struct bench *bench, uid_t uid, const char *program);
/* SIGN with SHA-256 by the key's plain scheme; the reply's result. */
enum devid_result bench_sign(struct bench *bench, const struct made *made, enum wire_scheme scheme);
/* Hands bench->request over; the reply's result. */
enum devid_result bench_ask(struct bench *bench);
char *bench_reason(struct bench *bench);
char *bench_message(struct bench *bench);

/* Lines of the events that hold all of these words. */
/* All lines of the log. */
char *log_read(void);
guint events_with(const char *word, ...) G_GNUC_NULL_TERMINATED;

#endif
