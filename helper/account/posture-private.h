/* What the files of the posture checks share: one file a subject, one row of posture-table.c each. */
#ifndef ACCOUNT_POSTURE_PRIVATE_H
#define ACCOUNT_POSTURE_PRIVATE_H

#include "posture.h"

/* posture-version.c: dpkg's order of versions; below, at or above zero as strcmp() answers. */
int version_compare(const char *a, const char *b);
/* Whether `version` is `wanted` or above. A `wanted` without an epoch doesn't look at that of `version`:
 * who writes >=1.4 means what the package's makers call 1.4.
 */
gboolean version_reaches(const char *version, const char *wanted);
gboolean version_is_sound(const char *version);

/* "NAME" or "NAME>=VERSION"; `version` is NULL for the former. */
struct wanted {
	char *name;
	char *version;
};
#define AUTO_WANTED __attribute__((cleanup(wanted_clear)))
void wanted_clear(struct wanted *wanted);
/* NULL, or what is wrong with it (free it). */
char *wanted_parse(struct wanted *wanted, const char *text);

/* posture-keys.c: `accept` on each of the values between commas or semicolons, up to the first fault. */
char *posture_accept_each(const char *value, char *(*accept)(const char *word));

/* posture-unit.c */
gboolean unit_name_is_sound(const char *name);
char *unit_accept(const char *value);

/* posture-package.c: as dpkg and rpm spell names. */
gboolean package_name_is_sound(const char *name);

/* The other rows' */
char *certificate_accept(const char *value);
char *malware_accept(const char *value);
char *firewall_accept(const char *value);
char *disk_accept(const char *value);
char *os_accept(const char *value);
char *client_accept(const char *value);

#endif
