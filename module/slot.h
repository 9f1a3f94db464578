/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two slots and their tokens: answers from memory, that never read a file or ask an agent.
 * PKCS#11 Base v2.40 section 5.5.
 */
#pragma once

#include <stdbool.h>
#include <p11-kit/pkcs11.h>
#include "token.h"

static inline bool slot_exists(CK_SLOT_ID slot)
{
	return slot < TOKEN_COUNT;
}

CK_RV slot_library_info(CK_INFO *info);
CK_RV slot_list(CK_SLOT_ID *list, CK_ULONG *count);
CK_RV slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info);
CK_RV slot_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info);
/* Nothing is ever plugged in: waits for the end, or says that there is no event. */
CK_RV slot_wait(CK_FLAGS flags, const CK_SLOT_ID *slot, const void *reserved);
