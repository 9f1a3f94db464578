/* What the account's policy says of one user's use of one identity here and now (devid/policy.h). It is kept
 * for a minute, since network and machine change without a word, and asked for by one at a time.
 */
#pragma once

#include "agent/identity/subject.h"
#include "judgement.h"

struct ruling {
	gatomicrefcount references;
	GError *problem; /* NULL: allowed */
	char *rule;	 /* the rule that decided, or NULL */
};
struct ruling *ruling_ref(struct ruling *ruling);
void ruling_unref(struct ruling *ruling);
typedef struct ruling gate_ruling;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gate_ruling, ruling_unref)

struct rulings *rulings_new(void);
void rulings_free(struct rulings *rulings);
/* The ruling on the judgement that the account made of this subject; never NULL. Posture may take some
 * seconds: whoever asks the same meanwhile waits for that answer. Call it without a lock.
 */
struct ruling *rulings_get(struct rulings *rulings, const struct devid_account *account,
			   const struct subject *subject, struct judgement *judgement,
			   const struct peer *peer);
/* The one that rulings_get() would find made; NULL: none. */
struct ruling *rulings_look(struct rulings *rulings, const struct subject *subject,
			    const struct judgement *judgement, const struct peer *peer);
void rulings_forget(struct rulings *rulings);
