/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running a profile: its checks side by side, each in a thread that may be left behind. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <devid/check.h>
#include <internal/test-hook.h>
#include "base/gio-ready.h"
#include "posture-run.h"
#include "posture-support.h"
#include "posture-table.h"

#define BOUND_SECONDS 3
/* Threads of checks in this process, those left behind with them. */
#define RUNNING_MAX 64

/* What the threads of one run share. The last one to let go of it frees it, be it a thread that
 * nobody waits for any more: nothing here is borrowed.
 */
struct run {
	gint holders;
	GMutex lock;
	GCond ended;
	GCancellable *cancel;
	char *root;
	struct devid_verdict *verdict; /* NULL: none; result, reason and message alone */
	guint count;
	guint pending;
	struct task {
		struct run *run;
		const struct posture_check *check;
		char *value;
		enum devid_answer answer; /* 0: not yet */
		char *message;
	} tasks[];
};

static gint running;

static void run_release(struct run *run)
{
	if (!g_atomic_int_dec_and_test(&run->holders))
		return;
	for (guint i = 0; i < run->count; i++) {
		g_free(run->tasks[i].value);
		g_free(run->tasks[i].message);
	}
	if (run->verdict)
		g_free(run->verdict->message);
	g_free(run->verdict);
	g_free(run->root);
	g_object_unref(run->cancel);
	g_cond_clear(&run->ended);
	g_mutex_clear(&run->lock);
	g_free(run);
}

static struct run *run_new(const struct profile *profile, const struct devid_verdict *verdict)
{
	guint count = profile->checks->len;
	struct run *run = g_malloc0(sizeof(*run) + count * sizeof(run->tasks[0]));

	run->holders = 1;
	run->root = g_strdup(test_hook_root());
	run->cancel = g_cancellable_new();
	g_mutex_init(&run->lock);
	g_cond_init(&run->ended);
	if (verdict) {
		run->verdict = g_new0(struct devid_verdict, 1);
		run->verdict->result = verdict->result;
		run->verdict->reason = verdict->reason;
		run->verdict->message = g_strdup(verdict->message);
	}
	run->count = count;
	for (guint i = 0; i < count; i++) {
		const struct profile_check *row =
			&g_array_index(profile->checks, struct profile_check, i);

		run->tasks[i].run = run;
		run->tasks[i].check = row->check;
		run->tasks[i].value = g_strdup(row->value);
	}
	return run;
}

static void *run_task(void *data)
{
	struct task *task = data;
	struct run *run = task->run;
	const struct posture_place place = { run->root, run->verdict, run->cancel };
	char *message = NULL;
	enum devid_answer answer = posture_check_run(task->check, task->value, &place, &message);

	g_mutex_lock(&run->lock);
	task->answer = answer;
	task->message = message;
	run->pending--;
	g_cond_signal(&run->ended);
	g_mutex_unlock(&run->lock);
	run_release(run);
	g_atomic_int_add(&running, -1);
	return NULL;
}

/* Under the lock. NULL, or why it was not started. */
static const char *start_task(struct task *task)
{
	GThread *thread = NULL;

	if (g_atomic_int_add(&running, 1) < RUNNING_MAX) {
		g_atomic_int_inc(&task->run->holders);
		task->run->pending++;
		thread = g_thread_try_new("posture", run_task, task, NULL);
		if (thread) {
			g_thread_unref(thread);
			return NULL;
		}
		task->run->pending--;
		g_atomic_int_add(&task->run->holders, -1);
		g_atomic_int_add(&running, -1);
		return "no thread could be started";
	}
	g_atomic_int_add(&running, -1);
	return "too many earlier checks have no answer yet";
}

/* Starts all and waits, at most until the bound. The threads get no signals: those are the
 * program's. */
static void run_all(struct run *run)
{
	gint64 deadline = g_get_monotonic_time() + BOUND_SECONDS * G_TIME_SPAN_SECOND;
	sigset_t all, before;

	gio_ready();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	g_mutex_lock(&run->lock);
	for (guint i = 0; i < run->count; i++) {
		const char *why = start_task(&run->tasks[i]);

		if (why) {
			run->tasks[i].answer = DEVID_ANSWER_UNKNOWN;
			run->tasks[i].message = g_strdup(why);
		}
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	while (run->pending > 0 && g_cond_wait_until(&run->ended, &run->lock, deadline))
		;
	g_mutex_unlock(&run->lock);
}

/* All must pass; what could not be told counts as the profile says. */
static enum devid_answer sum_up(const struct devid_posture *posture)
{
	for (size_t i = 0; i < posture->count; i++) {
		enum devid_answer answer = posture->checks[i].answer;

		if (answer == DEVID_ANSWER_UNKNOWN)
			answer = posture->if_unknown;
		if (answer != DEVID_ANSWER_PASS)
			return DEVID_ANSWER_FAIL;
	}
	return posture->count > 0 ? DEVID_ANSWER_PASS : DEVID_ANSWER_FAIL;
}

struct devid_posture *posture_run(const struct profile *profile,
				  const struct devid_verdict *verdict)
{
	struct devid_posture *posture = g_new0(struct devid_posture, 1);
	struct run *run = run_new(profile, verdict);

	posture->profile = g_strdup(profile->name);
	posture->if_unknown = profile->if_unknown;
	posture->count = run->count;
	posture->checks = g_new0(struct devid_posture_check, run->count);
	run_all(run);
	g_mutex_lock(&run->lock);
	for (guint i = 0; i < run->count; i++) {
		const struct task *task = &run->tasks[i];
		struct devid_posture_check *check = &posture->checks[i];
		g_autofree char *late = g_strdup_printf("no answer within %d s", BOUND_SECONDS);
		const char *message = task->answer ? task->message : late;

		check->name = task->check->kind.name;
		check->value = g_strdup(task->value);
		check->answer = task->answer ? task->answer : DEVID_ANSWER_UNKNOWN;
		check->message = devid_text_escape(message, strlen(message));
	}
	g_mutex_unlock(&run->lock);
	g_cancellable_cancel(run->cancel);
	run_release(run);
	posture->answer = sum_up(posture);
	return posture;
}

void devid_posture_free(struct devid_posture *posture)
{
	if (!posture)
		return;
	for (size_t i = 0; i < posture->count; i++) {
		g_free((char *)posture->checks[i].value);
		g_free(posture->checks[i].message);
	}
	g_free(posture->checks);
	g_free((char *)posture->profile);
	g_free(posture);
}
