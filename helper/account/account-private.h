/* What the files of libdevid, and the commands that show the whole of it, know of an account. */
#ifndef ACCOUNT_PRIVATE_H
#define ACCOUNT_PRIVATE_H

#include <sys/types.h>
#include <glib.h>
#include <devid/account.h>
#include "policy.h"
#include "requirement.h"
#include "revocation.h"

#define ACCOUNT_FILE	 "account.conf"
#define ACCOUNT_FILE_MAX 65536
#define SIGNING_FOLDER	 "signing"
#define SIGNING_SUFFIX	 ".pem"

struct devid_account {
	enum devid_account_state state;
	char *folder;
	char *problem;
	char *name;
	char *default_label;
	enum devid_chain_mode chain_mode;
	enum devid_on_use on_use;
	enum devid_size_measure size_measure;
	enum devid_protection protection;
	size_t device_limit;
	size_t signing_limit;
	size_t signing_count_limit;
	enum devid_signing_keys signing_keys;
	char **system_users;
	size_t expiry_warning; /* days */
	GPtrArray *signing;    /* struct devid_signing * */
	struct requirement require;
	struct revocation revocation;
	struct policy policy;
	char *serials_file; /* as account.conf names it, or NULL */
	/* while it is read */
	int dirfd;
	uid_t owner; /* who beside root may own its files */
};

/* Makes the account unusable; the first problem stays. */
void account_broken(struct devid_account *account, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* account-keys.c: account.conf. False: the account is broken. */
gboolean account_keys_read(struct devid_account *account, const char *text, gsize length);
/* The keys that there are, for the test of what is written about them; NULL after the last. Those of a
 * rule: policy_rule_key().
 */
const char *account_key(gsize index, const char **section);

/* rules-read.c: the files of rules.d, in order. False: the account is broken. */
gboolean rules_load(struct devid_account *account);
/* The text of one file, and whether what all of them refer to is there, for the fuzzers: `names` is a
 * table of strings, empty before the first file.
 */
gboolean rules_read_text(struct devid_account *account, GHashTable *names, const char *path,
			 const char *text, gsize length);
gboolean rules_complete(struct devid_account *account);
/* Whether the folder behind `dirfd` holds a file of rules. */
gboolean rules_present(int dirfd);
const char *policy_rule_key(gsize index);

/* signing.c: the signing folder, in the order of the names. False: the account is broken. */
gboolean signing_load(struct devid_account *account);
/* Whether the folder behind `dirfd` holds something that counts as a signing certificate's file. */
gboolean signing_present(int dirfd);

#endif
