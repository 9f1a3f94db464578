/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl.cnf(5) for pkcs11-provider: for whatever program of OpenSSL reads it. */
#pragma once

#include "profile.h"

void openssl_put_provider(const struct profile_request *profile, GString *text);
