/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of libdevid know of an account. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <glib.h>
#include <devid/account.h>
#include "account/policy/policy.h"
#include "account/policy/requirement.h"
#include "revocation.h"

struct devid_account {
	enum devid_account_state state;
	char *folder;
	char *problem;
	char *name;
	char *default_label;
	enum devid_chain_mode chain_mode;
	enum devid_on_use on_use;
	enum devid_size_measure size_measure;
	size_t device_limit;
	size_t signing_limit;
	size_t signing_count_limit;
	enum devid_signing_keys signing_keys;
	char **after_renewal; /* units; NULL: none */
	char **system_users, **tpm_users;
	size_t overlap;	       /* days */
	size_t expiry_warning; /* days */
	GPtrArray *signing;    /* struct devid_signing * */
	struct requirement require;
	struct revocation revocation;
	struct policy policy;
	char *serials_file; /* as account.conf names it, or NULL */
	bool has_keys;	    /* account.conf is there and not empty */
	/* while it is read */
	int dirfd;
	uid_t owner; /* who beside root may own its files */
};
