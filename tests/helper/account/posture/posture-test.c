/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Posture checks from within: what a [Profile] takes, dpkg's order of versions, its database,
 * os-release, and disks, each on a system made for it. The checks that ask systemd are in
 * posture.sh.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "account/posture/posture-os.h"
#include "account/posture/posture-package.h"
#include "account/posture/posture-support.h"
#include "account/posture/posture-table.h"
#include "account/posture/posture-version.h"
#include "account/posture/profile.h"
#include "base/conf.h"
#include "tests/helper/account/harness.h"

/* --- values ---------------------------------------------------------------------------------- */

static const struct {
	const char *key;
	const char *value;
	const char *fault; /* a part of the words; NULL: taken */
} values[] = {
	{ "DeviceCertificate", "yes", NULL },
	{ "DeviceCertificate", "no", "is not yes" },
	{ "DeviceCertificate", "Yes", "is not yes" },
	{ "AntiMalware", "clamav", NULL },
	{ "AntiMalware", "clamav>=1.0", NULL },
	{ "AntiMalware", "unit:sav-protect.service package:sophos>=3.2-1; package:b", NULL },
	{ "AntiMalware", "clamav >= 1.0", "NAME>=VERSION" },
	{ "AntiMalware", "clamav>=", "no version" },
	{ "AntiMalware", "clamav>1.0", "NAME>=VERSION" },
	{ "AntiMalware", "clamav=1.0", "NAME>=VERSION" },
	{ "AntiMalware", "clam", "neither clamav nor" },
	{ "AntiMalware", "unit:clamav", "no unit's name" },
	{ "AntiMalware", "unit:", "no unit's name" },
	{ "AntiMalware", "package:", "no package's name" },
	{ "AntiMalware", "package:--all", "no package's name" },
	{ "AntiMalware", "package:a/b", "no package's name" },
	{ "AntiMalware", ";", "names nothing" },
	{ "Firewall", "any", NULL },
	{ "Firewall", "nftables; ufw, firewalld", NULL },
	{ "Firewall", "any; ufw", "none of: any" },
	{ "Firewall", "iptables", "none of: any" },
	{ "Firewall", "; ;", "names nothing" },
	{ "DiskEncryption", "root; home", NULL },
	{ "DiskEncryption", "yes", "none of: root, home" },
	{ "DiskEncryption", "root; swap", "none of: root, home" },
	{ "OperatingSystem", "debian", NULL },
	{ "OperatingSystem", "debian>=12; ubuntu >= 22.04", NULL },
	{ "OperatingSystem", "Debian", "no system's ID" },
	{ "OperatingSystem", "debian 12", "NAME>=VERSION" },
	{ "OperatingSystem", "debian<12", "NAME>=VERSION" },
	{ "OperatingSystem", ">=12", "NAME>=VERSION" },
	{ "OperatingSystem", "debian>=bookworm", "no version" },
	{ "ClientVersion", "0.1", NULL },
	{ "ClientVersion", ">=0.1", "no version" },
	{ "ClientVersion", "v1", "no version" },
	{ "Unit", "ssh.service", NULL },
	{ "Unit", "a.service:enabled; b@x.socket:masked, c.timer:inactive", NULL },
	{ "Unit", "dev-disk-by\\x2duuid.swap:active", NULL },
	{ "Unit", "with:colon.service", NULL },
	{ "Unit", "ssh", "no unit's name" },
	{ "Unit", "ssh.conf", "no unit's name" },
	{ "Unit", ".service", "no unit's name" },
	{ "Unit", "a b.service", "no unit's name" },
	{ "Unit", "../a.service", "no unit's name" },
	{ "Unit", "ssh.service:running", "state is none of" },
	{ "Unit", "ssh.service:", "state is none of" },
	{ "IfUnknown", "pass", NULL },
	{ "IfUnknown", "fail", NULL },
	{ "IfUnknown", "unknown", "none of: fail, pass" },
	{ "Antivirus", "clamav", "unknown key" },
};

static void *begin_profile(void *data, const char *name, unsigned line, char **why)
{
	return data;
}

static char *read_profile(struct profile *profile, const char *text)
{
	struct conf_section sections[] = {
		{ "Profile", true, NULL, 0, begin_profile, profile_end },
		{ NULL },
	};

	sections[0].keys = profile_keys(&sections[0].count);
	return conf_read(text, strlen(text), sections, profile);
}

static void profile_takes_what_it_should(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
		struct profile *profile = profile_new("p");
		g_autofree char *text = g_strdup_printf("[Profile p]\n%s=%s\nUnit=x.service\n",
							values[i].key, values[i].value);
		g_autofree char *why = NULL;

		if (strcmp(values[i].key, "Unit") == 0)
			*strstr(text, "Unit=x.service") = '#';
		why = read_profile(profile, text);
		if (values[i].fault ? !why || !strstr(why, values[i].fault) : why != NULL)
			fail_msg("%s: %s", text, why ? why : "taken");
		profile_free(profile);
	}
}

static void profile_needs_a_check(void **state)
{
	struct profile *profile = profile_new("p");
	g_autofree char *why = read_profile(profile, "[Profile p]\nIfUnknown=pass\n");
	g_autofree char *long_value = g_strnfill(1100, 'a');
	g_autofree char *text = g_strdup_printf("[Profile p]\nUnit=%s.service\n", long_value);
	g_autofree char *longer = read_profile(profile, text);

	assert_non_null(strstr(why, "has no check"));
	assert_non_null(strstr(longer, "longer than"));
	profile_free(profile);
}

static void table_is_whole(void **state)
{
	gsize count;
	const struct conf_key *keys = profile_keys(&count);

	for (gsize i = 0; posture_check(i); i++) {
		const struct posture_check *check = posture_check(i);

		assert_non_null(check->accept);
		assert_non_null(check->run);
		assert_ptr_equal(devid_posture_kind(i), &check->kind);
		assert_string_equal(keys[i + 1].name, check->kind.name);
	}
	assert_null(posture_check(count - 1));
	assert_null(devid_posture_kind(count - 1));
}

/* --- versions -------------------------------------------------------------------------------- */

static const char *const versions[] = {
	"0",
	"0.0",
	"1",
	"1.0",
	"1.0.0",
	"1.0~rc1",
	"1.0~~",
	"1.0~",
	"1.0a",
	"1.0+b1",
	"1.0-1",
	"1.0-1~bpo12",
	"1.0-1+b1",
	"1.0-1.1",
	"1.01",
	"1.10",
	"1.9",
	"1:0.1",
	"2:0",
	"0:1.0",
	"00:1.0",
	"12",
	"12.1",
	"22.04",
	"9.99",
	"1.0.A",
	"1.0.a",
	"1.0.7",
	"1.0.7-1",
	"1.0.7-0",
	"2024.10.1",
	"1.2.3-4-5",
	"1.2.3-45",
	"1.0+dfsg-1",
	"1.0.dfsg",
	"007",
	"7",
	"18446744073709551616",
	"18446744073709551615",
	"1.0-1deb12u1",
	"1.0-1+deb12u1",
	"1.4.1+dfsg-1~deb12u1",
	"1.0^git1",
};

/* Each with each, as dpkg itself says. */
static void versions_as_dpkg_orders_them(void **state)
{
	g_autoptr(GString) script =
		g_string_new("set -f\nwhile read -r a b; do\n"
			     "if dpkg --compare-versions \"$a\" lt \"$b\"; then echo '<'\n"
			     "elif dpkg --compare-versions \"$a\" gt \"$b\"; then echo '>'\n"
			     "else echo '='; fi\ndone 2>/dev/null <<'END'\n");
	g_autofree char *output = NULL;
	g_auto(GStrv) answers = NULL;
	const char *arguments[] = { "/bin/sh", "-c", NULL, NULL };
	gsize at = 0;

	/* A caret is rpm's: dpkg only warns of it, and orders it as any other sign. */
	for (gsize i = 0; i < G_N_ELEMENTS(versions); i++)
		for (gsize j = i; j < G_N_ELEMENTS(versions); j++)
			g_string_append_printf(script, "%s %s\n", versions[i], versions[j]);
	g_string_append(script, "END\n");
	arguments[2] = script->str;
	assert_true(g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL,
				 &output, NULL, NULL, NULL));
	answers = g_strsplit(output, "\n", -1);
	for (gsize i = 0; i < G_N_ELEMENTS(versions); i++)
		for (gsize j = i; j < G_N_ELEMENTS(versions); j++) {
			int mine = posture_version_compare(versions[i], versions[j]);
			int back = posture_version_compare(versions[j], versions[i]);
			char sign = mine < 0 ? '<' : mine > 0 ? '>' : '=';

			assert_non_null(answers[at]);
			if (*answers[at] != sign || (mine < 0) != (back > 0) ||
			    (mine == 0) != (back == 0))
				fail_msg("%s %c %s, dpkg: %s", versions[i], sign, versions[j],
					 answers[at]);
			at++;
		}
	assert_int_equal(at, G_N_ELEMENTS(versions) * (G_N_ELEMENTS(versions) + 1) / 2);
}

static void epoch_counts_where_it_is_asked_for(void **state)
{
	assert_true(posture_version_reaches("1:1.4-1", "1.4"));
	assert_false(posture_version_reaches("1:1.0-1", "1.4"));
	assert_true(posture_version_reaches("1:1.0-1", "1:1.0"));
	assert_true(posture_version_reaches("2:0.1", "1:1.0"));
	assert_false(posture_version_reaches("1.0", "1:0.1"));
	assert_false(posture_version_reaches("1.0~rc1", "1.0"));
}

/* --- dpkg's database ------------------------------------------------------------------------- */

#define CLAMAV(status, version)                                                              \
	"Package: clamav-daemon\nStatus: " status "\nArchitecture: amd64\nVersion: " version \
	"\nDescription: x\n long\n .\n Version: 99\n"
#define OTHER "Package: clamav\nStatus: install ok installed\nVersion: 5\n\n"

static const struct {
	const char *text;
	const char *version; /* NULL: not installed */
	bool damaged;
} statuses[] = {
	{ "", NULL, false },
	{ OTHER, NULL, false },
	{ OTHER CLAMAV("install ok installed", "1.0"), "1.0", false },
	{ CLAMAV("install ok installed", "1:1.0.7+dfsg-1~deb12u1") "\n" OTHER,
	  "1:1.0.7+dfsg-1~deb12u1", false },
	{ CLAMAV("hold ok installed", "1.0"), "1.0", false },
	{ CLAMAV("install ok triggers-pending", "1.0"), "1.0", false },
	{ CLAMAV("deinstall ok config-files", "1.0"), NULL, false },
	{ CLAMAV("install ok unpacked", "1.0"), NULL, false },
	{ CLAMAV("install ok half-configured", "1.0"), NULL, false },
	{ CLAMAV("install ok not-installed", "1.0"), NULL, false },
	{ CLAMAV("install ok installed", "1.0") "\n" CLAMAV("install ok installed", "0.9"), "0.9",
	  false },
	{ CLAMAV("install ok installed", "1.0") "\n\n\n\n", "1.0", false },
	{ "package: clamav-daemon\nSTATUS: install ok installed\nversion: 3\n", "3", false },
	{ "Package: clamav-daemon2\nStatus: install ok installed\nVersion: 3\n", NULL, false },
	{ "Package: clamav-daemon\nVersion: 3\n", NULL, true },
	{ "Package: clamav-daemon\nStatus: install ok installed\n", NULL, true },
	{ "Package: clamav-daemon\nStatus: install ok installed\nVersion:\n", NULL, true },
	{ "Package: clamav-daemon\nStatus: install ok installed\nVersion: one\n", NULL, true },
	{ CLAMAV("install ok installed", "1.0") "Version: 9\n", NULL, true },
	{ CLAMAV("install ok installed", "1.0") "Package: x\n", NULL, true },
	{ CLAMAV("install ok installed", "1.0") "no field\n", NULL, true },
	{ ": x\n" CLAMAV("install ok installed", "1.0"), NULL, true },
};

static void packages_are_found(void **state)
{
	static const char nul[] = CLAMAV("install ok installed", "1.0") "\0\n";
	char *version;

	for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++) {
		bool ok = posture_package_find(statuses[i].text, strlen(statuses[i].text),
					       "clamav-daemon", &version);

		if (ok == statuses[i].damaged || g_strcmp0(version, statuses[i].version) != 0)
			fail_msg("row %zu: %s, %s", i, ok ? "sound" : "damaged", version);
		g_free(version);
	}
	assert_false(posture_package_find(nul, sizeof(nul) - 1, "clamav-daemon", &version));
	assert_null(version);
}

/* --- os-release ------------------------------------------------------------------------------ */

static const struct {
	const char *text;
	const char *id, *version; /* NULL id: damaged */
} releases[] = {
	{ "ID=debian\nVERSION_ID=\"12\"\n", "debian", "12" },
	{ "NAME='A B'\nVERSION_ID='22.04'\n ID=ubuntu", "ubuntu", "22.04" },
	{ "ID=debian\nPRETTY_NAME=\"sid\"\n", "debian", NULL },
	{ "VERSION_ID=3\n", "linux", "3" },
	{ "", "linux", NULL },
	{ "#ID=debian\nID_LIKE=debian\nXID=debian\n", "linux", NULL },
	{ "ID=one\nID=two\n", "two", NULL },
	{ "ID=debian\nVERSION_ID=\n", "debian", NULL },
	{ "ID=\"debian\n", NULL, NULL },
	{ "ID=debian\nVERSION_ID='12\n", NULL, NULL },
};

static void os_release_is_read(void **state)
{
	static const char nul[] = "ID=debian\0\n";
	char *id, *version;

	for (gsize i = 0; i < G_N_ELEMENTS(releases); i++) {
		bool ok =
			posture_os_parse(releases[i].text, strlen(releases[i].text), &id, &version);

		if (ok != (releases[i].id != NULL) || g_strcmp0(id, releases[i].id) != 0 ||
		    g_strcmp0(version, releases[i].version) != 0)
			fail_msg("row %zu: %s %s", i, id, version);
		g_free(id);
		g_free(version);
	}
	assert_false(posture_os_parse(nul, sizeof(nul) - 1, &id, &version));
}

/* --- what needs files ------------------------------------------------------------------------ */

static enum devid_answer run_on(const char *root, const char *key, const char *value,
				const struct devid_verdict *verdict, char **message)
{
	const struct posture_place place = { .root = root, .verdict = verdict };

	for (gsize i = 0; posture_check(i); i++)
		if (strcmp(posture_check(i)->kind.name, key) == 0)
			return posture_check_run(posture_check(i), value, &place, message);
	fail_msg("no check %s", key);
	return DEVID_ANSWER_FAIL;
}

static void assert_answer(const char *root, const char *key, const char *value,
			  enum devid_answer answer, const char *words)
{
	g_autofree char *message = NULL;
	enum devid_answer got = run_on(root, key, value, NULL, &message);

	if (got != answer || !strstr(message, words))
		fail_msg("%s=%s: %s: %s", key, value, devid_answer_name(got), message);
}

static void systems_are_told_apart(void **state)
{
	g_autofree char *root = harness_folder();
	g_autofree char *path = g_build_filename(root, "etc", "os-release", NULL);
	g_autofree char *large = g_strnfill(70000, '#');

	assert_answer(root, "OperatingSystem", "debian", DEVID_ANSWER_UNKNOWN, "can't be read");
	harness_write(root, "usr/lib/os-release", "ID=debian\nVERSION_ID=11\n", -1);
	assert_answer(root, "OperatingSystem", "debian>=11", DEVID_ANSWER_PASS, "debian 11");
	harness_write(root, "etc/os-release", "ID=debian\nVERSION_ID=12\n", -1);
	assert_answer(root, "OperatingSystem", "debian>=12", DEVID_ANSWER_PASS, "debian 12");
	assert_answer(root, "OperatingSystem", "ubuntu; debian>=12", DEVID_ANSWER_PASS, "");
	assert_answer(root, "OperatingSystem", "debian>=12.1", DEVID_ANSWER_FAIL, "debian 12");
	assert_answer(root, "OperatingSystem", "ubuntu>=1; fedora", DEVID_ANSWER_FAIL, "debian 12");
	harness_write(root, "etc/os-release", "ID=debian\n", -1);
	assert_answer(root, "OperatingSystem", "debian>=12", DEVID_ANSWER_UNKNOWN,
		      "without VERSION_ID");
	assert_answer(root, "OperatingSystem", "debian>=12; debian", DEVID_ANSWER_PASS, "");
	assert_answer(root, "OperatingSystem", "ubuntu", DEVID_ANSWER_FAIL, "");
	harness_write(root, "etc/os-release", "ID='debian\n", -1);
	assert_answer(root, "OperatingSystem", "debian", DEVID_ANSWER_UNKNOWN, "damaged");
	harness_write(root, "etc/os-release", large, -1);
	assert_answer(root, "OperatingSystem", "linux", DEVID_ANSWER_UNKNOWN, "too large");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_answer(root, "OperatingSystem", "debian", DEVID_ANSWER_UNKNOWN, "can't be read");
}

static void packages_reach_versions(void **state)
{
	g_autofree char *root = harness_folder();
	g_autofree char *path = g_build_filename(root, "var/lib/dpkg/status", NULL);

	harness_write(root, "var/lib/dpkg/status",
		      OTHER CLAMAV("install ok installed", "1:1.0.7-1"), -1);
	assert_answer(root, "AntiMalware", "package:clamav-daemon>=1.0", DEVID_ANSWER_PASS,
		      "at 1:1.0.7-1");
	assert_answer(root, "AntiMalware", "package:clamav-daemon", DEVID_ANSWER_PASS, "");
	assert_answer(root, "AntiMalware", "package:clamav-daemon>=1.1", DEVID_ANSWER_FAIL,
		      "below 1.1");
	assert_answer(root, "AntiMalware", "package:clamav package:nod32", DEVID_ANSWER_FAIL,
		      "nod32 is not installed");
	harness_write(root, "var/lib/dpkg/status", "\0\0\0", 3);
	assert_answer(root, "AntiMalware", "package:clamav", DEVID_ANSWER_UNKNOWN, "damaged");
	/* Larger than any database: not read to its end. The file has a hole. */
	assert_int_equal(truncate(path, 200 * 1024 * 1024), 0);
	assert_answer(root, "AntiMalware", "package:clamav", DEVID_ANSWER_UNKNOWN, "too large");
}

static void write_rpm(const char *root, const char *script)
{
	g_autofree char *path = g_build_filename(root, "usr/bin/rpm", NULL);

	harness_write(root, "usr/bin/rpm", script, -1);
	assert_int_equal(chmod(path, 0755), 0);
}

static void rpm_is_asked_where_dpkg_is_not(void **state)
{
	g_autofree char *root = harness_folder();
	const char *const wanted = "package:clamd>=1.4";

	assert_answer(root, "AntiMalware", wanted, DEVID_ANSWER_UNKNOWN, "neither dpkg's");
	write_rpm(root, "#!/bin/sh\n[ \"$1 $5\" = '-q clamd' ] && echo 0:1.4.1-1.fc40\n");
	assert_answer(root, "AntiMalware", wanted, DEVID_ANSWER_PASS, "0:1.4.1-1.fc40");
	write_rpm(root, "#!/bin/sh\necho 0:1.4.1-1; echo 0:1.3.9-1\n");
	assert_answer(root, "AntiMalware", wanted, DEVID_ANSWER_FAIL, "1.3.9");
	write_rpm(root, "#!/bin/sh\necho 'package clamd is not installed'; exit 1\n");
	assert_answer(root, "AntiMalware", wanted, DEVID_ANSWER_FAIL, "not installed");
	write_rpm(root, "#!/bin/sh\necho error: no database >&2; exit 1\n");
	assert_answer(root, "AntiMalware", wanted, DEVID_ANSWER_UNKNOWN, "can't tell");
	write_rpm(root, "#!/bin/sh\necho nonsense\n");
	assert_answer(root, "AntiMalware", wanted, DEVID_ANSWER_UNKNOWN, "can't tell");
	write_rpm(root, "#!/bin/sh\nkill -9 $$\n");
	assert_answer(root, "AntiMalware", wanted, DEVID_ANSWER_UNKNOWN, "can't tell");
	write_rpm(root, "#!/bin/sh\nexec yes 0:9-9\n");
	assert_answer(root, "AntiMalware", wanted, DEVID_ANSWER_UNKNOWN, "did not answer");
	write_rpm(root, "#!/bin/sh\nexec sleep 1000\n");
	assert_answer(root, "AntiMalware", wanted, DEVID_ANSWER_UNKNOWN, "did not answer");
	write_rpm(root, "#!/nonexistent\n");
	assert_answer(root, "AntiMalware", wanted, DEVID_ANSWER_UNKNOWN, "can't be started");
}

static void certificate_is_the_verdicts(void **state)
{
	struct devid_verdict verdict = { .result = DEVID_OK, .reason = "ok" };
	g_autofree char *good = NULL, *bad = NULL, *none = NULL;

	assert_int_equal(run_on("", "DeviceCertificate", "yes", &verdict, &good),
			 DEVID_ANSWER_PASS);
	verdict.result = DEVID_CHECK_FAILED;
	verdict.message = (char *)"it has expired";
	assert_int_equal(run_on("", "DeviceCertificate", "yes", &verdict, &bad), DEVID_ANSWER_FAIL);
	assert_string_equal(bad, "it has expired");
	assert_int_equal(run_on("", "DeviceCertificate", "yes", NULL, &none), DEVID_ANSWER_FAIL);
	assert_answer("", "ClientVersion", "0.1", DEVID_ANSWER_PASS, "devid 0.1.0");
	assert_answer("", "ClientVersion", "0.1.0", DEVID_ANSWER_PASS, "");
	assert_answer("", "ClientVersion", "0.1.1", DEVID_ANSWER_FAIL, "");
	assert_answer("", "ClientVersion", "99", DEVID_ANSWER_FAIL, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_whole),
		cmocka_unit_test(profile_takes_what_it_should),
		cmocka_unit_test(profile_needs_a_check),
		cmocka_unit_test(versions_as_dpkg_orders_them),
		cmocka_unit_test(epoch_counts_where_it_is_asked_for),
		cmocka_unit_test(packages_are_found),
		cmocka_unit_test(os_release_is_read),
		cmocka_unit_test(systems_are_told_apart),
		cmocka_unit_test(packages_reach_versions),
		cmocka_unit_test(rpm_is_asked_where_dpkg_is_not),
		cmocka_unit_test(certificate_is_the_verdicts),
	};

	return cmocka_run_group_tests_name("posture", tests, harness_begin, harness_end);
}
