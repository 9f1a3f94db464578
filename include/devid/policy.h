/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account's policy: who needs a device certificate, on which operating system, from where, in
 * what state. It is decided in two steps, and both must allow:
 *
 *   1. the setting for the operating system, or the user's own where [User NAME] overrides it: a
 *      certificate is required, nobody asks for one, or the system is blocked;
 *   2. the rules of rules.d, in order, first match decides; with rules, what none matches is
 *      blocked.
 *
 * Nothing here reads the network or the machine by itself: who asks brings the answers, each is
 * asked for when a rule needs it and at most once. devid/posture.h and devid/office.h answer for
 * this machine.
 */
#ifndef DEVID_POLICY_H
#define DEVID_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <devid/account.h>
#include <devid/check.h>

#ifdef __cplusplus
extern "C" {
#endif

enum devid_os {
	DEVID_OS_WINDOWS,
	DEVID_OS_MACOS,
	DEVID_OS_IOS,
	DEVID_OS_ANDROID,
	DEVID_OS_LINUX,
	DEVID_OS_COUNT
};

/* "Windows", "macOS", "iOS", "Android", "Linux"; static. */
DEVID_PUBLIC const char *devid_os_name(enum devid_os os);
/* Whatever the case of its letters; false: no such system. */
DEVID_PUBLIC bool devid_os_find(const char *name, enum devid_os *os);

enum devid_setting {
	DEVID_SETTING_REQUIRE, /* "require", the default: a certificate that the account accepts */
	DEVID_SETTING_ALLOW,   /* "allow": lets in without */
	DEVID_SETTING_BLOCK,   /* "block" */
};
DEVID_PUBLIC const char *devid_setting_name(enum devid_setting setting);

enum devid_action {
	DEVID_ACTION_ALLOW,	     /* "allow" */
	DEVID_ACTION_ALLOW_INTERNET, /* "allow-internet": the gateway gives the internet alone */
	DEVID_ACTION_BLOCK,	     /* "block" */
};
DEVID_PUBLIC const char *devid_action_name(enum devid_action action);

enum devid_origin {
	DEVID_ORIGIN_UNKNOWN, /* could not be told: counts as remote */
	DEVID_ORIGIN_REMOTE,
	DEVID_ORIGIN_OFFICE,
};

DEVID_PUBLIC const char *devid_origin_name(enum devid_origin origin); /* "unknown", … */

/* What a posture check, a profile or a field of a rule says. There is no zero: an answer that was
 * never given is no answer.
 */
enum devid_answer {
	DEVID_ANSWER_PASS = 1,
	DEVID_ANSWER_FAIL,
	DEVID_ANSWER_UNKNOWN, /* could not be told */
};
DEVID_PUBLIC const char *
devid_answer_name(enum devid_answer answer); /* "pass", "fail", "unknown" */

/* Who asks, and where answers come from. Strings are borrowed for the call. */
struct devid_question {
	const char *user; /* NULL: not known; only Users=* and rules without Users= match */
	/* NULL-ended or NULL: groups beside those that the account's [Group] sections give */
	const char *const *groups;
	bool ask_names; /* also those of the name service (getgrouplist) */
	enum devid_os os;
	/* of the certificate check; NULL: there is no certificate */
	const struct devid_verdict *verdict;
	/* NULL: DEVID_ORIGIN_UNKNOWN, DEVID_ANSWER_UNKNOWN */
	enum devid_origin (*origin)(void *data);
	enum devid_answer (*profile)(const char *name, void *data);
	void *data;
};

/* One rule as it was looked at. */
struct devid_rule_step {
	const char *name; /* NULL: the last, unwritten one, which blocks */
	const char *path; /* the file, or NULL */
	unsigned line;
	bool matched;
	char *why;    /* why it did not match: "Users= does not name alice"; NULL where it did */
	bool posture; /* it would have let in, were the device in the state of its Profiles= */
};

struct devid_decision {
	/* DEVID_OK, _CHECK_FAILED, _BLOCKED, _NO_ACCOUNT, _ACCOUNT_BROKEN */
	enum devid_result result;
	const char *reason; /* devid/reason.h: "ok", "os-blocked", "rule-blocked", "no-rule", or the
			       verdict's own */
	char *brackets;	    /* the verdict's, or NULL */
	char *message;	    /* one sentence; NULL where it is allowed */
	char *hint;	    /* or NULL */
	enum devid_setting setting;
	bool overridden; /* the setting is the user's own */
	/* required, missing or refused, and not asked for: this is the office. An accepted one
	 * needs no excuse
	 */
	bool excused;
	/* of the rule that matched; DEVID_ACTION_ALLOW without rules; valid where result is
	 * DEVID_OK or the rules decided
	 */
	enum devid_action action;
	/* the one that matched; NULL: none did, or there are none. Names and paths are the
	 * account's, valid while it lives
	 */
	const char *rule;
	struct devid_rule_step *steps; /* as far as rules were looked at, in order */
	size_t step_count;
	bool asked_origin, asked_profile; /* the answer may change with network or machine */
};

/* Whether the account says more than that a certificate is required: a setting, an override, an
 * office, a rule. Without, devid_decide() answers as the verdict does.
 */
DEVID_PUBLIC bool devid_account_has_policy(const struct devid_account *account);

/* Decides. Where step 1 refuses, the rules are looked at all the same (for their trace), and the
 * first refusal is what is told. A broken account refuses everything. Returns DEVID_OK whenever
 * `*decision` was made; the caller frees it with devid_decision_free().
 */
DEVID_PUBLIC enum devid_result devid_decide(const struct devid_account *account,
					    const struct devid_question *question,
					    struct devid_decision **decision) DEVID_MUST_USE;
DEVID_PUBLIC void devid_decision_free(struct devid_decision *decision);

#ifdef __cplusplus
}
#endif
#endif
