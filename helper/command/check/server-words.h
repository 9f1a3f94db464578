/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server's answer to the device certificate means, in words. */
#pragma once

#include "probe.h"

/* One or two sentences for a person; newly allocated. */
char *server_report_words(const struct server_report *report);
const char *server_outcome_word(enum server_outcome outcome); /* For JSON */
/* Whether the alert, as GnuTLS names it without its prefix, may speak of the client's certificate.
 */
bool server_alert_refuses(const char *alert);
const char *server_outcome_reason(enum server_outcome outcome); /* a reason word, or NULL */
