/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long a request to the keyring may take. */
#include <stdio.h>
#include <internal/test-hook.h>
#include <glib.h>
#include "base/error.h"
#include "keyring-bound.h"
#include "store.h"

#define STEP_MS 4500
/* Below the 120 s of a client, and STEP_MS below its 5 s, so that it hears why. */
#define PROMPT_MS 118000

static int step_ms = STEP_MS;
static int prompt_ms = PROMPT_MS;

/* Tests shorten both, and can't make them longer. */
static void read_bounds(void)
{
	static gsize done;
	const char *text;
	int step, prompt;

	if (!g_once_init_enter(&done))
		return;
	text = TEST_HOOK("DEVID_TEST_BOUNDS");
	if (text && sscanf(text, "%d,%d", &step, &prompt) == 2 && step > 0 && prompt > 0) {
		step_ms = MIN(step, STEP_MS);
		prompt_ms = MIN(prompt, PROMPT_MS);
	}
	g_once_init_leave(&done, 1);
}

static void set(struct keyring_bound *bound, int milliseconds)
{
	bound->until = g_get_monotonic_time() + milliseconds * G_TIME_SPAN_MILLISECOND;
}

void keyring_bound_begin(struct keyring_bound *bound, const struct store_wait *wait)
{
	read_bounds();
	*bound = (struct keyring_bound){ .wait = wait };
	set(bound, step_ms);
}

void keyring_bound_renew(struct keyring_bound *bound)
{
	set(bound, step_ms);
}

void keyring_bound_for_prompt(struct keyring_bound *bound)
{
	bound->prompted = true;
	set(bound, prompt_ms);
}

int keyring_bound_left_ms(const struct keyring_bound *bound)
{
	gint64 left = bound->until - g_get_monotonic_time();

	return left > 0 ? (int)(left / G_TIME_SPAN_MILLISECOND) + 1 : 0;
}

GCancellable *keyring_bound_cancel(const struct keyring_bound *bound)
{
	return store_wait_cancel(bound->wait);
}

void keyring_bound_progress(const struct keyring_bound *bound)
{
	if (bound->wait && bound->wait->progress)
		bound->wait->progress(bound->wait->data);
}

void keyring_bound_kept(const struct keyring_bound *bound, const char *words)
{
	GPtrArray *kept = bound->wait ? bound->wait->kept : NULL;

	if (kept && !g_ptr_array_find_with_equal_func(kept, words, g_str_equal, NULL))
		g_ptr_array_add(kept, g_strdup(words));
}

bool keyring_bound_holds(const struct keyring_bound *bound, GError **error)
{
	if (g_cancellable_is_cancelled(keyring_bound_cancel(bound)))
		return devid_error_set(error, DEVID_STORE_TIMEOUT, NULL, NULL,
				       "keyring: the client no longer waits");
	if (keyring_bound_left_ms(bound) == 0)
		return devid_error_set(error, DEVID_STORE_TIMEOUT, NULL, NULL,
				       bound->prompted ? "keyring: nobody answered its question"
						       : "keyring: it did not answer in time");
	return true;
}
