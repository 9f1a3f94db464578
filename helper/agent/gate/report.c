/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events and notifications, told by threads of their own: a signature waits for no log and no bus.
 *
 * Uses are queued and written in order. Refusals are written at once, by the thread that refuses:
 * they are what an administrator looks for, and no one is served faster by their coming later. Of
 * either, what one user brings about beyond some a minute is counted (tally.h) and written when the
 * minute is over, or when the agent ends.
 */
#include <string.h>
#include "account/event/notify.h"
#include "agent/identity/subject.h"
#include "base/error.h"
#include "peer.h"
#include "report.h"
#include "tally.h"

/* A full queue makes the next use wait for the log instead of growing. */
#define QUEUE_MAX 1024

struct report {
	enum scope scope;
	GMutex lock;
	GCond changed;
	GThread *writer;
	GQueue uses; /* struct use */
	struct tally *tally;
	bool writing, ending;
	gint notifying;
};

/* What an event needs, kept until it is written. */
struct use {
	struct subject *subject;
	char *program;
	char *user_name;
	struct devid_event event; /* its strings belong to this */
	char *reason, *failure, *issuer, *rule;
};

static void use_free(void *data)
{
	struct use *use = data;

	if (use->subject)
		subject_unref(use->subject);
	g_free(use->program);
	g_free(use->user_name);
	g_free(use->reason);
	g_free(use->failure);
	g_free(use->issuer);
	g_free(use->rule);
	g_free(use);
}

static char *name_or_number(const struct peer *peer)
{
	char *name = peer_user_name(peer);

	return name ? name : g_strdup_printf("%lu", (unsigned long)peer->uid);
}

static struct use *use_new(const struct report_use *told)
{
	struct use *use = g_new0(struct use, 1);
	struct devid_event *event = &use->event;

	event->type = DEVID_EVENT_DEVICE_CERTIFICATE;
	event->sub_type = "Key Use";
	event->validated = -1;
	if (told->verdict)
		devid_event_from_verdict(event, told->verdict);
	event->action = told->action;
	/* Somebody should know of it before its end, though nothing is wrong. */
	if (told->subject && told->subject->until && strcmp(told->action, "Allowed") == 0 &&
	    (!event->reason || strcmp(event->reason, "ok") == 0))
		event->reason = "former-key";
	if (told->problem) {
		event->reason = devid_error_reason(told->problem);
		event->failure_reason = told->problem->message;
	}
	use->subject = told->subject ? subject_ref(told->subject) : NULL;
	use->program = g_strdup(told->peer->program);
	use->user_name = name_or_number(told->peer);
	event->reason = use->reason = g_strdup(event->reason);
	event->failure_reason = use->failure = g_strdup(event->failure_reason);
	event->issuer_key_id = use->issuer = g_strdup(event->issuer_key_id);
	event->rule_name = use->rule = g_strdup(told->rule);
	event->token = told->token;
	event->program = use->program;
	event->user_name = use->user_name;
	if (use->subject)
		event->label = use->subject->label;
	if (use->subject && use->subject->chain_count > 0)
		event->certificate = use->subject->chain[0];
	return use;
}

static void use_write(struct report *report, struct use *use)
{
	/* A log that can't be written is told by the library, once. */
	(void)devid_event_write(report->scope == SCOPE_SYSTEM, &use->event);
	use_free(use);
}

/* With the lock held. */
static struct use *counted_use(struct report *report)
{
	gint64 now = report->ending ? G_MAXINT64 : g_get_monotonic_time();
	g_autofree struct tally_item *counted = tally_take(report->tally, now);
	struct use *use;

	if (!counted)
		return NULL;
	use = counted->item;
	if (counted->others) {
		g_free(use->program);
		use->event.program = use->program = g_strdup(TALLY_OTHERS);
	}
	use->event.first = counted->first;
	use->event.last = counted->last;
	use->event.count = counted->count;
	return use;
}

static void wait_for_uses(struct report *report)
{
	gint64 due = tally_due(report->tally);

	if (due == G_MAXINT64)
		g_cond_wait(&report->changed, &report->lock);
	else
		(void)g_cond_wait_until(&report->changed, &report->lock, due);
}

static void *write_uses(void *data)
{
	struct report *report = data;
	struct use *use;

	g_mutex_lock(&report->lock);
	for (;;) {
		use = g_queue_pop_head(&report->uses);
		if (!use)
			use = counted_use(report);
		if (!use && report->ending)
			break;
		if (!use) {
			wait_for_uses(report);
			continue;
		}
		g_cond_broadcast(&report->changed);
		g_mutex_unlock(&report->lock);
		use_write(report, use);
		g_mutex_lock(&report->lock);
	}
	g_mutex_unlock(&report->lock);
	return NULL;
}

/* With the lock held. */
static void wake_writer(struct report *report)
{
	if (!report->writer)
		report->writer = g_thread_new("events", write_uses, report);
	g_cond_broadcast(&report->changed);
}

static void use_queue(struct report *report, struct use *use)
{
	g_mutex_lock(&report->lock);
	wake_writer(report);
	while (report->uses.length >= QUEUE_MAX)
		g_cond_wait(&report->changed, &report->lock);
	g_queue_push_tail(&report->uses, use);
	g_cond_broadcast(&report->changed);
	g_mutex_unlock(&report->lock);
}

static char *outcome_of(const struct devid_event *event)
{
	return g_strdup_printf("%s\n%s\n%s\n%s", event->action, event->reason ? event->reason : "",
			       event->label ? event->label : "",
			       event->rule_name ? event->rule_name : "");
}

/* false: the user has had its share of this minute; it was counted. */
static bool is_single(struct report *report, struct use *use)
{
	g_autofree char *outcome = outcome_of(&use->event);
	const struct tally_kind kind = { use->user_name, use->program, outcome };
	bool single;

	g_mutex_lock(&report->lock);
	single = tally_add(report->tally, &kind, use, g_get_monotonic_time());
	if (!single)
		wake_writer(report);
	g_mutex_unlock(&report->lock);
	return single;
}

void report_use(struct report *report, const struct report_use *told)
{
	struct use *use;

	if (!report)
		return;
	use = use_new(told);
	if (!is_single(report, use))
		return;
	if (strcmp(told->action, "Allowed") == 0 || told->token)
		use_queue(report, use);
	else
		use_write(report, use);
}

void report_write(struct report *report, const struct report_write *told)
{
	gnutls_datum_t der = { (void *)told->certificate, (unsigned)told->certificate_length };
	gnutls_x509_crt_t certificate = NULL;
	g_autofree char *user_name = name_or_number(told->peer);
	struct devid_event event = { .type = DEVID_EVENT_DEVICE_CERTIFICATE,
				     .sub_type = told->sub_type,
				     .action = told->problem ? "Failed" : "Succeeded",
				     .label = told->label,
				     .program = told->peer->program,
				     .user_name = user_name,
				     .reason = told->reason ? told->reason : "ok",
				     .validated = -1 };

	if (!report)
		return;
	if (told->problem) {
		event.reason = devid_error_reason(told->problem);
		event.failure_reason = told->problem->message;
	}
	if (told->certificate && gnutls_x509_crt_init(&certificate) == 0 &&
	    gnutls_x509_crt_import(certificate, &der, GNUTLS_X509_FMT_DER) == 0)
		event.certificate = certificate;
	(void)devid_event_write(report->scope == SCOPE_SYSTEM, &event);
	if (certificate)
		gnutls_x509_crt_deinit(certificate);
}

struct notification {
	struct report *report;
	char *summary, *body;
};

static void *show_notification(void *data)
{
	struct notification *notification = data;
	struct notice notice = { notification->summary, notification->body, NOTIFY_CRITICAL };

	(void)notify_show(&notice);
	g_atomic_int_set(&notification->report->notifying, 0);
	g_free(notification->summary);
	g_free(notification->body);
	g_free(notification);
	return NULL;
}

/* Without waiting, one at a time: a bus that doesn't answer holds up one notification, not a thread
 * each. Takes the body.
 */
static void notify(struct report *report, const char *summary, char *body)
{
	struct notification *notification;

	if (!g_atomic_int_compare_and_exchange(&report->notifying, 0, 1)) {
		g_free(body);
		return;
	}
	notification = g_new0(struct notification, 1);
	notification->report = report;
	notification->summary = g_strdup(summary);
	notification->body = body;
	g_thread_unref(g_thread_new("notify", show_notification, notification));
}

void report_refusal(struct report *report, const struct peer *peer, const struct subject *subject,
		    const GError *problem)
{
	const char *summary = notify_summary(devid_error_result(problem));
	g_autofree char *text = NULL, *program = NULL;

	if (!report || report->scope == SCOPE_SYSTEM || !summary)
		return;
	text = notify_text(subject->label, problem);
	program = devid_text_escape(peer->program, strlen(peer->program));
	notify(report, summary, g_strdup_printf("%s\nasked for by %s", text, program));
}

struct report *report_new(enum scope scope)
{
	struct report *report = g_new0(struct report, 1);

	report->scope = scope;
	g_mutex_init(&report->lock);
	g_cond_init(&report->changed);
	g_queue_init(&report->uses);
	report->tally = tally_new(use_free);
	return report;
}

void report_flush(struct report *report)
{
	g_mutex_lock(&report->lock);
	report->ending = true;
	g_cond_broadcast(&report->changed);
	g_mutex_unlock(&report->lock);
	if (report->writer)
		g_thread_join(report->writer);
	report->writer = NULL;
	report->ending = false;
}

void report_free(struct report *report)
{
	if (!report)
		return;
	report_flush(report);
	tally_free(report->tally);
	/* A notification that is still on its way keeps what it needs. */
	if (g_atomic_int_get(&report->notifying))
		return;
	g_cond_clear(&report->changed);
	g_mutex_clear(&report->lock);
	g_free(report);
}
