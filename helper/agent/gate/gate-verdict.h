/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the gate found about one identity: the account's verdict, and whether it binds. */
#pragma once

#include <stdbool.h>
#include <time.h>
#include <internal/path.h>

#include "agent/identity/subject.h"

struct gate_verdict {
	gatomicrefcount references;
	struct devid_verdict *verdict; /* NULL: nothing was checked */
	GError *problem;	       /* NULL: nothing is wrong */
	bool refuse;		       /* a problem refuses the signature (OnUse=enforce) */
};

/* `account` NULL: it could not be loaded, which refuses. Never NULL. */
struct gate_verdict *gate_verdict_new(const struct devid_account *account, enum scope scope,
				      const struct subject *subject, time_t now);
struct gate_verdict *gate_verdict_ref(struct gate_verdict *gate_verdict);
void gate_verdict_unref(struct gate_verdict *gate_verdict);
