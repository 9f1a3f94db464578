/* What the files of libdevid know of an account and others do not. */
#ifndef ACCOUNT_PRIVATE_H
#define ACCOUNT_PRIVATE_H

#include <sys/types.h>
#include <glib.h>
#include <devid/account.h>
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
	GPtrArray *signing; /* struct devid_signing * */
	struct requirement require;
	struct revocation revocation;
	char *serials_file; /* as account.conf names it, or NULL */
	/* while it is read */
	int dirfd;
	uid_t owner; /* who beside root may own its files */
};

/* Makes the account unusable; the first problem stays. */
void account_broken(struct devid_account *account, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* account-keys.c: account.conf. False: the account is broken. */
gboolean account_keys_read(struct devid_account *account, const char *text, gsize length);
/* The keys that there are, for the test of what is written about them; NULL after the last. */
const char *account_key(gsize index, const char **section);

/* signing.c: the signing folder, in the order of the names. False: the account is broken. */
gboolean signing_load(struct devid_account *account);
/* Whether the folder behind `dirfd` holds something that counts as a signing certificate's file. */
gboolean signing_present(int dirfd);

#endif
