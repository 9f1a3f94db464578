/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose turn it is at the TPM that is lent: each uid has one at a time, and half of the time. What
 * a login needs, some signatures one after another, is had at once: time that was not used is kept
 * for a while. A turn that may take half a minute comes once a minute.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <gio/gio.h>

struct tpm_turn;

/* Waits, five seconds at most. NULL with DEVID_STORE_TIMEOUT, tpm-busy: that was not enough,
 * `cancel` was called, or it is a long one and another was less than a minute ago.
 */
struct tpm_turn *tpm_turn_begin(uid_t uid, bool is_long, GCancellable *cancel, GError **error);
void tpm_turn_end(struct tpm_turn *turn);
