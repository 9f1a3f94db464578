/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GError for helper/: domain DEVID_ERROR, the code is an enum devid_result, and beside the message
 * each carries the stable reason word, a hint and (for a failed check) the bracket line.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/result.h>
#include <devid/check.h>

#define DEVID_ERROR (devid_error_quark())
GQuark devid_error_quark(void);

/* `reason` NULL: the word that devid_reason_for(code) has; `hint` NULL: that row's hint. The
 * message is "what: why" without a "devid:" prefix or a newline. Answers false, for callers that
 * answer it in turn.
 */
bool devid_error_set(GError **error, enum devid_result code, const char *reason, const char *hint,
		     const char *format, ...) G_GNUC_PRINTF(5, 6);
/* The same for callers that answer a pointer: NULL. */
#define devid_error_null(...) (devid_error_set(__VA_ARGS__), NULL)
void devid_error_set_verdict(GError **error, const struct devid_verdict *verdict);
/* For errors of other domains these answer what fits best: an errno, a GIOError, a GnuTLS code. */
enum devid_result devid_error_result(const GError *error);
const char *devid_error_reason(const GError *error);
const char *devid_error_hint(const GError *error);     /* or NULL */
const char *devid_error_brackets(const GError *error); /* or NULL */
void devid_error_set_brackets(GError *error, const char *brackets);
/* NULL: the hint of the failure's own reason is as good. */
const char *devid_errno_hint(int number);
