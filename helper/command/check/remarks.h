/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remarks on a certificate that passes the check (account/remark.h), on the terminal and in
 * JSON. */
#pragma once

/* A warning each, with "LABEL: " in front (NULL: without), and its hint. */
void remarks_tell(const char *label, const GPtrArray *remarks);
/* "warnings": [{"reason": …, "message": …, "hint": …}] */
void remarks_json(JsonBuilder *builder, const GPtrArray *remarks);

/* "signing certificate NAME: 5 days left", for each of those. */
void remarks_tell_signing(const struct devid_account *account);
