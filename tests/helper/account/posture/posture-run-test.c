/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running a profile: what its checks make together, and those that don't come back. */
#include <string.h>
#include "account/posture/posture-run.h"
#include "account/posture/posture-support.h"
#include "account/posture/posture-table.h"
#include "account/posture/profile.h"
#include "tests/helper/account/harness.h"

/* A check that waits until it is let go. */
static GMutex gate_lock;
static GCond gate_moved;
static bool gate_open;
static guint waiting, gone;

static enum devid_answer wait_run(char **words, const struct posture_place *place, char **message)
{
	/* Read after the run has been given up: what it points to must be there still. */
	g_mutex_lock(&gate_lock);
	waiting++;
	while (!gate_open)
		g_cond_wait(&gate_moved, &gate_lock);
	gone++;
	g_cond_broadcast(&gate_moved);
	g_mutex_unlock(&gate_lock);
	*message = g_strdup_printf("%s%s%s", *words, place->root, place->verdict->message);
	return DEVID_ANSWER_PASS;
}

static enum devid_answer quick_run(char **words, const struct posture_place *place, char **message)
{
	*message = g_strdup("\033[2Jfound");
	return **words == 'p'	? DEVID_ANSWER_PASS
	       : **words == 'f' ? DEVID_ANSWER_FAIL
				: DEVID_ANSWER_UNKNOWN;
}

static const struct posture_check quick = { { "Quick", "", "" }, NULL, quick_run };
static const struct posture_check waits = { { "Waits", "", "" }, NULL, wait_run };

/* A profile of quick checks, a letter each ("p", "f", "u"), and "w" for one that waits. */
static struct profile *made_profile(const char *letters, enum devid_answer if_unknown)
{
	struct profile *profile = profile_new("made");

	profile->if_unknown = if_unknown;
	for (; *letters; letters++) {
		struct profile_check check = { *letters == 'w' ? &waits : &quick,
					       g_strndup(letters, 1) };

		g_array_append_val(profile->checks, check);
	}
	return profile;
}

static const struct {
	const char *letters;
	enum devid_answer fails, passes; /* with IfUnknown=fail, and =pass */
} sums[] = {
	{ "p", DEVID_ANSWER_PASS, DEVID_ANSWER_PASS },
	{ "f", DEVID_ANSWER_FAIL, DEVID_ANSWER_FAIL },
	{ "u", DEVID_ANSWER_FAIL, DEVID_ANSWER_PASS },
	{ "ppp", DEVID_ANSWER_PASS, DEVID_ANSWER_PASS },
	{ "ppf", DEVID_ANSWER_FAIL, DEVID_ANSWER_FAIL },
	{ "fpp", DEVID_ANSWER_FAIL, DEVID_ANSWER_FAIL },
	{ "puu", DEVID_ANSWER_FAIL, DEVID_ANSWER_PASS },
	{ "upf", DEVID_ANSWER_FAIL, DEVID_ANSWER_FAIL },
	{ "", DEVID_ANSWER_FAIL, DEVID_ANSWER_FAIL },
};

static void checks_make_a_profile(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(sums); i++)
		for (guint pass = 0; pass < 2; pass++) {
			struct profile *profile = made_profile(
				sums[i].letters, pass ? DEVID_ANSWER_PASS : DEVID_ANSWER_FAIL);
			struct devid_posture *posture = posture_run(profile, NULL);

			profile_free(profile);
			if (posture->answer != (pass ? sums[i].passes : sums[i].fails))
				fail_msg("%s: %s", sums[i].letters,
					 devid_answer_name(posture->answer));
			assert_int_equal(posture->count, strlen(sums[i].letters));
			assert_string_equal(posture->profile, "made");
			if (posture->count > 0)
				assert_string_equal(posture->checks[0].message, "\\x1B[2Jfound");
			devid_posture_free(posture);
		}
}

/* What doesn't come back is unknown, is not waited for, and can end when all is freed. */
static void late_checks_are_left_behind(void **state)
{
	struct devid_verdict verdict = { .result = DEVID_OK, .message = g_strdup("borrowed") };
	struct profile *profile = made_profile("pwf", DEVID_ANSWER_PASS);
	struct devid_posture *posture = posture_run(profile, &verdict);

	profile_free(profile);
	memset(verdict.message, 'x', strlen(verdict.message));
	g_free(verdict.message);
	assert_int_equal(posture->checks[0].answer, DEVID_ANSWER_PASS);
	assert_int_equal(posture->checks[1].answer, DEVID_ANSWER_UNKNOWN);
	assert_string_equal(posture->checks[1].message, "no answer within 3 s");
	assert_int_equal(posture->checks[2].answer, DEVID_ANSWER_FAIL);
	devid_posture_free(posture);

	/* There is an end to how many: the rest are not even begun. */
	profile =
		made_profile("wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
			     DEVID_ANSWER_PASS);
	verdict.message = g_strdup("other");
	posture = posture_run(profile, &verdict);
	profile_free(profile);
	assert_string_equal(posture->checks[67].message,
			    "too many earlier checks have no answer yet");
	devid_posture_free(posture);
	g_free(verdict.message);

	g_mutex_lock(&gate_lock);
	assert_int_equal(waiting, 64);
	gate_open = true;
	g_cond_broadcast(&gate_moved);
	while (gone < waiting)
		g_cond_wait(&gate_moved, &gate_lock);
	g_mutex_unlock(&gate_lock);
	/* And once they are gone, there is room again. */
	profile = made_profile("p", DEVID_ANSWER_FAIL);
	for (;;) {
		posture = posture_run(profile, NULL);
		if (posture->answer == DEVID_ANSWER_PASS)
			break;
		devid_posture_free(posture);
		g_usleep(1000);
	}
	devid_posture_free(posture);
	profile_free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_make_a_profile),
		cmocka_unit_test(late_checks_are_left_behind),
	};

	return cmocka_run_group_tests_name("running a profile", tests, NULL, NULL);
}
