/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the examinations of `devid doctor` share. Each runs in a process of its own that is ended
 * when its time is up: whatever hangs (a keyring, a bus, another module, a folder far away), doctor
 * does not.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum outcome {
	OUTCOME_PASS,
	OUTCOME_SKIP, /* could not be looked at, or there is nothing to look at; the text says why
		       */
	OUTCOME_WARN,
	OUTCOME_FAIL,
	OUTCOME_COUNT
};

struct doctor;
typedef void doctor_examination(struct doctor *doctor);

/* A row of the table in table.c. */
struct examination {
	const char *name; /* stable: --json has it */
	const char *title;
	doctor_examination *run;
	const char *reads;
	bool all_users;	  /* with --all-users alone */
	unsigned seconds; /* its bound; 0: ten */
};
extern const struct examination doctor_examinations[];
extern const size_t doctor_examination_count;

doctor_examination doctor_versions, doctor_module, doctor_agent, doctor_keyring, doctor_tpm,
	doctor_identity, doctor_key, doctor_size, doctor_chain, doctor_dates, doctor_clock,
	doctor_account_file, doctor_signing, doctor_office, doctor_rule, doctor_system, doctor_log,
	doctor_denials, doctor_leftovers, doctor_stale, doctor_copies, doctor_users;
