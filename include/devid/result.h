/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one result type of the project: what a function that can fail returns.
 *
 * The values are stable: they cross the agent's socket, and each row of devid/reason.h has one.
 * Zero is success; every other value is a failure; there is no third meaning. PKCS#11's return
 * values and the command's exit statuses are made from a result in one place each.
 */
#ifndef DEVID_RESULT_H
#define DEVID_RESULT_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DEVID_MUST_USE __attribute__((warn_unused_result))
#else
#define DEVID_MUST_USE
#endif
#define DEVID_PUBLIC __attribute__((visibility("default")))

enum devid_result {
	DEVID_OK = 0,
	DEVID_FAILED = 1, /* anything without a value of its own */
	DEVID_USAGE = 2,  /* the words of a command line or an argument are off */
	DEVID_NO_MEMORY = 3,
	DEVID_NOT_FOUND = 4,	 /* no such identity, object, file */
	DEVID_EXISTS = 5,	 /* the label, id or key is already taken */
	DEVID_BAD_DATA = 6,	 /* the input can't be read: damaged, truncated, unsupported */
	DEVID_TOO_LARGE = 7,	 /* over a limit of the account or of the wire */
	DEVID_UNSUPPORTED = 8,	 /* understood, and not done here */
	DEVID_PASSWORD = 9,	 /* a password or PIN is wrong or missing */
	DEVID_CHECK_FAILED = 10, /* certificate error: the chain check refused, or no certificate */
	DEVID_BLOCKED = 11,	 /* a rule of the account blocks */
	DEVID_STORE_LOCKED = 12, /* the keyring is locked and nobody can be asked */
	DEVID_STORE_DISMISSED = 13, /* the person dismissed the keyring's prompt */
	DEVID_STORE_MISSING = 14,   /* no keyring, no bus, store not reachable */
	DEVID_STORE_TIMEOUT = 15,   /* the store did not answer within its bound */
	DEVID_NO_ACCOUNT = 16,	    /* there is no account to check against */
	DEVID_ACCOUNT_BROKEN = 17,  /* the account can't be read as it must be */
	DEVID_DENIED = 18,	    /* the caller may not ask this of the agent */
	DEVID_AGENT_GONE = 19,	    /* no agent, or it went away, or spoke another protocol */
	DEVID_TIMEOUT = 20,	    /* no progress within the bound */
	DEVID_KEY_MISSING = 21,	    /* the record is there, the private half is not */
	DEVID_MISMATCH = 22,	    /* key and certificate do not belong together */
	DEVID_IO = 23,		    /* a file or folder could not be read or written */
	DEVID_RESULT_COUNT
};

#ifdef __cplusplus
}
#endif
#endif
