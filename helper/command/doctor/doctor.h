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

/* A row of the table in table.c. */
struct examination {
	const char *name; /* stable: --json has it */
	const char *title;
	void (*run)(struct doctor *doctor);
	const char *reads;
	bool all_users;	  /* with --all-users alone */
	unsigned seconds; /* its bound; 0: ten */
};
extern const struct examination doctor_examinations[];
extern const size_t doctor_examination_count;

/* --- the examinations --------------------------------------------------------------------- */

void doctor_versions(struct doctor *doctor);
void doctor_module(struct doctor *doctor);
void doctor_agent(struct doctor *doctor);
void doctor_keyring(struct doctor *doctor);
void doctor_identity(struct doctor *doctor);
void doctor_key(struct doctor *doctor);
void doctor_size(struct doctor *doctor);
void doctor_chain(struct doctor *doctor);
void doctor_dates(struct doctor *doctor);
void doctor_clock(struct doctor *doctor);
void doctor_account_file(struct doctor *doctor);
void doctor_signing(struct doctor *doctor);
void doctor_office(struct doctor *doctor);
void doctor_rule(struct doctor *doctor);
void doctor_system(struct doctor *doctor);
void doctor_log(struct doctor *doctor);
void doctor_denials(struct doctor *doctor);
void doctor_leftovers(struct doctor *doctor);
void doctor_stale(struct doctor *doctor);
void doctor_copies(struct doctor *doctor);
void doctor_users(struct doctor *doctor);
