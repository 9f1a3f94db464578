/* account.conf: sections, keys and values in the form of GLib's key files, read line by line so
 * that each complaint has its line. Strict on purpose: what is not understood is never passed over.
 */
#include <string.h>
#include <devid/check.h>
#include "account-private.h"
#include "trusted.h"

#define LABEL_MAX 255
/* The range that a size may be set to: below, no certificate fits; above, no frame to the agent. */
#define SIZE_MIN      512
#define SIZE_MAX_SET  65536
#define COUNT_MAX_SET 100

struct choice {
	const char *word;
	int value;
};

static char *set_choice(const struct choice *choices, const char *value, int *target)
{
	g_autoptr(GString) words = g_string_new(NULL);

	for (; choices->word; choices++) {
		if (strcmp(choices->word, value) == 0) {
			*target = choices->value;
			return NULL;
		}
		g_string_append_printf(words, "%s%s", words->len ? ", " : "", choices->word);
	}
	return g_strdup_printf("is none of: %s", words->str);
}

static char *set_number(const char *value, guint64 least, guint64 most, size_t *target)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(value, 10, least, most, &number, NULL))
		return g_strdup_printf("is no number from %" G_GUINT64_FORMAT
				       " to %" G_GUINT64_FORMAT,
				       least, most);
	*target = number;
	return NULL;
}

/* A text that is shown in one line. */
static char *set_line(const char *value, char **target)
{
	g_autofree char *escaped = devid_text_escape(value, strlen(value));

	if (strlen(value) > LABEL_MAX)
		return g_strdup_printf("is longer than %d bytes", LABEL_MAX);
	if (strcmp(escaped, value) != 0)
		return g_strdup("holds a control or bidirectional character");
	*target = g_strdup(value);
	return NULL;
}

/* Words between blanks, commas or semicolons. */
static char **split_words(const char *value)
{
	g_auto(GStrv) pieces = g_strsplit_set(value, " \t,;", -1);
	GPtrArray *words = g_ptr_array_new();

	for (gsize i = 0; pieces[i]; i++)
		if (*pieces[i])
			g_ptr_array_add(words, g_strdup(pieces[i]));
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_free(words, FALSE);
}

static char *set_name(struct devid_account *account, const char *value)
{
	return set_line(value, &account->name);
}

static char *set_default_label(struct devid_account *account, const char *value)
{
	return set_line(value, &account->default_label);
}

static char *set_chain(struct devid_account *account, const char *value)
{
	static const struct choice choices[] = { { "issuer", DEVID_CHAIN_ISSUER },
						 { "path", DEVID_CHAIN_PATH },
						 { NULL, 0 } };
	int mode = account->chain_mode;
	char *why = set_choice(choices, value, &mode);

	account->chain_mode = mode;
	return why;
}

static char *set_on_use(struct devid_account *account, const char *value)
{
	static const struct choice choices[] = { { "enforce", DEVID_ON_USE_ENFORCE },
						 { "log", DEVID_ON_USE_LOG },
						 { "off", DEVID_ON_USE_OFF },
						 { NULL, 0 } };
	int on_use = account->on_use;
	char *why = set_choice(choices, value, &on_use);

	account->on_use = on_use;
	return why;
}

static char *set_size_measure(struct devid_account *account, const char *value)
{
	static const struct choice choices[] = { { "pem", DEVID_SIZE_PEM },
						 { "der", DEVID_SIZE_DER },
						 { NULL, 0 } };
	int measure = account->size_measure;
	char *why = set_choice(choices, value, &measure);

	account->size_measure = measure;
	return why;
}

static char *set_system_users(struct devid_account *account, const char *value)
{
	g_strfreev(account->system_users);
	account->system_users = split_words(value);
	for (gsize i = 0; account->system_users[i]; i++)
		if (strcmp(account->system_users[i], "@") == 0)
			return g_strdup("has an @ without a group's name");
	return NULL;
}

static char *set_device_limit(struct devid_account *account, const char *value)
{
	return set_number(value, SIZE_MIN, SIZE_MAX_SET, &account->device_limit);
}

static char *set_signing_limit(struct devid_account *account, const char *value)
{
	return set_number(value, SIZE_MIN, SIZE_MAX_SET, &account->signing_limit);
}

static char *set_signing_count(struct devid_account *account, const char *value)
{
	return set_number(value, 1, COUNT_MAX_SET, &account->signing_count_limit);
}

static char *set_require_eku(struct devid_account *account, const char *value)
{
	return requirement_set_eku(&account->require, value);
}

static char *set_require_extension(struct devid_account *account, const char *value)
{
	return requirement_set_extension(&account->require, value);
}

static char *set_protection(struct devid_account *account, const char *value)
{
	static const struct choice choices[] = { { "none", DEVID_PROTECTION_NONE },
						 { "user", DEVID_PROTECTION_USER },
						 { "root", DEVID_PROTECTION_ROOT },
						 { "hardware", DEVID_PROTECTION_HARDWARE },
						 { NULL, 0 } };
	int protection = account->protection;
	char *why = set_choice(choices, value, &protection);

	account->protection = protection;
	return why;
}

static char *set_serials(struct devid_account *account, const char *value)
{
	return revocation_add_serials(&account->revocation, value, strlen(value));
}

static char *set_serials_file(struct devid_account *account, const char *value)
{
	g_autofree char *why = NULL;
	g_autoptr(GBytes) bytes =
		trusted_read(account->dirfd, value, account->owner, REVOCATION_SERIALS_MAX, &why);

	if (bytes)
		why = revocation_add_serials(&account->revocation, g_bytes_get_data(bytes, NULL),
					     g_bytes_get_size(bytes));
	return why ? g_strdup_printf("names a file that can't be used: %s", why) : NULL;
}

/* File names between semicolons: names may hold blanks and commas. */
static char *set_lists(struct devid_account *account, const char *value)
{
	g_auto(GStrv) names = g_strsplit(value, ";", -1);

	for (gsize i = 0; names[i]; i++) {
		g_autofree char *why = NULL;
		g_autoptr(GBytes) bytes = NULL;

		if (!*g_strstrip(names[i]))
			continue;
		bytes = trusted_read(account->dirfd, names[i], account->owner, REVOCATION_CRL_MAX,
				     &why);
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

/* Every key that there is. `set` answers NULL, or what is wrong as the end of "KEY …". */
static const struct key {
	const char *section;
	const char *name;
	char *(*set)(struct devid_account *account, const char *value);
} keys[] = {
	{ "Account", "Name", set_name },
	{ "Account", "DefaultLabel", set_default_label },
	{ "Account", "Chain", set_chain },
	{ "Account", "OnUse", set_on_use },
	{ "Account", "SizeMeasure", set_size_measure },
	{ "Account", "SystemUsers", set_system_users },
	{ "Limits", "DeviceCertificate", set_device_limit },
	{ "Limits", "SigningCertificate", set_signing_limit },
	{ "Limits", "SigningCertificates", set_signing_count },
	{ "Certificate", "RequireEKU", set_require_eku },
	{ "Certificate", "RequireExtension", set_require_extension },
	{ "Certificate", "RequireProtection", set_protection },
	{ "Revocation", "Serials", set_serials },
	{ "Revocation", "SerialsFile", set_serials_file },
	{ "Revocation", "CRL", set_lists },
};

const char *account_key(gsize index, const char **section)
{
	if (index >= G_N_ELEMENTS(keys))
		return NULL;
	*section = keys[index].section;
	return keys[index].name;
}

struct reader {
	struct devid_account *account;
	const char *section; /* of the table; NULL before the first */
	gboolean seen[G_N_ELEMENTS(keys)];
};

/* What is wrong with "[Section]", or NULL. */
static char *read_section(struct reader *reader, const char *line)
{
	gsize length = strlen(line);

	reader->section = NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
		if (strlen(keys[i].section) + 2 == length && line[length - 1] == ']' &&
		    strncmp(line + 1, keys[i].section, length - 2) == 0)
			reader->section = keys[i].section;
	return reader->section ? NULL : g_strdup_printf("unknown section %s", line);
}

/* What is wrong with "Key=Value", or NULL. Splits `line` in place. */
static char *read_key(struct reader *reader, char *line)
{
	char *value = strchr(line, '=');
	char *why;

	if (!value)
		return g_strdup("neither a [Section] nor Key=Value");
	*value++ = '\0';
	g_strchomp(line);
	g_strchug(value);
	if (!reader->section)
		return g_strdup_printf("%s stands before the first [Section]", line);
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (strcmp(keys[i].section, reader->section) != 0 ||
		    strcmp(keys[i].name, line) != 0)
			continue;
		if (reader->seen[i])
			return g_strdup_printf("%s is given twice", line);
		reader->seen[i] = TRUE;
		if (!*value)
			return g_strdup_printf("%s has no value", line);
		why = keys[i].set(reader->account, value);
		if (why) {
			char *problem = g_strdup_printf("%s %s", line, why);

			g_free(why);
			return problem;
		}
		return NULL;
	}
	return g_strdup_printf("unknown key %s in [%s]", line, reader->section);
}

/* What is wrong with the bytes of a line before they are looked at as words, or NULL. */
static const char *line_fault(const char *line, gsize length)
{
	if (memchr(line, '\0', length))
		return "holds a NUL byte";
	if (memchr(line, '\r', length))
		return "ends with CR LF: save the file with UNIX line ends";
	if (!g_utf8_validate_len(line, length, NULL))
		return "is not in UTF-8";
	return NULL;
}

gboolean account_keys_read(struct devid_account *account, const char *text, gsize length)
{
	struct reader reader = { .account = account };
	const char *end = text + length;

	for (unsigned number = 1; text < end; number++) {
		const char *stop = memchr(text, '\n', end - text);
		gsize width = (stop ? stop : end) - text;
		const char *fault = line_fault(text, width);
		g_autofree char *why = fault ? g_strdup_printf("the line %s", fault) : NULL;
		g_autofree char *line = fault ? NULL : g_strstrip(g_strndup(text, width));

		if (line && *line == '[')
			why = read_section(&reader, line);
		else if (line && *line && *line != '#')
			why = read_key(&reader, line);
		if (why) {
			account_broken(account, "%s/%s:%u: %s", account->folder, ACCOUNT_FILE,
				       number, why);
			return FALSE;
		}
		text = stop ? stop + 1 : end;
	}
	return TRUE;
}
