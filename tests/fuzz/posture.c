/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What posture checks read: dpkg's database, os-release, mountinfo, versions, and the values of a
 * profile. The first byte says which.
 */
#include <string.h>
#include "account/posture/posture-mount.h"
#include "account/posture/posture-os.h"
#include "account/posture/posture-package.h"
#include "account/posture/posture-table.h"
#include "account/posture/posture-version.h"
#include "fuzz.h"

static void try_packages(const char *text, size_t size)
{
	char *version = NULL;
	bool ok = posture_package_find(text, size, "clamav-daemon", &version);

	FUZZ_CHECK(ok || !version);
	FUZZ_CHECK(!version || posture_version_is_sound(version));
	g_free(version);
}

static void try_release(const char *text, size_t size)
{
	char *id, *version;
	bool ok = posture_os_parse(text, size, &id, &version);

	FUZZ_CHECK(ok ? id != NULL : !id && !version);
	g_free(id);
	g_free(version);
}

static void try_mounts(const char *text, size_t size)
{
	GArray *mounts = posture_mounts_parse(text, size);

	if (!mounts)
		return;
	for (guint i = 0; i < mounts->len; i++)
		FUZZ_CHECK(g_array_index(mounts, struct mount, i).source != NULL);
	(void)posture_mounts_find(mounts, "/");
	(void)posture_mounts_find(mounts, "/home");
	g_array_unref(mounts);
}

/* Two lines: the order holds both ways. */
static void try_versions(const char *text, size_t size)
{
	g_autofree char *copy = g_strndup(text, size);
	g_auto(GStrv) lines = g_strsplit(copy, "\n", 3);
	const char *a = lines[0] ? lines[0] : "", *b = lines[0] && lines[1] ? lines[1] : "";
	int there = posture_version_compare(a, b), back = posture_version_compare(b, a);

	FUZZ_CHECK((there < 0) == (back > 0) && (there == 0) == (back == 0));
	FUZZ_CHECK(posture_version_compare(a, a) == 0);
	FUZZ_CHECK(!posture_version_is_sound(a) || !strpbrk(a, " ;,\n"));
}

static void try_values(const char *text, size_t size)
{
	g_autofree char *value = g_strndup(text, size);

	for (gsize i = 0; posture_check(i); i++) {
		g_autofree char *why = posture_check_accept(posture_check(i), value);

		FUZZ_CHECK(!why || *why);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(const char *, size_t) = { try_packages, try_release,
							       try_mounts, try_versions,
							       try_values };

	g_log_set_always_fatal(G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	if (size > 0)
		tries[*data % G_N_ELEMENTS(tries)]((const char *)data + 1, size - 1);
	return 0;
}
