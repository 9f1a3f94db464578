/* The account: which folder it is, whether it may be believed, and what it says. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <devid/check.h>
#include <internal/cleanup.h>
#include <internal/path.h>
#include "account-private.h"
#include "trusted.h"

#define DEVICE_LIMIT	    2048
#define SIGNING_LIMIT	    4096
#define SIGNING_COUNT_LIMIT 5
#define EXPIRY_WARNING	    30
#define SYSTEM_USERS	    "@devid"

static struct devid_account *account_new(const char *folder)
{
	static const char *const users[] = { SYSTEM_USERS, NULL };
	struct devid_account *account = g_new0(struct devid_account, 1);

	account->folder = g_strdup(folder);
	account->device_limit = DEVICE_LIMIT;
	account->signing_limit = SIGNING_LIMIT;
	account->signing_count_limit = SIGNING_COUNT_LIMIT;
	account->expiry_warning = EXPIRY_WARNING;
	account->system_users = g_strdupv((char **)users);
	account->signing = g_ptr_array_new();
	policy_init(&account->policy);
	account->dirfd = -1;
	return account;
}

void devid_account_free(struct devid_account *account)
{
	if (!account)
		return;
	for (guint i = 0; i < account->signing->len; i++) {
		struct devid_signing *signing = account->signing->pdata[i];

		gnutls_x509_crt_deinit(signing->certificate);
		g_free((char *)signing->name);
		g_free((char *)signing->path);
		g_free((char *)signing->subject);
		g_free((char *)signing->key_id);
		g_free(signing);
	}
	g_ptr_array_free(account->signing, TRUE);
	requirement_clear(&account->require);
	revocation_clear(&account->revocation);
	policy_clear(&account->policy);
	g_strfreev(account->system_users);
	g_free(account->folder);
	g_free(account->problem);
	g_free(account->name);
	g_free(account->default_label);
	g_free(account->serials_file);
	g_free(account);
}

void account_broken(struct devid_account *account, const char *format, ...)
{
	g_autofree char *words = NULL;
	va_list arguments;

	account->state = DEVID_ACCOUNT_UNUSABLE;
	if (account->problem)
		return;
	va_start(arguments, format);
	words = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	account->problem = devid_text_escape(words, strlen(words));
}

/* Whether the folder holds an account, well or badly: whatever can't be looked at counts, so that
 * an unreadable /etc/devid never makes way for the user's own.
 */
static gboolean holds_account(int dirfd)
{
	struct stat status;

	if (fstatat(dirfd, ACCOUNT_FILE, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return TRUE;
	return signing_present(dirfd) || rules_present(dirfd);
}

static void read_keys(struct devid_account *account)
{
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *why = NULL;
	struct stat status;

	if (fstatat(account->dirfd, ACCOUNT_FILE, &status, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno == ENOENT)
		return;
	bytes = trusted_read(account->dirfd, ACCOUNT_FILE, account->owner, ACCOUNT_FILE_MAX, &why);
	if (!bytes) {
		account_broken(account, "%s/%s: %s", account->folder, ACCOUNT_FILE, why);
		return;
	}
	account_keys_read(account, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

/* Reads what lies in account->folder. True where there is something, sound or not. */
static gboolean read_folder(struct devid_account *account, gboolean follow)
{
	AUTO_CLOSE int dirfd = -1;
	const char *why;

	dirfd = trusted_open_folder(AT_FDCWD, account->folder, account->owner, follow, &why);
	if (dirfd < 0 && errno == ENOENT)
		return FALSE;
	if (dirfd < 0) {
		/* A folder that others can write to, and that holds no account, is none. */
		if (errno == 0) {
			int saved = open(account->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			gboolean holds = saved < 0 || holds_account(saved);

			if (saved >= 0)
				close(saved);
			if (!holds)
				return FALSE;
		}
		account_broken(account, "%s: %s", account->folder,
			       why		  ? why
			       : errno == ELOOP	  ? "it is a link"
			       : errno == ENOTDIR ? "it is a link or no folder"
						  : g_strerror(errno));
		return TRUE;
	}
	if (!holds_account(dirfd))
		return FALSE;
	account->dirfd = dirfd;
	account->state = DEVID_ACCOUNT_READY;
	read_keys(account);
	if (account->state == DEVID_ACCOUNT_READY)
		signing_load(account);
	if (account->state == DEVID_ACCOUNT_READY)
		rules_load(account);
	account->dirfd = -1;
	return TRUE;
}

enum devid_result devid_account_load(const char *folder, bool system,
				     struct devid_account **account)
{
	char path[PATH_BUFFER];

	if (folder) {
		*account = account_new(folder);
		(*account)->owner = geteuid();
		read_folder(*account, TRUE);
		return DEVID_OK;
	}
	*account = account_new(path_config(HALF_SYSTEM, path) ? path : "/etc/devid");
	if (read_folder(*account, FALSE) || system || !path_config(HALF_USER, path))
		return DEVID_OK;
	devid_account_free(*account);
	*account = account_new(path);
	(*account)->owner = geteuid();
	read_folder(*account, FALSE);
	return DEVID_OK;
}

enum devid_account_state devid_account_state(const struct devid_account *account)
{
	return account->state;
}

const char *devid_account_folder(const struct devid_account *account)
{
	return account->folder;
}

const char *devid_account_problem(const struct devid_account *account)
{
	return account->problem;
}

const char *devid_account_name(const struct devid_account *account)
{
	return account->name;
}

const char *devid_account_default_label(const struct devid_account *account)
{
	return account->default_label;
}

enum devid_chain_mode devid_account_chain_mode(const struct devid_account *account)
{
	return account->chain_mode;
}

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

enum devid_size_measure devid_account_size_measure(const struct devid_account *account)
{
	return account->size_measure;
}

enum devid_protection devid_account_require_protection(const struct devid_account *account)
{
	return account->protection;
}

size_t devid_account_device_limit(const struct devid_account *account)
{
	return account->device_limit;
}

size_t devid_account_signing_limit(const struct devid_account *account)
{
	return account->signing_limit;
}

size_t devid_account_signing_count_limit(const struct devid_account *account)
{
	return account->signing_count_limit;
}

enum devid_signing_keys devid_account_signing_keys(const struct devid_account *account)
{
	return account->signing_keys;
}

size_t devid_account_expiry_warning(const struct devid_account *account)
{
	return account->expiry_warning;
}

size_t devid_account_signing_count(const struct devid_account *account)
{
	return account->signing->len;
}

const struct devid_signing *devid_account_signing(const struct devid_account *account, size_t index)
{
	return index < account->signing->len ? account->signing->pdata[index] : NULL;
}
