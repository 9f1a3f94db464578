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

const char *devid_os_name(enum devid_os os)
{
	return (unsigned)os < G_N_ELEMENTS(systems) ? systems[os] : "unknown";
}

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

const char *devid_setting_name(enum devid_setting setting)
{
	return (unsigned)setting < G_N_ELEMENTS(settings) ? settings[setting] : "unknown";
}

const char *devid_action_name(enum devid_action action)
{
	return (unsigned)action < G_N_ELEMENTS(actions) ? actions[action] : "unknown";
}

const char *devid_origin_name(enum devid_origin origin)
{
	return (unsigned)origin < G_N_ELEMENTS(origins) ? origins[origin] : "unknown";
}

const char *devid_answer_name(enum devid_answer answer)
{
	return answer && (unsigned)answer < G_N_ELEMENTS(answers) ? answers[answer] : "unknown";
}
