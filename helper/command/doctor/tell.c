/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an examination, in its own process, tells whoever collects. */
#include <stdarg.h>
#include <json-glib/json-glib.h>
#include "base/text.h"
#include "doctor.h"
#include "tell.h"

void doctor_send(struct doctor *doctor, JsonObject *object)
{
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
	g_autofree char *text = NULL;

	json_node_take_object(node, object);
	text = json_to_string(node, FALSE);
	fprintf(doctor->out, "%s\n", text);
	fflush(doctor->out);
}

void doctor_tell(struct doctor *doctor, enum outcome outcome, const char *hint, const char *format,
		 ...)
{
	JsonObject *object = json_object_new();
	g_autofree char *text = NULL, *safe = NULL, *safe_hint = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	safe = text_printable(text);
	json_object_set_int_member(object, "outcome", outcome);
	json_object_set_string_member(object, "text", safe);
	if (hint) {
		safe_hint = text_printable(hint);
		json_object_set_string_member(object, "hint", safe_hint);
	}
	doctor_send(doctor, object);
	doctor->told = true;
}

void doctor_doing(struct doctor *doctor, const char *what)
{
	JsonObject *object = json_object_new();
	g_autofree char *safe = text_printable(what);

	json_object_set_string_member(object, "doing", safe);
	doctor_send(doctor, object);
}

bool doctor_told(const struct doctor *doctor)
{
	return doctor->told;
}

void doctor_note(struct doctor *doctor, const char *name, const char *value)
{
	JsonObject *object = json_object_new();

	json_object_set_string_member(object, "note", name);
	json_object_set_string_member(object, "value", value);
	doctor_send(doctor, object);
	g_hash_table_replace(doctor->notes, g_strdup(name), g_strdup(value));
}

const char *doctor_noted(const struct doctor *doctor, const char *name)
{
	return g_hash_table_lookup(doctor->notes, name);
}
