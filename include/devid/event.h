/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events: one JSON object a line in a file of the log, and one syslog line (structured journal
 * fields where journald is there). Appended whole under a lock.
 *
 * The machine's log is in /var/log/devid, a user's in $XDG_STATE_HOME/devid (~/.local/state/devid).
 * Changes are in events.jsonl, which is rotated at 1 MiB with two generations. What programs, a
 * gateway's clients and timers bring about again and again is apart, so that it pushes out no
 * change: what was allowed in uses.jsonl, the rest in refusals.jsonl. At 1 MiB each of these is
 * shared out: what is alike on one day becomes one line with a count, and each user keeps as much
 * as any other.
 */
#ifndef DEVID_EVENT_H
#define DEVID_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include <gnutls/x509.h>
#include <devid/check.h>

#ifdef __cplusplus
extern "C" {
#endif

enum devid_event_type {
	DEVID_EVENT_CONNECTIVITY,	/* "Connectivity" */
	DEVID_EVENT_DEVICE_CERTIFICATE, /* "Device Certificate" */
};

/* The line's fields, in this order: time, event_type, event_sub_type, action, reason, label,
 * device_certificate, client_cert_name, client_cert_expires, client_cert_serial,
 * client_cert_issuer, issuer_key_id, failure_reason, rule_name, os_type, os_version, user_name,
 * device_name, client_version, program, client_address, token, first, last, count. In the journal
 * they are called DEVID_TIME and so on. Text is UTF-8 with the escapes of devid_text_escape(); a
 * serial number is lower-case hex without leading zeros; times are RFC 3339 in UTC.
 *
 * NULL fields are left out of the line; so are first, last and count (a number, all else is text)
 * where it happened once. time, os_type, os_version, user_name, device_name and client_version are
 * filled by devid_event_write(). Strings and the certificate are borrowed for its call.
 */
struct devid_event {
	enum devid_event_type type;
	const char *sub_type; /* "Import", "Removal", "Reset", "Local Check", "Key Use", "Expiry",
				 "Gateway", … */
	const char *action;   /* "Succeeded", "Failed", "Allowed", "Refused", "Warning" */
	const char *reason;   /* a word of devid/reason.h */
	const char *failure_reason; /* one sentence */
	const char *rule_name;
	const char *program;	       /* the client's executable */
	const char *label;	       /* the identity's label, in field "label" */
	gnutls_x509_crt_t certificate; /* gives the fields client_cert_…; or NULL */
	const char *issuer_key_id;
	int validated;		    /* 1 Validated, 0 Not Validated, -1: field left out */
	const char *user_name;	    /* NULL: of the calling process */
	const char *client_address; /* a gateway's: where the client is */
	time_t first, last;	    /* of several that are told as one … */
	unsigned count;		    /* … and how many: 0 and 1 are one, at the time of writing */
	const char *token; /* "system" in the user's own log: the machine's agent refused it */
};

/* Fills what a verdict says: action, reason, failure_reason, issuer_key_id, validated. The strings
 * stay the verdict's.
 */
DEVID_PUBLIC void devid_event_from_verdict(struct devid_event *event,
					   const struct devid_verdict *verdict);

/* Writes one event to the user's or the machine's log. A log that can't be written is told once a
 * process on syslog and answered with DEVID_IO; it need not stop what the caller does.
 */
DEVID_PUBLIC enum devid_result devid_event_write(bool system, const struct devid_event *event);

/* Calls `row` with each line (NUL-ended JSON text without LF, valid for that call), oldest first,
 * of all files of the log, whose "time" is not before `since` (seconds since 1970; 0: all). Stops
 * when `row` returns false. A log that isn't there is an empty one; DEVID_IO: a file of it can't be
 * read, and `row` may have got some of the lines.
 */
DEVID_PUBLIC enum devid_result devid_event_read(bool system, time_t since,
						bool (*row)(const char *line, void *data),
						void *data) DEVID_MUST_USE;

/* For root: hands over to the user devid, whose log the machine's is, what root left in it before.
 * DEVID_NOT_FOUND: there is no such user, and nothing is written. Whatever can't be handed over
 * stays as it is.
 */
DEVID_PUBLIC enum devid_result devid_event_hand_over(void);

#ifdef __cplusplus
}
#endif
#endif
