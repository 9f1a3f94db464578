/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading logs: see event-read.h. Memory is a line a file, whatever the files' size. */
#include <devid/event.h>
#include "base/json-value.h"
#include "event-line.h"
#include "event-lines.h"
#include "event-log.h"
#include "event-read.h"

struct stream {
	struct event_lines
		*files[EVENT_GENERATIONS]; /* oldest first; NULL: there is none, or it was read */
	JsonParser *parser;
	struct event_seen head; /* line NULL: none any more */
	bool system;
};

struct event_reader {
	time_t since;
	GPtrArray *streams;   /* struct stream */
	struct stream *given; /* whose head was handed out last */
};

static void stream_free(void *data)
{
	struct stream *stream = data;

	for (gsize i = 0; i < EVENT_GENERATIONS; i++)
		event_lines_free(stream->files[i]);
	g_object_unref(stream->parser);
	g_free(stream);
}

struct event_reader *event_reader_new(time_t since)
{
	struct event_reader *reader = g_new0(struct event_reader, 1);

	reader->since = since;
	reader->streams = g_ptr_array_new_with_free_func(stream_free);
	return reader;
}

void event_reader_free(struct event_reader *reader)
{
	if (!reader)
		return;
	g_ptr_array_unref(reader->streams);
	g_free(reader);
}

/* Whether the line is an event of the time asked for: it is the head then. */
static bool take(struct stream *stream, time_t since, const char *line, gsize length)
{
	JsonObject *object = event_line_parse(stream->parser, line, length);
	const char *text = json_value_text(object, "time");
	g_autoptr(GDateTime) time = text ? g_date_time_new_from_iso8601(text, NULL) : NULL;

	if (!time || (since && g_date_time_to_unix(time) < since))
		return false;
	stream->head = (struct event_seen){ line, object,
					    g_date_time_to_unix(time) * G_USEC_PER_SEC +
						    g_date_time_get_microsecond(time),
					    stream->system };
	return true;
}

static void advance(struct stream *stream, time_t since)
{
	const char *line;
	gsize length;

	stream->head.line = NULL;
	for (gsize i = 0; i < EVENT_GENERATIONS; i++) {
		while (stream->files[i] && (line = event_lines_next(stream->files[i], &length)))
			if (take(stream, since, line, length))
				return;
		g_clear_pointer(&stream->files[i], event_lines_free);
	}
}

/* Of events of one moment what went well comes first and what was refused last: a check that passes
 * comes before what then fails, and the last event is the one that somebody looks for.
 */
static const enum event_file at_one_moment[EVENT_FILES] = { EVENT_USES, EVENT_CHANGES,
							    EVENT_REFUSALS };

enum devid_result event_reader_add(struct event_reader *reader, bool system)
{
	for (gsize file = 0; file < EVENT_FILES; file++) {
		int fds[EVENT_GENERATIONS];
		enum devid_result result = event_log_open(system, at_one_moment[file], fds);
		struct stream *stream;

		if (result != DEVID_OK)
			return result;
		stream = g_new0(struct stream, 1);
		stream->system = system;
		stream->parser = json_parser_new();
		for (gsize i = 0; i < EVENT_GENERATIONS; i++)
			if (fds[i] >= 0)
				stream->files[i] = event_lines_new(fds[i], 0);
		advance(stream, reader->since);
		g_ptr_array_add(reader->streams, stream);
	}
	return DEVID_OK;
}

bool event_reader_next(struct event_reader *reader, struct event_seen *seen)
{
	struct stream *oldest = NULL;

	if (reader->given)
		advance(reader->given, reader->since);
	for (guint i = 0; i < reader->streams->len; i++) {
		struct stream *stream = reader->streams->pdata[i];

		if (stream->head.line && (!oldest || stream->head.time < oldest->head.time))
			oldest = stream;
	}
	reader->given = oldest;
	if (!oldest)
		return false;
	*seen = oldest->head;
	return true;
}

enum devid_result devid_event_read(bool system, time_t since,
				   bool (*row)(const char *line, void *data), void *data)
{
	g_autoptr(event_reader) reader = event_reader_new(since);
	enum devid_result result = event_reader_add(reader, system);
	struct event_seen seen;

	while (event_reader_next(reader, &seen) && row(seen.line, data))
		;
	return result;
}
