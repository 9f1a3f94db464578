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

/* posture-support.c: a whole file below the place's root. NULL with *error an errno: EFBIG for one that is
 * larger than `limit`, EINVAL for what is no file.
 */
GBytes *posture_read(const struct posture_place *place, const char *path, gsize limit, int *error);

/* Several answers that make one: the words of those that decide are what was found. */
struct posture_sum {
	GPtrArray *words[DEVID_ANSWER_UNKNOWN + 1]; /* by answer; NULL: none had it */
};
/* Takes `words`; the same again is told once. */
void posture_sum_add(struct posture_sum *sum, enum devid_answer answer, char *words);
/* All must pass, or one is enough. Clears the sum. */
enum devid_answer posture_sum_all(struct posture_sum *sum, char **message);
enum devid_answer posture_sum_any(struct posture_sum *sum, char **message);

/* posture-unit.c: one connection to systemd, made when it is first needed. */
struct unit_link {
	const struct posture_place *place;
	GDBusConnection *connection;
};
#define AUTO_UNIT_LINK __attribute__((cleanup(unit_link_clear)))
void unit_link_clear(struct unit_link *link);
/* `state` is one of those that Unit= takes; `found` is one clause. */
enum devid_answer unit_ask(struct unit_link *link, const char *name, const char *state,
			   char **found);
gboolean unit_name_is_sound(const char *name);

/* posture-package.c */
enum devid_answer package_ask(const struct posture_place *place, const struct wanted *wanted,
			      char **found);
gboolean package_name_is_sound(const char *name);
/* dpkg's status file. FALSE: it is damaged. *version (free it) is NULL where the package is not installed;
 * of several architectures the lowest counts.
 */
gboolean package_find(const char *text, gsize length, const char *name, char **version);

/* posture-os.c: os-release. FALSE: it is damaged. *version is NULL where there is none. */
gboolean os_release_parse(const char *text, gsize length, char **id, char **version);

/* posture-mount.c: a line of mountinfo (proc(5)). */
struct mount {
	unsigned id, parent;
	unsigned major, minor;
	char *root;  /* what of the file system is mounted */
	char *point; /* where */
	char *type;
	char *source;
};
/* struct mount; NULL: it can't be read. */
GArray *mounts_parse(const char *text, gsize length);
/* The one that `path` (absolute, without links) lies on, or NULL. */
const struct mount *mounts_find(const GArray *mounts, const char *path);

/* posture-block.c: whether what is stored on a block device is encrypted on its way there. */
enum devid_answer block_encrypted(const char *root, unsigned major, unsigned minor, char **found);
/* … and on all devices of the btrfs that was mounted from `source`. */
enum devid_answer btrfs_encrypted(const char *root, const char *source, char **found);

/* The rows. */
#define POSTURE_ROW(name)                                                                  \
	char *name##_accept(const char *value);                                            \
	enum devid_answer name##_run(const char *value, const struct posture_place *place, \
				     char **message)
POSTURE_ROW(certificate);
POSTURE_ROW(malware);
POSTURE_ROW(firewall);
POSTURE_ROW(disk);
POSTURE_ROW(os);
POSTURE_ROW(client);
POSTURE_ROW(unit);

#endif
