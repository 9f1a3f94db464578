/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of the policy: operating systems, settings, actions, answers. */
#include <devid/policy.h>
#include <glib.h>

static const char *const systems[DEVID_OS_COUNT] = {
	[DEVID_OS_WINDOWS] = "Windows", [DEVID_OS_MACOS] = "macOS", [DEVID_OS_IOS] = "iOS",
	[DEVID_OS_ANDROID] = "Android", [DEVID_OS_LINUX] = "Linux",
};
static const char *const settings[] = {
	[DEVID_SETTING_REQUIRE] = "require",
	[DEVID_SETTING_ALLOW] = "allow",
	[DEVID_SETTING_BLOCK] = "block",
};
static const char *const actions[] = {
	[DEVID_ACTION_ALLOW] = "allow",
	[DEVID_ACTION_ALLOW_INTERNET] = "allow-internet",
	[DEVID_ACTION_BLOCK] = "block",
};
static const char *const origins[] = {
	[DEVID_ORIGIN_UNKNOWN] = "unknown",
	[DEVID_ORIGIN_REMOTE] = "remote",
	[DEVID_ORIGIN_OFFICE] = "office",
};
static const char *const answers[] = {
	[DEVID_ANSWER_PASS] = "pass",
	[DEVID_ANSWER_FAIL] = "fail",
	[DEVID_ANSWER_UNKNOWN] = "unknown",
};

#define NAME(kind, words)                                                                \
	const char *devid_##kind##_name(enum devid_##kind value)                         \
	{                                                                                \
		return (unsigned)value < G_N_ELEMENTS(words) ? words[value] : "unknown"; \
	}

NAME(os, systems)
NAME(setting, settings)
NAME(action, actions)
NAME(origin, origins)

bool devid_os_find(const char *name, enum devid_os *os)
{
	for (int i = 0; i < DEVID_OS_COUNT; i++) {
		if (g_ascii_strcasecmp(systems[i], name) == 0) {
			*os = i;
			return true;
		}
	}
	return false;
}

const char *devid_answer_name(enum devid_answer answer)
{
	return answer && (unsigned)answer < G_N_ELEMENTS(answers) ? answers[answer] : "unknown";
}
