/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person, or a program with --json, wants to know of an identity. */
#pragma once

#include <time.h>
#include <devid/account.h>
#include <stdbool.h>
#include <gnutls/x509.h>
#include "identity.h"

/* The size of a certificate against its limit; newly allocated. */
char *describe_size(gnutls_x509_crt_t certificate, const struct devid_account *account);
/* Whether the account wants to be warned of that end: ExpiryWarning= days before, and after it. */
bool describe_ends_soon(time_t expires, time_t now, const struct devid_account *account);
/* Newly allocated, never NULL: g_free(). Of the key of an identity that has no certificate. */
char *describe_lone_key(const struct identity *identity);

/* Who can copy the key: "user", "root", "nobody", "unknown"; NULL where there is none. */
const char *describe_copier(const struct identity *identity);
enum devid_protection describe_protection(const struct identity *identity);
