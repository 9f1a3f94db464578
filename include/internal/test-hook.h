/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands in for places and bounds of the real machine while devid is tested. Only a build with
 * -Dtest-hooks=true has it; in one that is shipped not even the names are left
 * (tests/include/internal/test-hook.sh). The variables are read by secure_getenv():
 *
 *	DEVID_DATA_DIR, DEVID_SYSTEM_DIR, DEVID_CONFIG_DIR, DEVID_STATE_DIR, DEVID_SYSTEM_STATE_DIR,
 *	DEVID_RUNTIME_DIR, DEVID_SYSTEM_RUNTIME_DIR
 *		a folder each: see path.h
 *	DEVID_AGENT, DEVID_MODULE
 *		the agent that is started, the module that is loaded
 *	DEVID_TEST_ROOT
 *		the folder below which the machine's own files are read
 *	DEVID_TEST_BOUNDS=STEP,PROMPT
 *		milliseconds that a keyring has: see keyring-bound.c
 *	DEVID_TEST_TPM_PART, DEVID_TEST_TCTI
 *		the agent's part for TPM keys, and the TPM that it uses (as tpm2-tools name one)
 */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <config.h>

/* Macros, because a name that the compiler sees can stay in the program. */
#if DEVID_TEST_HOOKS
/* What a variable says, or NULL. */
#define TEST_HOOK(variable) secure_getenv(variable)
/* Words of a message that name a variable. */
#define TEST_HOOK_NAME(words) words
/* Whether the agent is handed this "NAME=VALUE" of its starter's environment. */
#define TEST_HOOK_IS(entry) (strncmp(entry, "DEVID_", strlen("DEVID_")) == 0)
/* Asked before each step that changes a file: the errno with which it is to fail, or 0. */
#define TEST_HOOK_FAULT(step, file) (test_hook_fault ? test_hook_fault(step, file) : 0)
extern int (*test_hook_fault)(const char *step, const char *file);
#else
#define TEST_HOOK(variable)	    ((const char *)NULL)
#define TEST_HOOK_NAME(words)	    ""
#define TEST_HOOK_IS(entry)	    ((void)(entry), false)
#define TEST_HOOK_FAULT(step, file) ((void)(step), (void)(file), 0)
#endif

/* What stands before the path of each of the machine's own files: nothing, but in tests. */
static inline const char *test_hook_root(void)
{
	const char *root = TEST_HOOK("DEVID_TEST_ROOT");

	return root ? root : "";
}
