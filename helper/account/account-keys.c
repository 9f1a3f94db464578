/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* account.conf: its sections and keys, in tables (the form of the file is base/conf.c's). */
#include <string.h>
#include "account/policy/policy-keys.h"
#include "account/policy/requirement.h"
#include "base/conf.h"
#include "base/trusted.h"
#include "base/unit.h"
#include "account-keys.h"
#include "account-private.h"
#include "account.h"
#include "revocation.h"

/* The range that a size may be set to: below, no certificate fits; above, no frame to the agent. */
#define SIZE_MIN      512
#define SIZE_MAX_SET  65536
#define COUNT_MAX_SET 100
#define WARNING_MAX   365 /* days */
#define OVERLAP_MAX   365 /* days */

static const struct conf_choice chains[] = { { "issuer", DEVID_CHAIN_ISSUER },
					     { "path", DEVID_CHAIN_PATH },
					     { NULL, 0 } };
static const struct conf_choice on_uses[] = { { "enforce", DEVID_ON_USE_ENFORCE },
					      { "log", DEVID_ON_USE_LOG },
					      { "off", DEVID_ON_USE_OFF },
					      { NULL, 0 } };
static const struct conf_choice measures[] = { { "pem", DEVID_SIZE_PEM },
					       { "der", DEVID_SIZE_DER },
					       { NULL, 0 } };
static const struct conf_choice key_types[] = { { "any", DEVID_SIGNING_KEYS_ANY },
						{ "rsa", DEVID_SIGNING_KEYS_RSA },
						{ NULL, 0 } };
static const struct conf_choice protections[] = { { "none", DEVID_PROTECTION_NONE },
						  { "user", DEVID_PROTECTION_USER },
						  { "root", DEVID_PROTECTION_ROOT },
						  { "hardware", DEVID_PROTECTION_HARDWARE },
						  { NULL, 0 } };

static char *set_system_users(void *target, const char *value)
{
	struct devid_account *account = target;
	g_strfreev(account->system_users);
	account->system_users = conf_split_words(value);
	return policy_names_fault(account->system_users, true);
}

static char *set_after_renewal(void *target, const char *value)
{
	struct devid_account *account = target;

	g_strfreev(account->after_renewal);
	account->after_renewal = conf_split_words(value);
	for (char **unit = account->after_renewal; *unit; unit++)
		if (!unit_is_name(*unit))
			return g_strdup(
				"names what is no unit, such as openvpn-client@vpn.service");
	return NULL;
}

static char *set_tpm_users(void *target, const char *value)
{
	struct devid_account *account = target;
	g_strfreev(account->tpm_users);
	account->tpm_users = conf_split_words(value);
	return policy_names_fault(account->tpm_users, true);
}

static char *set_serials(void *target, const char *value)
{
	struct devid_account *account = target;

	return revocation_add_serials(&account->revocation, value, strlen(value));
}

static char *set_serials_file(void *target, const char *value)
{
	struct devid_account *account = target;
	g_autofree char *why = NULL;
	g_autoptr(GBytes) bytes =
		trusted_read(account->dirfd, value, account->owner, REVOCATION_SERIALS_MAX, &why);

	if (bytes)
		why = revocation_add_serials(&account->revocation, g_bytes_get_data(bytes, NULL),
					     g_bytes_get_size(bytes));
	if (why)
		return g_strdup_printf("names a file that can't be used: %s", why);
	account->serials_file = g_strdup(value);
	return NULL;
}

/* File names between semicolons: names may hold blanks and commas. */
static char *set_lists(void *target, const char *value)
{
	struct devid_account *account = target;
	g_auto(GStrv) names = conf_split(value, ";");

	for (gsize i = 0; names[i]; i++) {
		g_autofree char *why = NULL;
		g_autoptr(GBytes) bytes = trusted_read(account->dirfd, names[i], account->owner,
						       REVOCATION_CRL_MAX, &why);

		if (bytes)
			why = revocation_add_list(&account->revocation,
						  g_bytes_get_data(bytes, NULL),
						  g_bytes_get_size(bytes));
		if (why)
			return g_strdup_printf("names a file that can't be used: %s: %s", names[i],
					       why);
	}
	return account->revocation.lists ? NULL : g_strdup("names no file");
}

static const struct conf_key account_section[] = {
	{ "Name", CONF_FIELD(CONF_LINE, struct devid_account, name) },
	{ "DefaultLabel", CONF_FIELD(CONF_LINE, struct devid_account, default_label) },
	{ "Chain", CONF_FIELD(CONF_CHOICE, struct devid_account, chain_mode), .choices = chains },
	{ "OnUse", CONF_FIELD(CONF_CHOICE, struct devid_account, on_use), .choices = on_uses },
	{ "SizeMeasure", CONF_FIELD(CONF_CHOICE, struct devid_account, size_measure),
	  .choices = measures },
	{ "SystemUsers", set_system_users },
	{ "AfterRenewal", set_after_renewal },
	{ "TPMUsers", set_tpm_users },
	{ "Overlap", CONF_FIELD(CONF_NUMBER, struct devid_account, overlap), .most = OVERLAP_MAX },
	{ "ExpiryWarning", CONF_FIELD(CONF_NUMBER, struct devid_account, expiry_warning),
	  .least = 1, .most = WARNING_MAX },
};
static const struct conf_key limits_section[] = {
	{ "DeviceCertificate", CONF_FIELD(CONF_NUMBER, struct devid_account, device_limit),
	  .least = SIZE_MIN, .most = SIZE_MAX_SET },
	{ "SigningCertificate", CONF_FIELD(CONF_NUMBER, struct devid_account, signing_limit),
	  .least = SIZE_MIN, .most = SIZE_MAX_SET },
	{ "SigningCertificates", CONF_FIELD(CONF_NUMBER, struct devid_account, signing_count_limit),
	  .least = 1, .most = COUNT_MAX_SET },
	{ "SigningKeyTypes", CONF_FIELD(CONF_CHOICE, struct devid_account, signing_keys),
	  .choices = key_types },
};
static const struct conf_key certificate_section[] = {
	{ "RequireEKU", requirement_set_eku },
	{ "RequireExtension", requirement_set_extension },
	{ "RequireProtection", CONF_FIELD(CONF_CHOICE, struct requirement, protection),
	  .choices = protections },
};
static const struct conf_key revocation_section[] = {
	{ "Serials", set_serials },
	{ "SerialsFile", set_serials_file },
	{ "CRL", set_lists },
};

/* Keys of the sections that stand once are set on the account itself. */
static void *whole_account(void *data, const char *name, unsigned line, char **why)
{
	return data;
}

static void *its_requirement(void *data, const char *name, unsigned line, char **why)
{
	return &((struct devid_account *)data)->require;
}

#define ONCE(word, keys, target)                              \
	{                                                     \
		word, false, keys, G_N_ELEMENTS(keys), target \
	}

static const struct conf_section once_sections[] = {
	ONCE("Account", account_section, whole_account),
	ONCE("Limits", limits_section, whole_account),
	ONCE("Certificate", certificate_section, its_requirement),
	ONCE("Revocation", revocation_section, whole_account),
};

#define ONCE_SECTIONS G_N_ELEMENTS(once_sections)
#define ALL_SECTIONS  (ONCE_SECTIONS + POLICY_SECTIONS + 1)

/* Every section and key that there is, ended by a row without a word. */
static void list_sections(struct conf_section rows[ALL_SECTIONS], struct policy *policy)
{
	memcpy(rows, once_sections, sizeof(once_sections));
	policy_sections(rows + ONCE_SECTIONS, policy);
	rows[ALL_SECTIONS - 1] = (struct conf_section){ NULL };
}

const char *account_key(gsize index, const char **section)
{
	struct conf_section rows[ALL_SECTIONS];

	list_sections(rows, NULL);
	for (const struct conf_section *row = rows; row->word; row++) {
		if (index < row->count) {
			*section = row->word;
			return row->keys[index].name;
		}
		index -= row->count;
	}
	return NULL;
}

bool account_keys_read(struct devid_account *account, const char *text, gsize length)
{
	struct conf_section rows[ALL_SECTIONS];
	g_autofree char *why = NULL;

	list_sections(rows, &account->policy);
	why = conf_read(text, length, rows, account);
	if (why)
		account_broken(account, "%s/%s:%s", account->folder, ACCOUNT_FILE, why);
	return !why;
}
