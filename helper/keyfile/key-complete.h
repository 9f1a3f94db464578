/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private keys that say less than our libraries ask for, or the same in other words, made whole:
 * curves spelled out, compressed points (SEC 1), RSA without its primes (RFC 8017 section 3.2). And
 * which kind of key one is, where it can't be used.
 */
#pragma once

/* Replaces a PrivateKeyInfo by the whole one; one that needs nothing, and one that can't be helped,
 * stays as it is.
 */
void key_complete(struct secret *pkcs8);

/* Why a PrivateKeyInfo, or a certificate's SubjectPublicKeyInfo, can't be used whatever becomes of
 * it, by name ("ML-KEM-768 (2.16.840.1.101.3.4.4.2)", "an EC key on a curve of its own"); NULL: its
 * kind is none that is known to be unusable.
 */
char *key_unusable(const uint8_t *der, size_t length, bool is_private);
