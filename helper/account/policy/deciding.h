/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A decision while it is made. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/policy.h>
#include "policy.h"
#include "who.h"

struct deciding {
	const struct policy *policy;
	const struct devid_question *question;
	struct devid_decision *decision;
	struct who who;
	bool has_origin;
	enum devid_origin origin;
	enum devid_answer *profiles; /* by their order in the account; 0: not asked yet */
};

/* The answers, each asked for when it is first needed. */
enum devid_origin deciding_origin(struct deciding *deciding);
enum devid_answer deciding_profile(struct deciding *deciding, const char *name);
