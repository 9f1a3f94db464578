/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding out whether this machine stands in one of the account's offices (devid/office.h): the
 * criteria of all offices, side by side, within one bound.
 */
#include <internal/test-hook.h>
#include "base/gio-ready.h"
#include "office-gateway.h"
#include "office.h"

#define BOUND	     (3 * G_USEC_PER_SEC)
#define SIDE_BY_SIDE 16

/* What is asked by packets; the gateway is looked at before. */
static const struct criterion {
	void (*ask)(const struct office *office, GCancellable *cancellable,
		    struct office_finding *finding);
	gsize wanted; /* the member of struct office that is not NULL where it is */
} criteria[] = {
	{ office_ask_name, G_STRUCT_OFFSET(struct office, dns_name) },
	{ office_ask_probe, G_STRUCT_OFFSET(struct office, probe) },
};

/* One office as far as it is known. `open`: criteria that are yet to answer. */
struct place {
	const struct office *office;
	struct office_finding worst; /* the first that did not pass, a FAIL before an UNKNOWN */
	char *how;		     /* what passed */
	guint open;
};

struct search {
	GMutex lock; /* of the places and `open` */
	GCond changed;
	GCancellable *cancellable;
	struct place *places;
	gsize count;
	guint open; /* questions that are yet to be answered */
};

struct question {
	struct place *place;
	const struct criterion *criterion;
};

/* Takes the finding over. */
static void place_take(struct place *place, struct office_finding *finding)
{
	if (finding->answer == DEVID_ANSWER_PASS) {
		char *how = place->how ? g_strconcat(place->how, ", ", finding->words, NULL)
				       : g_strdup(finding->words);

		g_free(place->how);
		place->how = how;
		g_free(finding->words);
	} else if (!place->worst.words || (finding->answer == DEVID_ANSWER_FAIL &&
					   place->worst.answer == DEVID_ANSWER_UNKNOWN)) {
		g_free(place->worst.words);
		place->worst = *finding;
	} else {
		g_free(finding->words);
	}
}

static bool place_is_office(const struct place *place)
{
	return place->how && !place->worst.words && place->open == 0;
}

static const struct place *find_office(const struct search *search)
{
	for (gsize i = 0; i < search->count; i++)
		if (place_is_office(&search->places[i]))
			return &search->places[i];
	return NULL;
}

static void answer_question(void *data, void *shared)
{
	struct question *question = data;
	struct search *search = shared;
	struct office_finding finding = { 0 };

	if (g_cancellable_is_cancelled(search->cancellable))
		office_found(&finding, DEVID_ANSWER_UNKNOWN, "there was no time to ask");
	else
		question->criterion->ask(question->place->office, search->cancellable, &finding);
	g_mutex_lock(&search->lock);
	place_take(question->place, &finding);
	question->place->open--;
	search->open--;
	g_cond_signal(&search->changed);
	g_mutex_unlock(&search->lock);
	g_free(question);
}

static bool is_wanted(const struct criterion *criterion, const struct office *office)
{
	return G_STRUCT_MEMBER(const void *, office, criterion->wanted) != NULL;
}

/* The first look, which sends nothing. */
static void place_look(struct place *place, enum devid_office_how how)
{
	struct office_finding finding = { 0 };

	if (place->office->gateway) {
		office_look_gateway(place->office, test_hook_root(), &finding);
		place_take(place, &finding);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(criteria); i++)
		place->open += is_wanted(&criteria[i], place->office);
	if (place->open > 0 && how == DEVID_OFFICE_LOOK) {
		office_found(&finding, DEVID_ANSWER_UNKNOWN,
			     "it is told by more than the gateway, and nothing is asked over the "
			     "network here");
		place_take(place, &finding);
	}
}

/* All must hold: what the first look ruled out is not asked about. */
static void put_questions(struct search *search, GThreadPool *pool)
{
	g_mutex_lock(&search->lock);
	for (gsize i = 0; i < search->count; i++) {
		struct place *place = &search->places[i];

		for (gsize j = 0; j < G_N_ELEMENTS(criteria) && !place->worst.words; j++) {
			struct question *question;

			if (!is_wanted(&criteria[j], place->office))
				continue;
			question = g_new(struct question, 1);
			*question = (struct question){ place, &criteria[j] };
			search->open++;
			g_thread_pool_push(pool, question, NULL);
		}
	}
	g_mutex_unlock(&search->lock);
}

static void ask(struct search *search)
{
	gint64 until = g_get_monotonic_time() + BOUND;
	GThreadPool *pool;

	gio_ready();
	pool = g_thread_pool_new(answer_question, search, SIDE_BY_SIDE, false, NULL);
	put_questions(search, pool);
	g_mutex_lock(&search->lock);
	while (search->open > 0 && !find_office(search) &&
	       g_cond_wait_until(&search->changed, &search->lock, until))
		;
	g_mutex_unlock(&search->lock);
	/* Whoever still asks ends at once and says that it can't be told. */
	g_cancellable_cancel(search->cancellable);
	g_thread_pool_free(pool, false, true);
}

static struct devid_office_report *report_new(const struct search *search)
{
	struct devid_office_report *report = g_new0(struct devid_office_report, 1);
	const struct place *found = find_office(search);
	GString *message = g_string_new(NULL);

	report->origin = DEVID_ORIGIN_REMOTE;
	if (search->count == 0)
		g_string_append(message, "the account has no office");
	for (gsize i = 0; i < search->count && !found; i++) {
		const struct place *place = &search->places[i];

		if (place->worst.answer != DEVID_ANSWER_FAIL)
			report->origin = DEVID_ORIGIN_UNKNOWN;
		g_string_append_printf(message, "%s%s: %s", message->len ? "; " : "",
				       place->office->name, place->worst.words);
	}
	if (found) {
		report->origin = DEVID_ORIGIN_OFFICE;
		report->office = g_strdup(found->office->name);
		g_string_append_printf(message, "%s: %s", found->office->name, found->how);
	}
	report->message = g_string_free(message, false);
	return report;
}

struct devid_office_report *office_find(const GPtrArray *offices, enum devid_office_how how)
{
	struct search search = { .count = offices ? offices->len : 0 };
	struct devid_office_report *report;

	g_mutex_init(&search.lock);
	g_cond_init(&search.changed);
	search.cancellable = g_cancellable_new();
	search.places = g_new0(struct place, search.count);
	for (gsize i = 0; i < search.count; i++) {
		search.places[i].office = g_ptr_array_index(offices, i);
		place_look(&search.places[i], how);
	}
	if (how == DEVID_OFFICE_PROBE && !find_office(&search))
		ask(&search);
	report = report_new(&search);
	for (gsize i = 0; i < search.count; i++) {
		g_free(search.places[i].worst.words);
		g_free(search.places[i].how);
	}
	g_free(search.places);
	g_object_unref(search.cancellable);
	g_cond_clear(&search.changed);
	g_mutex_clear(&search.lock);
	return report;
}

void devid_office_free(struct devid_office_report *report)
{
	if (!report)
		return;
	g_free((char *)report->office);
	g_free(report->message);
	g_free(report);
}
