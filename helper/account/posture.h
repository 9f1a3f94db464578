/* The table of posture checks, and what a device profile holds. */
#ifndef ACCOUNT_POSTURE_H
#define ACCOUNT_POSTURE_H

#include <gio/gio.h>
#include <devid/posture.h>
#include "conf.h"

/* What a running check may use. Files are below `root` ("" but in tests: DEVID_TEST_ROOT). `cancel` is
 * cancelled when nobody waits for the answer any more.
 */
struct posture_place {
	const char *root;
	const struct devid_verdict *verdict;
	GCancellable *cancel;
};

struct posture_check {
	struct devid_posture_kind kind;
	/* NULL, or what is wrong with the value (free it) */
	char *(*accept)(const char *value);
	/* `message` is always made */
	enum devid_answer (*run)(const char *value, const struct posture_place *place,
				 char **message);
};
/* NULL after the last. */
const struct posture_check *posture_check(gsize index);

/* A [Profile NAME] section. */
struct profile_check {
	const struct posture_check *check;
	char *value;
};
struct profile {
	char *name;
	enum devid_answer if_unknown; /* FAIL unless IfUnknown=pass */
	GArray *checks;		      /* struct profile_check */
};
struct profile *profile_new(const char *name);
void profile_free(struct profile *profile);
/* The keys of a [Profile] section, IfUnknown= and one for each row of the table; the target is a struct
 * profile.
 */
const struct conf_key *profile_keys(gsize *count);
/* For the end of the section: NULL, or that it has no check. */
char *profile_end(void *profile);

/* posture-run.c: what devid_posture_run() does for one profile, in at most three seconds. */
struct devid_posture *posture_run(const struct profile *profile,
				  const struct devid_verdict *verdict);

#endif
