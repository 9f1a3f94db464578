/* Running an examination. */
#ifndef COMMAND_DOCTOR_RUN_H
#define COMMAND_DOCTOR_RUN_H

#include "doctor.h"

struct doctor {
	FILE *out; /* to the process that collects: one JSON object a line */
	bool told;
	GHashTable *notes; /* char* to char* */
	struct identity_list *list;
	struct accounts accounts;
};

/* Runs each; none lasts longer than its time. */
void doctor_examine(struct diagnosis *diagnosis, bool all_users);
void diagnosis_clear(struct diagnosis *diagnosis);

#endif
