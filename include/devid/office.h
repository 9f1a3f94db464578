/* The office: networks behind the site's own gateway, in which no device certificate is asked for. What
 * can't be told is not the office.
 */
#ifndef DEVID_OFFICE_H
#define DEVID_OFFICE_H

#include <devid/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

enum devid_office_how {
	DEVID_OFFICE_PROBE, /* everything: also names and servers are asked; at most about 3 s */
	/* what needs no packet sent: the gateway's address and MAC. For the agent, which has no network,
	 * and before there is one; an office with another criterion is then not told
	 */
	DEVID_OFFICE_LOOK,
};

struct devid_office_report {
	enum devid_origin origin;
	const char *office; /* its name; NULL: none */
	char *message;	    /* one sentence for each office that it is not, or how it was told */
};

/* Finds out whether this machine stands in one of the account's [Office] networks. Without offices:
 * DEVID_ORIGIN_REMOTE. The caller frees with devid_office_free().
 */
DEVID_PUBLIC enum devid_result
devid_office_find(const struct devid_account *account, enum devid_office_how how,
		  struct devid_office_report **report) DEVID_MUST_USE;
DEVID_PUBLIC void devid_office_free(struct devid_office_report *report);
DEVID_PUBLIC size_t devid_account_office_count(const struct devid_account *account);

/* devid_decide() for this machine and a user of it (NULL: not known): the groups are the name service's, the
 * origin devid_office_find()'s, the profiles devid_posture_run()'s. Each is asked only if it matters; profiles
 * in at most about 4.5 s altogether: what there is no time for could not be told. `verdict` is borrowed for
 * the call. The caller frees with devid_decision_free().
 */
DEVID_PUBLIC enum devid_result devid_decide_here(const struct devid_account *account,
						 const char *user,
						 const struct devid_verdict *verdict,
						 enum devid_office_how how,
						 struct devid_decision **decision) DEVID_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
