/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An [Office NAME] section: what must hold for this network to be the office, all of what is given;
 * and what was found of it.
 */
#pragma once

#include <glib.h>
#include <devid/office.h>
#include "base/conf.h"

struct office {
	char *name;
	char *gateway, *mac; /* GatewayAddress=, GatewayMAC=: both or neither */
	char *dns_name;	     /* DNSName= … */
	char **dns_answers;  /* … and DNSAnswer=, one of which it must have */
	char *probe;	     /* Probe=https://HOST[:PORT]/PATH … */
	char **probe_pins;   /* … ProbeCertificate=sha256:HEX[; …] */
};
struct office *office_new(const char *name);
void office_free(struct office *office);
/* The keys of an [Office] section; the target is a struct office. */
extern const struct conf_key office_keys[];
extern const gsize office_key_count;
/* For the end of the section: NULL, or what is missing. */
char *office_end(void *office);

/* What a criterion found; `words` is a clause, always made. */
struct office_finding {
	enum devid_answer answer;
	char *words;
};
/* Fills the finding: for the last statement of a criterion. */
void office_found(struct office_finding *finding, enum devid_answer answer, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
