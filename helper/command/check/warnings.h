/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* check --notify: what of the checked identities and of the account's signing certificates a person
 * should be told, on the desktop and in the log, once a day each.
 */
#pragma once

#include "identity/identity.h"

struct warnings;

struct warnings *warnings_new(void);
void warnings_free(struct warnings *warnings);
/* An identity that failed the check, or ends soon. Identity and account stay until
 * warnings_tell(). */
void warnings_identity(struct warnings *warnings, const struct identity *identity,
		       const struct devid_account *account, const struct devid_verdict *verdict,
		       const GError *failure);
/* The signing certificates of an account that end soon; the same one twice is told once. */
void warnings_signing(struct warnings *warnings, const struct devid_account *account);
/* Tells what was not told today. */
void warnings_tell(struct warnings *warnings);
