/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host of the module that lives strangely, against the real agent: see main.c. */
#ifndef FAULT_HOST_H
#define FAULT_HOST_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>
#include <p11-kit/pkcs11.h>

/* Said and over: also in a child or a thread, and without the host's exit handlers. */
#define CHECK(condition)                                                                  \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1);                                                         \
		}                                                                         \
	} while (0)

#define STREAMED 200000 /* bytes: more than the module keeps, so that parts go to the agent */

struct manner {
	const char *name;
	void (*run)(void);
};
extern const struct manner fork_manners[], load_manners[], thread_manners[], end_manners[],
	signal_manners[], limit_manners[], talk_manners[];

/* module.c */
extern CK_FUNCTION_LIST *p11;
extern char **host_arguments;
void *host_load(void);		    /* dlopen; sets p11 */
CK_SESSION_HANDLE host_begin(void); /* C_Initialize and a session on the user's token */
CK_RV host_find_key(CK_SESSION_HANDLE session, CK_KEY_TYPE type, CK_OBJECT_HANDLE *key);
/* Finds the RSA key, signs in one part or several (`streamed` bytes, 0: one), and verifies. */
CK_RV host_sign(CK_SESSION_HANDLE session);
/* The same without libcrypto, which ends under threads when the host does. */
CK_RV host_sign_blindly(CK_SESSION_HANDLE session);
CK_RV host_sign_begin(CK_SESSION_HANDLE session, size_t streamed);
CK_RV host_sign_end(CK_SESSION_HANDLE session, size_t streamed);

/* count.c */
int count_fds(void);
bool has_children(void);	/* of any kind, zombies too */
void wait_for_child(pid_t pid); /* and that it ended well */
pid_t agent_pid(void);		/* who listens; 0: nobody */
bool agent_is_gone(pid_t pid);	/* also not as a zombie */

#endif
