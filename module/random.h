/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* C_GenerateRandom: the kernel's, PKCS#11 Base v2.40 section 5.15. */
#pragma once

#include <p11-kit/pkcs11.h>

CK_RV random_generate(CK_BYTE *data, CK_ULONG length);
CK_RV random_seed(const CK_BYTE *seed, CK_ULONG length);
