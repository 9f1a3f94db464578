/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the account's policy says of one user's use of one identity here and now (devid/policy.h).
 * It is kept for a minute, since network and machine change without a word, and asked for by one at
 * a time.
 */
#pragma once

#include "agent/identity/subject.h"
#include "gate-verdict.h"

struct gate_decision {
	gatomicrefcount references;
	GError *problem; /* NULL: allowed */
	char *rule;	 /* the rule that decided, or NULL */
};
struct gate_decision *gate_decision_ref(struct gate_decision *decided);
void gate_decision_unref(struct gate_decision *decided);
typedef struct gate_decision gate_decision;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gate_decision, gate_decision_unref)

struct gate_decisions *gate_decisions_new(void);
void gate_decisions_free(struct gate_decisions *gate_decisions);
/* The decision on the verdict that the account made of this subject; never NULL. Posture may take
 * some seconds: whoever asks the same meanwhile waits for that answer. Call it without a lock.
 */
struct gate_decision *gate_decisions_get(struct gate_decisions *gate_decisions,
					 const struct devid_account *account,
					 const struct subject *subject,
					 struct gate_verdict *gate_verdict,
					 const struct peer *peer);
/* The one that gate_decisions_get() would find made; NULL: none. */
struct gate_decision *gate_decisions_look(struct gate_decisions *gate_decisions,
					  const struct subject *subject,
					  const struct gate_verdict *gate_verdict,
					  const struct peer *peer);
void gate_decisions_forget(struct gate_decisions *gate_decisions);
