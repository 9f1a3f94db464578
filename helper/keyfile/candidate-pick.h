/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which identity of a file is meant. */
#pragma once

#include "candidate.h"

/* Whether a certificate's dates hold that moment. */
bool candidate_valid_at(gnutls_x509_crt_t crt, time_t at);
/* "2026-01-01 to 2027-01-01"; the caller frees. */
char *candidate_dates(gnutls_x509_crt_t crt);
/* The only one that `choice` leaves; of several, the only one that can be a device's: valid now and
 * made for signatures of a TLS client. `told`: what was taken and why, where that was the way, to
 * be freed; else NULL. `title` begins messages.
 */
struct candidate *candidates_pick(const GPtrArray *candidates,
				  const struct candidate_choice *choice, const char *title,
				  char **told, GError **error);
