/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library as a whole: between C_Initialize and C_Finalize, its one lock, and who is inside.
 *
 * One lock guards everything that the module remembers. It is held for short work in memory and on
 * the records, and given up while an agent or a person is waited for: what was looked up before
 * must be looked up again by its handle after (handles are never used twice, so nothing is
 * mistaken).
 *
 * After fork() the child stands where a process stands that never initialised; what it inherited is
 * dropped at its own C_Initialize. PKCS#11 v2.40 sections 5.4 and (usage guide) 2.5.
 */
#pragma once

#include <stdbool.h>
#include <p11-kit/pkcs11.h>

/* `forget` drops what a parent left to a forked child; `whole` false: it may be half done, and is
 * let lie. */
CK_RV library_initialize(const CK_C_INITIALIZE_ARGS *arguments, void (*forget)(bool whole));
/* `end` drops what the module remembers, under the lock. */
CK_RV library_finalize(void (*end)(void));

/* Around each call: CKR_CRYPTOKI_NOT_INITIALIZED, or CKR_OK with the lock held. */
CK_RV library_enter(void);
void library_leave(void);

/* Inside a call, around a wait. library_lock() after a C_Finalize by another thread still locks;
 * then no session is found any more.
 */
void library_unlock(void);
void library_lock(void);

/* Blocks, without the lock, until another thread calls C_Finalize. Inside a call. */
void library_wait_for_end(void);
/* Whether C_Finalize has dropped what the module remembers. Inside a call, under the lock. */
bool library_is_ending(void);
