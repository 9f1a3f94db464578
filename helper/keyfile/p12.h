/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS#12 files (RFC 7292) of every maker: read, judged, then opened with a password. */
#pragma once

#include "bundle.h"

struct p12; /* points into the bytes it was opened from, which must outlive it */

/* Whether the bytes look like a PFX: a SEQUENCE that begins with version 3. */
bool p12_looks_like(const uint8_t *data, size_t length);

/* Reads the structure and every algorithm that can be seen; derives nothing. Fails for a file that
 * is damaged or cut short. What the file asks for and can't have (an unreadable algorithm, too many
 * iterations: more than `iterations_max`) is kept: see p12_problem(), p12_unlock().
 */
struct p12 *p12_open(const uint8_t *data, size_t length, uint64_t iterations_max, GError **error);
void p12_free(struct p12 *p12);
#define AUTO_P12 __attribute__((cleanup(p12_clear)))
static inline void p12_clear(struct p12 **p12)
{
	p12_free(*p12);
}

/* What keeps the file from being opened at all with any password; NULL: nothing known. */
const GError *p12_problem(const struct p12 *p12);
/* The integrity check, or NULL where the file has none. */
const struct pbe *p12_mac(const struct p12 *p12);
/* What encrypts its parts, as far as it is known: grows when p12_unlock() opens outer parts. */
size_t p12_cipher_count(const struct p12 *p12);
const struct pbe *p12_cipher(const struct p12 *p12, size_t index);
bool p12_needs_password(const struct p12 *p12);
/* The iterations that trying one password costs at least. */
uint64_t p12_cost(const struct p12 *p12);

/* Opens everything. DEVID_PASSWORD (reason "wrong-password", or "password-or-damaged" where nothing
 * in the file tells which), DEVID_BAD_DATA, DEVID_UNSUPPORTED, DEVID_TOO_LARGE.
 */
struct bundle *p12_unlock(struct p12 *p12, const struct secret *password, GError **error);
