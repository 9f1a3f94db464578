/* How an office is told: three criteria, each a row of the table in office.c. */
#ifndef ACCOUNT_OFFICE_PRIVATE_H
#define ACCOUNT_OFFICE_PRIVATE_H

#include <gio/gio.h>
#include "office.h"

/* What a criterion found; `words` is a clause, always made. */
struct office_finding {
	enum devid_answer answer;
	char *words;
};
/* Fills the finding: for the last statement of a criterion. */
void office_found(struct office_finding *finding, enum devid_answer answer, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

/* office-gateway.c: what the kernel knows of the gateway, below `root`. */
void office_look_gateway(const struct office *office, const char *root,
			 struct office_finding *finding);
/* The default route of the least metric in the text of /proc/net/route: its gateway's address and the
 * device behind which it stands. FALSE: there is none.
 */
gboolean office_parse_route(const char *text, char **gateway, char **device);
/* The MAC of an address behind a device in the text of /proc/net/arp; NULL: not known. */
char *office_parse_arp(const char *text, const char *address, const char *device);

/* office-name.c, office-probe.c: what packets tell. Both end soon after `cancellable` is cancelled. */
void office_ask_name(const struct office *office, GCancellable *cancellable,
		     struct office_finding *finding);
void office_ask_probe(const struct office *office, GCancellable *cancellable,
		      struct office_finding *finding);

/* devid_office_find() without the account: `offices` holds struct office. */
struct devid_office_report *office_find(const GPtrArray *offices, enum devid_office_how how);

#endif
