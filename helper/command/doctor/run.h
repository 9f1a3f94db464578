/* Running an examination. */
#pragma once

#include <stdbool.h>

#include "diagnosis.h"

/* Runs each of these; none lasts longer than its time. */
void doctor_examine(struct diagnosis *diagnosis, const struct examination *table, size_t count,
		    bool all_users);
