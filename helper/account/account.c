/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account in memory: made, read into, broken, freed, and what it says. */
#include <errno.h>
#include <string.h>
#include <devid/check.h>
#include <internal/cleanup.h>
#include "account/policy/policy.h"
#include "account/policy/requirement.h"
#include "base/folder.h"
#include "base/trusted.h"
#include "account-private.h"
#include "account.h"
#include "revocation.h"

#define DEVICE_LIMIT	    2048
#define SIGNING_LIMIT	    4096
#define SIGNING_COUNT_LIMIT 5
#define EXPIRY_WARNING	    30
#define OVERLAP		    7 /* days */
#define SYSTEM_USERS	    "@devid"

static void free_signing(void *data)
{
	struct devid_signing *signing = data;

	gnutls_x509_crt_deinit(signing->certificate);
	g_free((char *)signing->name);
	g_free((char *)signing->path);
	g_free((char *)signing->subject);
	g_free((char *)signing->key_id);
	g_free(signing);
}

struct devid_account *account_new(const char *folder)
{
	static const char *const users[] = { SYSTEM_USERS, NULL };
	struct devid_account *account = g_new0(struct devid_account, 1);

	account->folder = g_strdup(folder);
	account->device_limit = DEVICE_LIMIT;
	account->signing_limit = SIGNING_LIMIT;
	account->signing_count_limit = SIGNING_COUNT_LIMIT;
	account->overlap = OVERLAP;
	account->expiry_warning = EXPIRY_WARNING;
	account->system_users = g_strdupv((char **)users);
	account->tpm_users = g_strdupv((char **)users);
	account->signing = g_ptr_array_new_with_free_func(free_signing);
	policy_init(&account->policy);
	account->dirfd = -1;
	return account;
}

void devid_account_free(struct devid_account *account)
{
	if (!account)
		return;
	g_ptr_array_unref(account->signing);
	requirement_clear(&account->require);
	revocation_clear(&account->revocation);
	policy_clear(&account->policy);
	g_strfreev(account->system_users);
	g_strfreev(account->after_renewal);
	g_strfreev(account->tpm_users);
	g_free(account->folder);
	g_free(account->problem);
	g_free(account->name);
	g_free(account->default_label);
	g_free(account->serials_file);
	g_free(account);
}

bool account_broken(struct devid_account *account, const char *format, ...)
{
	g_autofree char *words = NULL;
	va_list arguments;

	account->state = DEVID_ACCOUNT_UNUSABLE;
	if (account->problem)
		return false;
	va_start(arguments, format);
	words = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	account->problem = devid_text_escape(words, strlen(words));
	return false;
}

bool account_read_files(struct devid_account *account, const struct account_files *files,
			void *data)
{
	AUTO_CLOSE int folder = -1;
	g_autoptr(GPtrArray) names = NULL;
	const char *words;

	folder = trusted_open_folder(account->dirfd, files->folder, account->owner, false, &words);
	if (folder < 0 && errno == ENOENT)
		return true;
	names = folder >= 0 ? folder_list(folder, files->suffix) : NULL;
	if (!names)
		return account_broken(account, "%s/%s: %s", account->folder, files->folder,
				      words		 ? words
				      : errno == ENOTDIR ? "it is a link or no folder"
							 : g_strerror(errno));
	if (names->len > files->count_max)
		return account_broken(account, "%s/%s: %u %s, over the limit of %zu",
				      account->folder, files->folder, names->len, files->title,
				      files->count_max);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		g_autofree char *path =
			g_build_filename(account->folder, files->folder, name, NULL);
		g_autofree char *why = NULL;
		g_autoptr(GBytes) bytes =
			trusted_read(folder, name, account->owner, files->size_max, &why);

		if (bytes && !folder_name_printable(name))
			why = g_strdup("its name holds a character that can't be shown");
		if (why)
			return account_broken(account, "%s: %s", path, why);
		if (!files->read(account, path, bytes, data))
			return false;
	}
	return true;
}

/* What an account says is told as it was read. */
#define TELL(type, name, field)                                        \
	type devid_account_##name(const struct devid_account *account) \
	{                                                              \
		return account->field;                                 \
	}

TELL(enum devid_account_state, state, state)
TELL(const char *, folder, folder)
TELL(const char *, problem, problem)
TELL(const char *, name, name)
TELL(const char *, default_label, default_label)
TELL(enum devid_chain_mode, chain_mode, chain_mode)
TELL(enum devid_size_measure, size_measure, size_measure)
TELL(enum devid_protection, require_protection, require.protection)
TELL(size_t, device_limit, device_limit)
TELL(size_t, signing_limit, signing_limit)
TELL(size_t, signing_count_limit, signing_count_limit)
TELL(enum devid_signing_keys, signing_keys, signing_keys)
TELL(size_t, overlap, overlap)
TELL(char *const *, after_renewal, after_renewal)
TELL(size_t, expiry_warning, expiry_warning)

void devid_account_set_chain_mode(struct devid_account *account, enum devid_chain_mode mode)
{
	account->chain_mode = mode;
}

enum devid_on_use devid_account_on_use(const struct devid_account *account)
{
	/* What a broken account says is not known: its keys are used, if at all, as the strictest
	 * says.
	 */
	return account->state == DEVID_ACCOUNT_UNUSABLE ? DEVID_ON_USE_ENFORCE : account->on_use;
}

size_t devid_account_signing_count(const struct devid_account *account)
{
	return account->signing->len;
}

const struct devid_signing *devid_account_signing(const struct devid_account *account, size_t index)
{
	return index < account->signing->len ? account->signing->pdata[index] : NULL;
}
