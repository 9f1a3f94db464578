/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration files: see conf.h. */
#include <string.h>
#include <devid/check.h>
#include "conf.h"

#define LINE_MAX_BYTES 255

struct reader {
	const struct conf_section *sections;
	void *data;
	const struct conf_section *section; /* the one that is being read; NULL: before the first */
	void *target;
	bool *seen;	    /* by key of the section */
	GHashTable *opened; /* "Word name" -> keys seen in it */
	unsigned begun;	    /* the section's line */
	unsigned fault;	    /* the line of what is wrong */
};

char *conf_set_choice(const struct conf_choice *choices, const char *value, int *target)
{
	g_autoptr(GString) words = g_string_new(NULL);

	for (; choices->word; choices++) {
		if (strcmp(choices->word, value) == 0) {
			*target = choices->value;
			return NULL;
		}
		g_string_append_printf(words, "%s%s", words->len ? ", " : "", choices->word);
	}
	return g_strdup_printf("is none of: %s", words->str);
}

static char *set_number(const char *value, guint64 least, guint64 most, size_t *target)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(value, 10, least, most, &number, NULL))
		return g_strdup_printf("is no number from %" G_GUINT64_FORMAT
				       " to %" G_GUINT64_FORMAT,
				       least, most);
	*target = number;
	return NULL;
}

char *conf_set_line(const char *value, char **target)
{
	g_autofree char *escaped = devid_text_escape(value, strlen(value));

	if (strlen(value) > LINE_MAX_BYTES)
		return g_strdup_printf("is longer than %d bytes", LINE_MAX_BYTES);
	if (strcmp(escaped, value) != 0)
		return g_strdup("holds a control or bidirectional character");
	*target = g_strdup(value);
	return NULL;
}

char **conf_split(const char *value, const char *separators)
{
	g_auto(GStrv) pieces = g_strsplit_set(value, separators, -1);
	GPtrArray *words = g_ptr_array_new();

	for (gsize i = 0; pieces[i]; i++)
		if (*g_strstrip(pieces[i]))
			g_ptr_array_add(words, g_strdup(pieces[i]));
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_free(words, false);
}

char *conf_set_list(const char *value, char ***target)
{
	g_auto(GStrv) list = conf_split(value, ",;");

	if (!*list)
		return g_strdup("names nothing");
	g_strfreev(*target);
	*target = g_steal_pointer(&list);
	return NULL;
}

char **conf_split_words(const char *value)
{
	return conf_split(value, " \t,;");
}

static const struct conf_choice yes_or_no[] = { { "yes", true }, { "no", false }, { NULL, 0 } };

static char *set_field(void *field, const struct conf_key *key, const char *value)
{
	switch (key->type) {
	case CONF_LINE:
		return conf_set_line(value, field);
	case CONF_LIST:
		return conf_set_list(value, field);
	case CONF_YES:
		return conf_set_choice(yes_or_no, value, field);
	case CONF_NUMBER:
		return set_number(value, key->least, key->most, field);
	case CONF_CHOICE:
		return conf_set_choice(key->choices, value, field);
	}
	g_return_val_if_reached(NULL);
}

static const struct conf_section *find_section(const struct reader *reader, const char *word,
					       gsize length, bool named)
{
	const struct conf_section *section;

	for (section = reader->sections; section->word; section++)
		if (strlen(section->word) == length && section->named == named &&
		    strncmp(section->word, word, length) == 0)
			return section;
	return NULL;
}

static char *end_section(struct reader *reader)
{
	const struct conf_section *section = reader->section;
	char *why = NULL;

	if (section && section->end && reader->target)
		why = section->end(reader->target);
	if (why)
		reader->fault = reader->begun;
	reader->section = NULL;
	reader->target = NULL;
	return why;
}

/* A section without a name may come again; a named one would be two things of one name. */
static char *open_section(struct reader *reader, const char *name, unsigned line)
{
	g_autofree char *title = g_strjoin(" ", reader->section->word, name, NULL);
	char *why = NULL;

	reader->seen = g_hash_table_lookup(reader->opened, title);
	if (reader->seen && reader->section->named)
		return g_strdup_printf("[%s] is there twice", title);
	if (!reader->seen) {
		reader->seen = g_new0(bool, reader->section->count + 1);
		g_hash_table_insert(reader->opened, g_steal_pointer(&title), reader->seen);
	}
	reader->begun = line;
	reader->target = reader->section->begin(
		reader->section->data ? reader->section->data : reader->data, name, line, &why);
	return why;
}

/* What is wrong with "[Section]" or "[Section name]", or NULL. */
static char *read_section(struct reader *reader, const char *line, unsigned number)
{
	gsize length = strlen(line);
	g_autofree char *title = NULL;
	g_autofree char *name = NULL;
	char *why = end_section(reader);
	gsize word;

	if (why)
		return why;
	if (length < 3 || line[length - 1] != ']')
		return g_strdup_printf("unknown section %s", line);
	title = g_strndup(line + 1, length - 2);
	word = strcspn(title, " ");
	if (title[word]) {
		g_autofree char *escaped = devid_text_escape(title + word, strlen(title + word));

		if (strcmp(escaped, title + word) != 0)
			return g_strdup("the section's name holds a character that can't be shown");
		name = g_strstrip(g_strdup(title + word));
		if (strlen(name) > LINE_MAX_BYTES)
			return g_strdup_printf("the section's name is longer than %d bytes",
					       LINE_MAX_BYTES);
	}
	reader->section = find_section(reader, title, word, name && *name);
	if (!reader->section && find_section(reader, title, word, !(name && *name)))
		return g_strdup_printf(name && *name ? "[%.*s] takes no name"
						     : "[%.*s NAME] needs a name",
				       (int)word, title);
	if (!reader->section)
		return g_strdup_printf("unknown section %s", line);
	return open_section(reader, reader->section->named ? name : NULL, number);
}

/* What is wrong with "Key=Value", or NULL. Splits `line` in place. */
static char *read_key(struct reader *reader, char *line)
{
	const struct conf_section *section = reader->section;
	char *value = strchr(line, '=');
	g_autofree char *why = NULL;

	if (!value)
		return g_strdup("neither a [Section] nor Key=Value");
	*value++ = '\0';
	g_strchomp(line);
	g_strchug(value);
	if (!section)
		return g_strdup_printf("%s stands before the first [Section]", line);
	for (gsize i = 0; i < section->count; i++) {
		const struct conf_key *key = &section->keys[i];

		if (strcmp(key->name, line) != 0)
			continue;
		if (reader->seen[i])
			return g_strdup_printf("%s is given twice", line);
		reader->seen[i] = true;
		if (!*value)
			return g_strdup_printf("%s has no value", line);
		why = key->set	    ? key->set(reader->target, value)
		      : key->set_as ? key->set_as(reader->target, line, value)
				    : set_field((char *)reader->target + key->offset, key, value);
		return why ? g_strdup_printf("%s %s", line, why) : NULL;
	}
	return g_strdup_printf("unknown key %s in [%s]", line, section->word);
}

/* What is wrong with the bytes of a line before they are looked at as words, or NULL. */
static const char *line_fault(const char *line, gsize length)
{
	if (memchr(line, '\0', length))
		return "holds a NUL byte";
	if (memchr(line, '\r', length))
		return "ends with CR LF: save the file with UNIX line ends";
	if (!g_utf8_validate_len(line, length, NULL))
		return "is not in UTF-8";
	return NULL;
}

static char *read_line(struct reader *reader, const char *text, gsize width, unsigned number)
{
	const char *fault = line_fault(text, width);
	g_autofree char *line = NULL;

	if (fault)
		return g_strdup_printf("the line %s", fault);
	line = g_strstrip(g_strndup(text, width));
	if (*line == '[')
		return read_section(reader, line, number);
	if (*line && *line != '#')
		return read_key(reader, line);
	return NULL;
}

char *conf_read(const char *text, gsize length, const struct conf_section *sections, void *data)
{
	g_autoptr(GHashTable) opened =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	struct reader reader = { .sections = sections, .data = data, .opened = opened };
	const char *end = text + length;
	char *why = NULL;
	unsigned number = 0;

	while (!why && text < end) {
		const char *stop = memchr(text, '\n', end - text);

		reader.fault = ++number;
		why = read_line(&reader, text, (stop ? stop : end) - text, number);
		text = stop ? stop + 1 : end;
	}
	if (!why)
		why = end_section(&reader);
	if (why) {
		g_autofree char *words = why;

		return g_strdup_printf("%u: %s", reader.fault, words);
	}
	return NULL;
}
