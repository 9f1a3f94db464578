/* What the gate found about one identity: the account's verdict, and whether it binds. */
#pragma once

#include <time.h>
#include <internal/path.h>

#include "agent/identity/subject.h"

struct judgement {
	gatomicrefcount references;
	struct devid_verdict *verdict; /* NULL: nothing was checked */
	GError *problem;	       /* NULL: nothing is wrong */
	gboolean refuse;	       /* a problem refuses the signature (OnUse=enforce) */
};

/* `account` NULL: it could not be loaded, which refuses. Never NULL. */
struct judgement *judgement_new(const struct devid_account *account, enum half half,
				const struct subject *subject, time_t now);
struct judgement *judgement_ref(struct judgement *judgement);
void judgement_unref(struct judgement *judgement);
