/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CK_RV from the project's result: here and nowhere else. */
#pragma once

#include <devid/result.h>
#include <p11-kit/pkcs11.h>

CK_RV error_of_use(enum devid_result result);	 /* a signature, a search */
CK_RV error_of_change(enum devid_result result); /* an object made, changed, destroyed */
