/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Members of a JSON object that is being built. */
#include "json-build.h"

JsonBuilder *json_begin(void)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_object(builder);
	return builder;
}

void json_text(JsonBuilder *builder, const char *name, const char *value)
{
	g_autofree char *valid = !value ? NULL : g_utf8_make_valid(value, -1);

	json_builder_set_member_name(builder, name);
	if (!valid)
		json_builder_add_null_value(builder);
	else
		json_builder_add_string_value(builder, valid);
}

void json_number(JsonBuilder *builder, const char *name, gint64 value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_int_value(builder, value);
}

void json_flag(JsonBuilder *builder, const char *name, bool value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_boolean_value(builder, value);
}

void json_begin_object(JsonBuilder *builder, const char *name)
{
	json_builder_set_member_name(builder, name);
	json_builder_begin_object(builder);
}

void json_begin_array(JsonBuilder *builder, const char *name)
{
	json_builder_set_member_name(builder, name);
	json_builder_begin_array(builder);
}

void json_texts(JsonBuilder *builder, const char *name, const GPtrArray *texts)
{
	json_begin_array(builder, name);
	for (guint i = 0; i < texts->len; i++) {
		g_autofree char *valid = g_utf8_make_valid(g_ptr_array_index(texts, i), -1);

		json_builder_add_string_value(builder, valid);
	}
	json_builder_end_array(builder);
}

char *json_line(JsonNode *root, gsize *length)
{
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) taken = root;
	g_autofree char *json = NULL;

	json_generator_set_root(generator, taken);
	json = json_generator_to_data(generator, length);
	++*length;
	return g_strconcat(json, "\n", NULL);
}
