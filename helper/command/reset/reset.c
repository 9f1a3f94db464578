/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a reset has found and done. */
#include <stdarg.h>
#include "base/error.h"
#include "command/cli/report.h"
#include "reset.h"

static void place_free(void *data)
{
	struct reset_place *place = data;

	g_free(place->name);
	g_free(place->state);
	g_ptr_array_unref(place->items);
	g_free(place);
}

void reset_begin(struct reset *reset)
{
	*reset = (struct reset){
		.status = EXIT_DONE,
		.places = g_ptr_array_new_with_free_func(place_free),
		.unreachable = g_ptr_array_new_with_free_func(g_free),
	};
}

void reset_end(struct reset *reset)
{
	g_ptr_array_unref(reset->places);
	g_ptr_array_unref(reset->unreachable);
	g_clear_error(&reset->first);
}

struct reset_place *reset_place_new(struct reset *reset, const char *name)
{
	struct reset_place *place = g_new0(struct reset_place, 1);

	place->name = g_strdup(name);
	place->items = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(reset->places, place);
	return place;
}

void reset_state(struct reset_place *place, const char *format, ...)
{
	va_list arguments;

	g_free(place->state);
	va_start(arguments, format);
	place->state = g_strdup_vprintf(format, arguments);
	va_end(arguments);
}

void reset_count(struct reset_place *place, const char *none)
{
	if (place->found == 0)
		reset_state(place, "%s", none);
	else
		reset_state(place, "%" G_GINT64_FORMAT " found, %" G_GINT64_FORMAT " removed",
			    place->found, place->removed);
}

void reset_place_failed(struct reset *reset, struct reset_place *place, GError *error)
{
	reset_state(place, "%s", error->message);
	reset_unreachable(reset, "%s: %s", place->name, error->message);
	reset_failed(reset, error);
}

void reset_item(struct reset_place *place, const char *item)
{
	g_ptr_array_add(place->items, g_strdup(item));
}

void reset_unreachable(struct reset *reset, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(reset->unreachable, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

void reset_failed(struct reset *reset, GError *error)
{
	if (!reset->first) {
		reset->status = report_exit_status(devid_error_result(error));
		reset->first = error;
	} else {
		g_error_free(error);
	}
}
