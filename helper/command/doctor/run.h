/* Running an examination. */
#pragma once

#include <stdbool.h>

#include "diagnosis.h"

/* Runs each of the table; none lasts longer than its time. */
void doctor_examine(struct diagnosis *diagnosis, bool all_users);
