/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of libdevid share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "harness.h"

static char *home;
static unsigned folders;

int harness_begin(void **state)
{
	umask(022);
	home = g_dir_make_tmp("devid-account-XXXXXX", NULL);
	return home ? 0 : -1;
}

int harness_end(void **state)
{
	g_autofree char *quoted = g_shell_quote(home);
	g_autofree char *command = g_strdup_printf("rm -rf %s", quoted);

	g_clear_pointer(&home, g_free);
	return system(command);
}

char *harness_folder(void)
{
	char *path = g_strdup_printf("%s/%u", home, folders++);

	assert_int_equal(g_mkdir_with_parents(path, 0755), 0);
	return path;
}

void harness_write(const char *folder, const char *name, const void *data, gssize length)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autofree char *parent = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(parent, 0755), 0);
	/* A new file in the old one's place: without the flag the end of a longer one would
	 * stay. */
	assert_true(g_file_set_contents_full(path, data, length, G_FILE_SET_CONTENTS_CONSISTENT,
					     0644, NULL));
}

const char *harness_pki(const char *name)
{
	static char path[4096];

	g_snprintf(path, sizeof(path), "%s/%s", g_getenv("DEVID_TEST_ACCOUNT_PKI"), name);
	return path;
}

GBytes *harness_read(const char *name)
{
	char *data;
	gsize length;

	if (!g_file_get_contents(harness_pki(name), &data, &length, NULL))
		fail_msg("no %s", harness_pki(name));
	return g_bytes_new_take(data, length);
}

void harness_copy(const char *folder, const char *name, const char *pki_name)
{
	g_autoptr(GBytes) bytes = harness_read(pki_name);

	harness_write(folder, name, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

char *harness_account(const char *conf, const char *signing)
{
	char *folder = harness_folder();
	g_auto(GStrv) names = g_strsplit(signing ? signing : "", " ", -1);

	if (conf)
		harness_write(folder, "account.conf", conf, -1);
	for (gsize i = 0; names[i]; i++) {
		g_autofree char *from = g_strconcat(names[i], ".crt", NULL);
		g_autofree char *to = g_strdup_printf("signing/%s.pem", names[i]);

		if (*names[i])
			harness_copy(folder, to, from);
	}
	return folder;
}

struct devid_account *harness_load(const char *folder)
{
	struct devid_account *account = NULL;

	assert_int_equal(devid_account_load(folder, false, &account), DEVID_OK);
	assert_non_null(account);
	return account;
}

void harness_chain_load(struct harness_chain *chain, const char *names)
{
	g_auto(GStrv) words = g_strsplit(names, " ", -1);

	memset(chain, 0, sizeof(*chain));
	for (gsize i = 0; words[i]; i++) {
		g_autofree char *file = g_strconcat(words[i], ".crt", NULL);
		g_autoptr(GBytes) bytes = *words[i] ? harness_read(file) : NULL;
		gnutls_x509_crt_t *certificate = &chain->certificates[chain->count];
		gnutls_datum_t datum;

		if (!bytes)
			continue;
		datum.data = (unsigned char *)g_bytes_get_data(bytes, NULL);
		datum.size = (unsigned)g_bytes_get_size(bytes);
		assert_true(gnutls_x509_crt_init(certificate) >= 0);
		assert_true(gnutls_x509_crt_import(*certificate, &datum, GNUTLS_X509_FMT_PEM) >= 0);
		chain->count++;
	}
}

void harness_chain_clear(struct harness_chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		gnutls_x509_crt_deinit(chain->certificates[i]);
	chain->count = 0;
}

/* How a line "KEY=VALUE" is spoiled: what it becomes, %1$s the line and %2$s the key; and what is
 * told, NULL: what its setter says. A \1 stands for a NUL, \2 for a value of 4096 bytes.
 */
static const struct {
	const char *line;
	gsize lines; /* the line in question is the how manieth */
	const char *problem;
} spoilings[] = {
	{ "%1$s\n%1$s\n", 1, "%2$s is given twice" },
	{ "%2$s=\n", 0, "%2$s has no value" },
	{ "%2$s\n", 0, "neither a [Section] nor Key=Value" },
	{ "%1$s\xe9\n", 0, "the line is not in UTF-8" },
	{ "%1$s\r\n", 0, "the line ends with CR LF: save the file with UNIX line ends" },
	{ "%1$s\1\n", 0, "the line holds a NUL byte" },
	{ "%2$s=\2\n", 0, NULL },
	{ "%2$s=a\x1b[2J\n", 0, NULL },
};

/* Replaces the printf()-like %1$s and %2$s, and \1 and \2. */
static void append_spoiled(GString *text, const char *pattern, const char *line, const char *key)
{
	for (; *pattern; pattern++) {
		if (g_str_has_prefix(pattern, "%1$s") || g_str_has_prefix(pattern, "%2$s")) {
			g_string_append(text, pattern[1] == '1' ? line : key);
			pattern += strlen("%1$s") - 1;
		} else if (*pattern == '\1') {
			g_string_append_c(text, '\0');
		} else if (*pattern == '\2') {
			for (int i = 0; i < 4096; i++)
				g_string_append_c(text, 'x');
		} else {
			g_string_append_c(text, *pattern);
		}
	}
}

bool harness_spoil(const char *text, gsize line, gsize how, GString *spoiled, char **problem)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *key = g_strndup(lines[line], strcspn(lines[line], " ="));

	if (how >= G_N_ELEMENTS(spoilings))
		return false;
	g_string_truncate(spoiled, 0);
	for (gsize i = 0; *lines[i]; i++)
		append_spoiled(spoiled, i == line ? spoilings[how].line : "%1$s\n", lines[i], key);
	*problem = NULL;
	if (spoilings[how].problem) {
		g_autoptr(GString) words = g_string_new(NULL);

		g_string_printf(words, "%zu: ", line + 1 + spoilings[how].lines);
		append_spoiled(words, spoilings[how].problem, lines[line], key);
		*problem = g_string_free(g_steal_pointer(&words), FALSE);
	}
	return true;
}

void harness_copy_files(const char *folder, const char *files)
{
	g_auto(GStrv) names = g_strsplit(files, " ", -1);

	for (gsize i = 0; names[i]; i++)
		harness_copy(folder, names[i], names[i]);
}

struct devid_verdict *harness_verdict(const char *folder, const char *names, time_t at)
{
	struct devid_account *account = harness_load(folder);
	struct devid_verdict *verdict = NULL;
	struct harness_chain chain;

	harness_chain_load(&chain, names);
	assert_int_equal(devid_check(account, chain.certificates, chain.count, at, &verdict),
			 DEVID_OK);
	harness_chain_clear(&chain);
	devid_account_free(account);
	return verdict;
}
