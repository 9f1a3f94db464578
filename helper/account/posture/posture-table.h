/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of posture checks. */
#pragma once

#include <devid/posture.h>
#include "posture-support.h"

/* NULL, or what is wrong with a word of a value (free it). */
typedef char *posture_accept_fn(const char *word);
/* `words` are those of a value that was accepted, one at least; `message` is always made. */
typedef enum devid_answer posture_run_fn(char **words, const struct posture_place *place,
					 char **message);

struct posture_check {
	struct devid_posture_kind kind;
	posture_accept_fn *accept;
	posture_run_fn *run;
	const char *separators; /* of the words; NULL: a value is one */
	const char *alone;	/* a word that is accepted by itself, or NULL */
};
/* NULL after the last. */
const struct posture_check *posture_check(gsize index);
/* The same for a whole value, word by word up to the first fault. */
char *posture_check_accept(const struct posture_check *check, const char *value);
enum devid_answer posture_check_run(const struct posture_check *check, const char *value,
				    const struct posture_place *place, char **message);

/* The rows. */
posture_accept_fn posture_certificate_accept, posture_malware_accept, posture_firewall_accept,
	posture_disk_accept, posture_os_accept, posture_client_accept, posture_unit_accept;
posture_run_fn posture_certificate_run, posture_malware_run, posture_firewall_run, posture_disk_run,
	posture_os_run, posture_client_run, posture_unit_run;
