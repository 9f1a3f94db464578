/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* account.conf: what it says, and each way in which its text can be wrong. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "account/account-keys.h"
#include "account/account-private.h"
#include "account/rules-read.h"
#include "harness.h"

static struct devid_account *load_conf(const char *conf)
{
	g_autofree char *folder = harness_account(conf, NULL);

	return harness_load(folder);
}

static void defaults(void **state)
{
	struct devid_account *account = load_conf("# nothing but this\n\n");

	assert_int_equal(devid_account_state(account), DEVID_ACCOUNT_READY);
	assert_null(devid_account_problem(account));
	assert_null(devid_account_name(account));
	assert_null(devid_account_default_label(account));
	assert_int_equal(devid_account_chain_mode(account), DEVID_CHAIN_ISSUER);
	assert_int_equal(devid_account_on_use(account), DEVID_ON_USE_LOG);
	assert_int_equal(devid_account_size_measure(account), DEVID_SIZE_PEM);
	assert_int_equal(devid_account_require_protection(account), DEVID_PROTECTION_NONE);
	assert_int_equal(devid_account_device_limit(account), 2048);
	assert_int_equal(devid_account_signing_limit(account), 4096);
	assert_int_equal(devid_account_signing_count_limit(account), 5);
	assert_int_equal(devid_account_signing_keys(account), DEVID_SIGNING_KEYS_ANY);
	assert_int_equal(devid_account_expiry_warning(account), 30);
	assert_false(devid_account_has_policy(account));
	assert_int_equal(devid_account_signing_count(account), 0);
	assert_null(devid_account_signing(account, 0));
	devid_account_free(account);
}

/* Every key once, with a value that differs from the default. The sample file names the same
 * keys. */
#define PIN "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define EVERY_KEY                              \
	"[Account]\n"                          \
	"Name = Example 例\n"                 \
	"DefaultLabel=laptop\n"                \
	"Chain=path\n"                         \
	"OnUse=enforce\n"                      \
	"SizeMeasure=der\n"                    \
	"SystemUsers=alice, @vpn\n"            \
	"Overlap=3\n"                          \
	"AfterRenewal=a.service b@c.service\n" \
	"TPMUsers=carol\n"                     \
	"ExpiryWarning=14\n"                   \
	"[Limits]\n"                           \
	"DeviceCertificate=3000\n"             \
	"SigningCertificate=5000\n"            \
	"SigningCertificates=7\n"              \
	"SigningKeyTypes=rsa\n"                \
	"[Certificate]\n"                      \
	"RequireEKU=clientAuth\n"              \
	"RequireExtension=1.2.3.4=a;b\n"       \
	"RequireProtection=hardware\n"         \
	"[Revocation]\n"                       \
	"Serials=01:02\n"                      \
	"SerialsFile=serials\n"                \
	"CRL=crl-inter.pem\n"                  \
	"[DeviceAuthentication]\n"             \
	"Windows=allow\n"                      \
	"macOS=block\n"                        \
	"iOS=allow\n"                          \
	"Android=block\n"                      \
	"Linux=allow\n"                        \
	"[User alice]\n"                       \
	"Override=yes\n"                       \
	"Windows=block\n"                      \
	"macOS=allow\n"                        \
	"iOS=block\n"                          \
	"Android=allow\n"                      \
	"Linux=block\n"                        \
	"[Group team]\n"                       \
	"Members=alice; @staff\n"              \
	"[Office hq]\n"                        \
	"GatewayAddress=192.0.2.1\n"           \
	"GatewayMAC=00:11:22:33:44:55\n"       \
	"DNSName=office.example.com\n"         \
	"DNSAnswer=192.0.2.9\n"                \
	"Probe=https://192.0.2.9/\n"           \
	"ProbeCertificate=" PIN "\n"           \
	"[Profile managed]\n"                  \
	"IfUnknown=pass\n"                     \
	"DeviceCertificate=yes\n"              \
	"AntiMalware=clamav\n"                 \
	"Firewall=any\n"                       \
	"DiskEncryption=root\n"                \
	"OperatingSystem=debian\n"             \
	"ClientVersion=0.1\n"                  \
	"Unit=ssh.service\n"

static char *every_key_folder(const char *conf)
{
	char *folder = harness_account(conf, NULL);

	harness_write(folder, "serials", "0a:0b # lost\n\n0c\n", -1);
	harness_copy(folder, "crl-inter.pem", "crl-inter.pem");
	return folder;
}

static void every_key(void **state)
{
	g_autofree char *folder = every_key_folder(EVERY_KEY);
	struct devid_account *account = harness_load(folder);

	assert_null(devid_account_problem(account));
	assert_string_equal(devid_account_name(account), "Example 例");
	assert_string_equal(devid_account_default_label(account), "laptop");
	assert_int_equal(devid_account_chain_mode(account), DEVID_CHAIN_PATH);
	assert_int_equal(devid_account_on_use(account), DEVID_ON_USE_ENFORCE);
	assert_int_equal(devid_account_size_measure(account), DEVID_SIZE_DER);
	assert_int_equal(devid_account_require_protection(account), DEVID_PROTECTION_HARDWARE);
	assert_int_equal(devid_account_device_limit(account), 3000);
	assert_int_equal(devid_account_signing_limit(account), 5000);
	assert_int_equal(devid_account_signing_count_limit(account), 7);
	assert_int_equal(devid_account_signing_keys(account), DEVID_SIGNING_KEYS_RSA);
	devid_account_set_chain_mode(account, DEVID_CHAIN_ISSUER);
	assert_int_equal(devid_account_chain_mode(account), DEVID_CHAIN_ISSUER);
	devid_account_free(account);
}

/* Each key spoiled in each way: told with file and line, and nothing is allowed. */
static void every_key_spoiled(void **state)
{
	g_auto(GStrv) lines = g_strsplit(EVERY_KEY, "\n", -1);
	g_autofree char *folder = every_key_folder(EVERY_KEY);
	g_autoptr(GString) text = g_string_new(NULL);

	for (gsize i = 0; *lines[i]; i++) {
		char *words;

		for (gsize how = 0;
		     *lines[i] != '[' && harness_spoil(EVERY_KEY, i, how, text, &words); how++) {
			g_autofree char *problem = words;
			g_autofree char *expected = g_strdup_printf("%s/account.conf:%s", folder,
								    problem ? problem : "");
			struct devid_account *account;

			harness_write(folder, "account.conf", text->str, (gssize)text->len);
			account = harness_load(folder);
			assert_int_equal(devid_account_state(account), DEVID_ACCOUNT_UNUSABLE);
			if (!g_str_has_prefix(devid_account_problem(account), expected) ||
			    (problem && strcmp(devid_account_problem(account), expected) != 0))
				fail_msg("%s is told for %s", devid_account_problem(account),
					 text->str);
			assert_int_equal(devid_account_on_use(account), DEVID_ON_USE_ENFORCE);
			devid_account_free(account);
		}
	}
}

/* A key that is new stands in EVERY_KEY too. */
static void every_key_there(void **state)
{
	const char *name, *section;

	for (gsize i = 0; (name = account_key(i, &section)); i++) {
		g_autofree char *line = g_strdup_printf("\n%s", name);
		const char *at = strstr(EVERY_KEY, line);

		if (!at || !strchr(" =", at[strlen(line)]))
			fail_msg("no %s= in this test", name);
	}
}

/* Text of account.conf, and how its problem ends after "FOLDER/account.conf:". */
static const struct {
	const char *conf;
	const char *problem;
} bad_confs[] = {
	{ "[Account]\nNmae=x\n", "2: unknown key Nmae in [Account]" },
	{ "[Account]\nDeviceCertificate=2048\n", "2: unknown key DeviceCertificate in [Account]" },
	{ "[account]\n", "1: unknown section [account]" },
	{ "[Account\n", "1: unknown section [Account" },
	{ "[Account] # here\n", "1: unknown section [Account] # here" },
	{ "Name=x\n", "1: Name stands before the first [Section]" },
	{ "\n[Account]\nName\n", "3: neither a [Section] nor Key=Value" },
	{ "[Account]\nName=\n", "2: Name has no value" },
	{ "[Account]\n=x\n", "2: unknown key  in [Account]" },
	{ "[Account]\r\nName=x\r\n",
	  "1: the line ends with CR LF: save the file with UNIX line ends" },
	{ "[Account]\nName=caf\xe9\n", "2: the line is not in UTF-8" },
	{ "\xef\xbb\xbf[Account]\n", "1: neither a [Section] nor Key=Value" },
	{ "[Account]\nName=a\x1b[31mb\n", "2: Name holds a control or bidirectional character" },
	{ "[Account]\nName=a\xe2\x80\xae"
	  "b\n",
	  "2: Name holds a control or bidirectional character" },
	{ "[Account]\nEvil\x1bKey=b\n", "2: unknown key Evil\\x1BKey in [Account]" },
	{ "[Account]\nChain=Path\n", "2: Chain is none of: issuer, path" },
	{ "[Account]\nOnUse=no\n", "2: OnUse is none of: enforce, log, off" },
	{ "[Account]\nSizeMeasure=bytes\n", "2: SizeMeasure is none of: pem, der" },
	{ "[Account]\nSystemUsers=alice @\n", "2: SystemUsers has an @ without a group's name" },
	{ "[Account]\nTPMUsers=@ bob\n", "2: TPMUsers has an @ without a group's name" },
	{ "[User]\nLinux=allow\n", "1: [User NAME] needs a name" },
	{ "[Account home]\nName=x\n", "1: [Account] takes no name" },
	{ "[User alice]\n[User bob]\n[User  alice ]\n", "3: [User alice] is there twice" },
	{ "[User @staff]\n", "1: @staff can't be a name: it is *, begins with @, or holds a comma "
			     "or semicolon" },
	{ "[User *]\n", "1: * can't be a name: it is *, begins with @, or holds a comma or "
			"semicolon" },
	{ "[Profile a;b]\n", "1: a;b can't be a name: it is *, begins with @, or holds a comma or "
			     "semicolon" },
	{ "[User alice]\nOverride=1\n", "2: Override is none of: yes, no" },
	{ "[User alice]\nlinux=allow\n", "2: unknown key linux in [User]" },
	{ "[DeviceAuthentication]\nLinux=off\n", "2: Linux is none of: require, allow, block" },
	{ "[DeviceAuthentication]\nBeOS=allow\n", "2: unknown key BeOS in [DeviceAuthentication]" },
	{ "[DeviceAuthentication]\nLinux=allow\n[Account]\n[DeviceAuthentication]\nLinux=allow\n",
	  "5: Linux is given twice" },
	{ "\n[Group x]\n\n[Account]\n", "2: Members= is missing" },
	{ "[Group x]\nMembers=;\n", "2: Members names nothing" },
	{ "[Group x]\nMembers=a; @\n", "2: Members has an @ without a group's name" },
	{ "[Group x]\nMembers=*\n", "2: Members takes no *" },
	{ "\n\n[Office x]\n\n", "3: [Office x] says nothing that could tell it from another "
				"network" },
	{ "[Profile x]\nIfUnknown=pass\n[Account]\n", "1: [Profile x] has no check" },
	{ "[Account]\nAfterRenewal=a.service; --force\n",
	  "2: AfterRenewal names what is no unit, such as openvpn-client@vpn.service" },
	{ "[Account]\nAfterRenewal=$(id).service\n",
	  "2: AfterRenewal names what is no unit, such as openvpn-client@vpn.service" },
	{ "[Account]\nAfterRenewal=ssh\n",
	  "2: AfterRenewal names what is no unit, such as openvpn-client@vpn.service" },
	{ "[Account]\nOverlap=-1\n", "2: Overlap is no number from 0 to 365" },
	{ "[Account]\nOverlap=366\n", "2: Overlap is no number from 0 to 365" },
	{ "[Account]\nExpiryWarning=0\n", "2: ExpiryWarning is no number from 1 to 365" },
	{ "[Account]\nExpiryWarning=366\n", "2: ExpiryWarning is no number from 1 to 365" },
	{ "[Limits]\nDeviceCertificate=2k\n",
	  "2: DeviceCertificate is no number from 512 to 65536" },
	{ "[Limits]\nDeviceCertificate=-1\n",
	  "2: DeviceCertificate is no number from 512 to 65536" },
	{ "[Limits]\nDeviceCertificate=0x800\n",
	  "2: DeviceCertificate is no number from 512 to 65536" },
	{ "[Limits]\nDeviceCertificate=99999999999999999999\n",
	  "2: DeviceCertificate is no number from 512 to 65536" },
	{ "[Limits]\nSigningCertificates=0\n",
	  "2: SigningCertificates is no number from 1 to 100" },
	{ "[Limits]\nSigningKeyTypes=ec\n", "2: SigningKeyTypes is none of: any, rsa" },
	{ "[Limits]\nSigningKeyTypes=RSA\n", "2: SigningKeyTypes is none of: any, rsa" },
	{ "[Certificate]\nRequireEKU=clientauth\n",
	  "2: RequireEKU has clientauth, which is neither an OID nor a known usage" },
	{ "[Certificate]\nRequireEKU=,\n", "2: RequireEKU names no usage" },
	{ "[Certificate]\nRequireExtension=foo=bar\n",
	  "2: RequireExtension does not begin with an OID" },
	{ "[Certificate]\nRequireExtension=1.2.3=\n",
	  "2: RequireExtension has = and no value after it" },
	{ "[Certificate]\nRequireExtension=1.2.3=hex:0\n",
	  "2: RequireExtension has hex:0, which is no hex" },
	{ "[Certificate]\nRequireProtection=tpm\n",
	  "2: RequireProtection is none of: none, user, root, hardware" },
	{ "[Revocation]\nSerials=0x01\n", "2: Serials line 1: 0x01 is no serial number in hex" },
	{ "[Revocation]\nSerials=01::02\n",
	  "2: Serials line 1: 01::02 is no serial number in hex" },
	{ "[Revocation]\nSerialsFile=none\n",
	  "2: SerialsFile names a file that can't be used: No such file or directory" },
	{ "[Revocation]\nSerialsFile=account.conf\n",
	  "2: SerialsFile names a file that can't be used: line 1: [Revocation] is no serial number "
	  "in hex" },
	{ "[Revocation]\nCRL=account.conf\n",
	  "2: CRL names a file that can't be used: account.conf: it is no revocation list" },
	{ "[Revocation]\nCRL=;\n", "2: CRL names no file" },
	{ "[Revocation]\nCRL=../x/crl.pem\n",
	  "2: CRL names a file that can't be used: ../x/crl.pem: folder x: No such file or "
	  "directory" },
};

static void bad_conf(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(bad_confs); i++) {
		g_autofree char *folder = harness_account(bad_confs[i].conf, NULL);
		g_autofree char *expected =
			g_strdup_printf("%s/account.conf:%s", folder, bad_confs[i].problem);
		struct devid_account *account = harness_load(folder);

		assert_int_equal(devid_account_state(account), DEVID_ACCOUNT_UNUSABLE);
		assert_string_equal(devid_account_problem(account), expected);
		devid_account_free(account);
	}
}

static void last_line_without_end(void **state)
{
	struct devid_account *account = load_conf("[Account]\nName=x");

	assert_null(devid_account_problem(account));
	assert_string_equal(devid_account_name(account), "x");
	devid_account_free(account);
}

static void nul_byte(void **state)
{
	g_autofree char *folder = harness_folder();
	struct devid_account *account;

	harness_write(folder, "account.conf", "[Account]\nName=x\0\n", 18);
	account = harness_load(folder);
	assert_true(g_str_has_suffix(devid_account_problem(account),
				     "account.conf:2: the line holds a NUL byte"));
	devid_account_free(account);
}

static void no_account(void **state)
{
	g_autofree char *empty = harness_folder();
	g_autofree char *missing = g_strconcat(empty, "/missing", NULL);
	const char *const folders[] = { empty, missing };

	assert_int_equal(chmod(empty, 0777), 0);
	for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
		struct devid_account *account = harness_load(folders[i]);

		assert_int_equal(devid_account_state(account), DEVID_ACCOUNT_NONE);
		assert_null(devid_account_problem(account));
		assert_string_equal(devid_account_folder(account), folders[i]);
		devid_account_free(account);
	}
}

/* The user's own folder, where /etc/devid holds nothing. */
static void own_folder(void **state)
{
	g_autofree char *folder = harness_account("[Account]\nName=mine\n", NULL);
	struct devid_account *account = NULL;

	/* A machine with an account of its own leaves nothing to look for. */
	assert_int_equal(devid_account_load(NULL, true, &account), DEVID_OK);
	if (devid_account_state(account) != DEVID_ACCOUNT_NONE) {
		devid_account_free(account);
		return;
	}
	devid_account_free(account);
	g_setenv("DEVID_CONFIG_DIR", folder, true);
	assert_int_equal(devid_account_load(NULL, false, &account), DEVID_OK);
	assert_string_equal(devid_account_name(account), "mine");
	assert_string_equal(devid_account_folder(account), folder);
	devid_account_free(account);
	assert_int_equal(devid_account_load(NULL, true, &account), DEVID_OK);
	assert_int_equal(devid_account_state(account), DEVID_ACCOUNT_NONE);
	assert_string_equal(devid_account_folder(account), "/etc/devid");
	devid_account_free(account);
	g_unsetenv("DEVID_CONFIG_DIR");
}

static void system_users(void **state)
{
	const struct passwd *nobody = getpwnam("nobody");
	const struct group *nogroup = nobody ? getgrgid(nobody->pw_gid) : NULL;
	g_autofree char *by_group = NULL;
	struct devid_account *account;

	if (!nogroup)
		return;
	by_group = g_strdup_printf("[Account]\nSystemUsers=someone @%s\n", nogroup->gr_name);
	account = load_conf("[Account]\nSystemUsers=someone nobody\nTPMUsers=@nobody-else\n");
	assert_true(devid_account_may_use_tpm(account, 0, 0));
	assert_false(devid_account_may_use_tpm(account, nobody->pw_uid, nobody->pw_gid));
	assert_true(devid_account_may_use_system(account, 0, 0));
	assert_true(devid_account_may_use_system(account, nobody->pw_uid, nobody->pw_gid));
	assert_false(devid_account_may_use_system(account, 1, 1));
	devid_account_free(account);
	account = load_conf("[Account]\nSystemUsers=someone\nTPMUsers=nobody\n");
	assert_true(devid_account_may_use_tpm(account, nobody->pw_uid, nobody->pw_gid));
	assert_false(devid_account_may_use_tpm(account, 1, 1));
	assert_false(devid_account_may_use_system(account, nobody->pw_uid, nobody->pw_gid));
	devid_account_free(account);
	account = load_conf(by_group);
	assert_true(devid_account_may_use_system(account, nobody->pw_uid, nobody->pw_gid));
	assert_true(devid_account_may_use_system(account, 4000000000u, nobody->pw_gid));
	assert_true(devid_account_may_use_system(account, nobody->pw_uid, 1));
	assert_false(devid_account_may_use_system(account, 4000000000u, 4000000000u));
	devid_account_free(account);
	account = load_conf("[Account]\nSystemUsers=*\n");
	assert_true(devid_account_may_use_system(account, 4000000000u, 4000000000u));
	devid_account_free(account);
	account = load_conf("[Account]\nName=default is @devid\n");
	assert_true(devid_account_may_use_system(account, 0, 0));
	assert_false(devid_account_may_use_system(account, 4000000000u, 4000000000u));
	devid_account_free(account);
}

/* Inlined, it makes gcc 12 warn of a dangling pointer that is none. */
G_GNUC_NO_INLINE static char *source_file(const char *name)
{
	g_autofree char *path = g_build_filename(g_getenv("DEVID_SOURCE"), name, NULL);
	char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		fail_msg("no %s", path);
	return text;
}

/* "#Key=value" and "#[Section name]"; words for people have a blank after the #. */
static bool is_commented_out(const char *line)
{
	return *line == '#' && (line[1] == '[' || (g_ascii_isalpha(line[1]) && strchr(line, '=')));
}

/* The sample says nothing as it is; with the # taken away it is sound, and it names every key. */
static void sample_file(void **state)
{
	g_autofree char *sample = source_file("data/account.conf");
	g_autofree char *as_is = harness_account(sample, NULL);
	g_autofree char *folder = harness_account(NULL, NULL);
	g_auto(GStrv) lines = g_strsplit(sample, "\n", -1);
	g_autoptr(GString) bare = g_string_new(NULL);
	struct devid_account *account = harness_load(as_is);
	const char *name, *section;

	assert_null(devid_account_problem(account));
	devid_account_free(account);
	for (gsize i = 0; lines[i]; i++)
		g_string_append_printf(bare, "%s\n", lines[i] + is_commented_out(lines[i]));
	harness_write(folder, "account.conf", bare->str, -1);
	harness_write(folder, "revoked.txt", "01\n", -1);
	harness_copy(folder, "device-ca.crl", "crl-inter.pem");
	harness_copy(folder, "other-ca.crl", "crl-inter.der");
	account = harness_load(folder);
	assert_null(devid_account_problem(account));
	assert_int_equal(devid_account_chain_mode(account), DEVID_CHAIN_ISSUER);
	assert_int_equal(devid_account_on_use(account), DEVID_ON_USE_LOG);
	assert_int_equal(devid_account_size_measure(account), DEVID_SIZE_PEM);
	assert_int_equal(devid_account_require_protection(account), DEVID_PROTECTION_NONE);
	assert_int_equal(devid_account_device_limit(account), 2048);
	assert_int_equal(devid_account_signing_limit(account), 4096);
	assert_int_equal(devid_account_signing_count_limit(account), 5);
	assert_int_equal(devid_account_signing_keys(account), DEVID_SIGNING_KEYS_ANY);
	devid_account_free(account);
	for (gsize i = 0; (name = account_key(i, &section)); i++) {
		g_autofree char *line = g_strdup_printf("\n%s=", name);
		g_autofree char *once = g_strdup_printf("\n[%s]\n", section);
		g_autofree char *named = g_strdup_printf("\n[%s ", section);
		const char *of = strstr(bare->str, once);
		const char *at, *next;

		of = of ? of : strstr(bare->str, named);
		assert_non_null(of);
		at = strstr(of, line);
		next = strstr(of + 1, "\n[");
		if (!at || (next && at > next))
			fail_msg("the sample does not have %s= in [%s]", name, section);
	}
}

static void manual_page(void **state)
{
	g_autofree char *page = source_file("data/man/devid-account.5");
	const char *name, *section;

	for (gsize i = 0; (name = account_key(i, &section)); i++) {
		g_autofree char *entry = g_strdup_printf(" %s=", name);
		g_autofree char *once = g_strdup_printf("\n.SS [%s]\n", section);
		g_autofree char *named = g_strdup_printf("\n.SS \"[%s NAME]\"\n", section);
		const char *of = strstr(page, once);
		const char *at, *next;

		of = of ? of : strstr(page, named);
		at = of ? strstr(of, entry) : NULL;
		next = of ? strstr(of + 1, "\n.S") : NULL;
		if (!at || (next && at > next))
			fail_msg("devid-account.5 does not speak of %s= in [%s]", name, section);
	}
	for (gsize i = 0; (name = rules_key(i)); i++) {
		g_autofree char *entry = g_strdup_printf(" %s=", name);
		const char *of = strstr(page, "\n.SS \"[Rule NAME]\"\n");

		if (!of || !strstr(of, entry))
			fail_msg("devid-account.5 does not speak of %s= in [Rule]", name);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),	     cmocka_unit_test(every_key),
		cmocka_unit_test(every_key_spoiled), cmocka_unit_test(every_key_there),
		cmocka_unit_test(bad_conf),	     cmocka_unit_test(last_line_without_end),
		cmocka_unit_test(nul_byte),	     cmocka_unit_test(no_account),
		cmocka_unit_test(own_folder),	     cmocka_unit_test(system_users),
		cmocka_unit_test(sample_file),	     cmocka_unit_test(manual_page),
	};

	return cmocka_run_group_tests_name("account", tests, harness_begin, harness_end);
}
