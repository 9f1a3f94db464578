/* Events: one JSON object a line in events.jsonl and one syslog line (structured journal fields
 * where journald is there). Appended whole under a lock; rotated at 1 MiB, two generations.
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
 * device_certificate, client_cert_name, client_cert_expires, client_cert_serial, client_cert_issuer,
 * issuer_key_id, failure_reason, rule_name, os_type, os_version, user_name, device_name, client_version,
 * program, client_address. In the journal they are called DEVID_TIME and so on. Text is UTF-8 with the
 * escapes of devid_text_escape(); a serial number is lower-case hex without leading zeros.
 *
 * NULL fields are left out of the line. time, os_type, os_version, user_name, device_name and
 * client_version are filled by devid_event_write().
 */
struct devid_event {
	enum devid_event_type type;
	const char *
		sub_type; /* "Import", "Removal", "Reset", "Local Check", "Key Use", "Expiry", "Gateway", … */
	const char *action;	    /* "Succeeded", "Failed", "Allowed", "Refused", "Warning" */
	const char *reason;	    /* a word of devid/reason.h */
	const char *failure_reason; /* one sentence */
	const char *rule_name;
	const char *program;	       /* the client's executable */
	const char *label;	       /* the identity's label, in field "label" */
	gnutls_x509_crt_t certificate; /* gives the fields client_cert_…; or NULL */
	const char *issuer_key_id;
	int validated;		    /* 1 Validated, 0 Not Validated, -1: field left out */
	const char *user_name;	    /* NULL: of the calling process */
	const char *client_address; /* a gateway's: where the client is */
};

/* Fills what a verdict says: action, reason, failure_reason, issuer_key_id, validated. */
DEVID_PUBLIC void devid_event_from_verdict(struct devid_event *event,
					   const struct devid_verdict *verdict);

/* Writes one event to the user's or the machine's log. A log that can't be written is told once on
 * syslog and returned; it never stops what the caller does.
 */
DEVID_PUBLIC enum devid_result devid_event_write(bool system, const struct devid_event *event);

/* Calls `row` with each line (NUL-ended JSON text without LF), oldest first, of both generations
 * whose "time" is not before `since` (0: all). Stops when `row` returns false.
 */
DEVID_PUBLIC enum devid_result devid_event_read(bool system, time_t since,
						bool (*row)(const char *line, void *data),
						void *data) DEVID_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
