/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the module's tests share: the module through dlopen, records written by hand, and an agent
 * that does as it is told.
 */
#ifndef TEST_MODULE_SUPPORT_H
#define TEST_MODULE_SUPPORT_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <sys/types.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>
#include <internal/path.h>
#include <internal/record.h>
#include <internal/wire.h>

#define USER_SLOT   0
#define SYSTEM_SLOT 1
#define BYTES_OF(x) (x), sizeof(x)

/* support.c: one private folder with both halves below it; the environment points there. */
extern char test_folder[64];
extern CK_FUNCTION_LIST *p11;
int test_setup(void **state);	 /* folder, environment, dlopen; not initialised */
int test_teardown(void **state); /* ends agents, finalizes, dlclose, removes the folder */

void *test_symbol(const char *name); /* that the module exports; NULL: it doesn't */

const char *folder_of(enum scope scope);
/* A session on a slot of the module, which is initialised if it isn't. */
CK_SESSION_HANDLE open_session(CK_SLOT_ID slot, CK_FLAGS more_flags);
/* All objects that match; at most `room`. */
CK_ULONG find_all(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count,
		  CK_OBJECT_HANDLE *objects, CK_ULONG room);
CK_ULONG count_class(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class);
/* The one object of that class and label; 0: none. Fails the test where there are several. */
CK_OBJECT_HANDLE find_one(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label);
/* A copy of an attribute's value; fails the test where it can't be read. */
size_t read_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
		      void *out, size_t room);
int count_fds(void);

/* records.c: what is written there is as the agent writes it. `pki` names files of the tests'
 * PKI. */
struct test_record {
	const char *name;			  /* 16 hex digits; NULL: made from the label */
	const char *label;			  /* NULL: `pki` */
	const char *key_label, *public_key_label; /* NULL: no such line */
	const char *pki;			  /* PKI name of certificate and key */
	const char *id;				  /* hex; NULL: "01" and on */
	const char *store;			  /* NULL: "file" */
	bool no_leaf, local;
	const char *chain[4]; /* PKI names */
};
void write_record(enum scope scope, const struct test_record *record);
void write_text_record(enum scope scope, const char *name, const char *text, size_t length);
void remove_record(enum scope scope, const char *name);
/* The former record of that key, as far as the module looks at it: that it is there. */
void write_former(enum scope scope, const char *name, const char *pki);
void remove_former(enum scope scope, const char *name, const char *pki);
void new_generation(enum scope scope);
/* DER of PKI certificate `name`; the caller frees. */
uint8_t *pki_certificate(const char *name, size_t *length);
EVP_PKEY *pki_key(const char *name);
void spki_hash_of(EVP_PKEY *key, uint8_t hash[32]);
/* SPKI DER; the caller frees with OPENSSL_free(). */
uint8_t *spki_of(EVP_PKEY *key, size_t *length);

/* fake-agent.c: a process that speaks the wire and signs with the PKI's keys. What it does is told
 * through shared memory, at any time.
 */
struct fake_agent {
	pid_t pid;
	/* told to it */
	volatile enum devid_result answer; /* not OK: every SIGN and change gets this */
	volatile int may_sign;
	volatile int close_after;  /* requests until it ends the connection; -1: never */
	volatile int close_before; /* ends the connection instead of answering the next request */
	volatile int silent;	   /* answers nothing */
	volatile int short_signature;
	volatile int delay_ms;	   /* before each answer */
	volatile unsigned prompts; /* PROGRESS frames before each answer */
	/* told by it */
	volatile unsigned connections, open, hellos, signs, changes, parts;
	const char *reason; /* with an answer that isn't OK; NULL: none (a literal) */
	volatile int
		ignorant; /* ends the connection at a REFUSED, as an agent that doesn't know it */
	volatile uint32_t scheme, digest, pss_digest, pss_mgf, pss_salt;
	volatile size_t data_length; /* of the last SIGN, all parts */
	uint8_t data[256];	     /* its beginning */
	uint8_t change[65536];	     /* the last WRITE, GENERATE, REMOVE or RENAME frame */
	volatile size_t change_length;
	char new_name[17];	    /* TAG_NAME of the answer to WRITE, GENERATE */
	volatile unsigned refusals; /* REFUSED requests, the last of which said: */
	uint8_t refused_hash[32];
	char refused_reason[65], refused_token[16];
};
struct fake_agent *agent_start(enum scope scope);
void agent_stop(struct fake_agent *agent); /* the process alone; what it told can still be read */
void agent_restart(struct fake_agent *agent, enum scope scope);
void agents_end(void);

#endif
