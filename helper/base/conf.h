/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration files in the form of GLib's key files ("[Section]", "[Section name]", "Key=Value"),
 * read line by line so that each complaint has its line. Strict on purpose: what is not understood,
 * or is there twice, is never passed over.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* What a field holds that is set to a key's value and no more. */
enum conf_type {
	CONF_LINE,   /* char *, see conf_set_line() */
	CONF_LIST,   /* char **, conf_set_list() */
	CONF_YES,    /* bool: yes, no */
	CONF_NUMBER, /* size_t, of `least` to `most` */
	CONF_CHOICE, /* int or enum, of `choices` */
};

/* `set` answers NULL, or what is wrong as the end of "KEY …" (freed by the reader). `set_as` stands
 * in its place where one function serves many keys and has to know which it is. Without either it
 * is a field.
 */
struct conf_key {
	const char *name;
	char *(*set)(void *target, const char *value);
	char *(*set_as)(void *target, const char *key, const char *value);
	enum conf_type type;
	gsize offset; /* in the target */
	const struct conf_choice *choices;
	guint64 least, most;
};
#define CONF_FIELD(kind, target, field) .type = (kind), .offset = G_STRUCT_OFFSET(target, field)

/* A kind of section. `begin` answers what its keys are set on, or NULL and *why, and is given
 * `data` (NULL: what conf_read() was given); `end`, where there is one, is called after its last
 * key and answers NULL or what is wrong with the whole.
 */
struct conf_section {
	const char *word; /* "Account" */
	bool named;	  /* "[Rule NAME]"; each name once a file */
	const struct conf_key *keys;
	gsize count;
	void *(*begin)(void *data, const char *name, unsigned line, char **why);
	char *(*end)(void *target);
	void *data;
};

/* Reads a whole file. `sections` are ended by a row without a word; `data` goes to
 * `begin`. NULL, or
 * "LINE: what is wrong" (free it). The first fault ends it.
 */
char *conf_read(const char *text, gsize length, const struct conf_section *sections, void *data);

/* What setters share. Each answers NULL or the words for what is wrong. */
struct conf_choice {
	const char *word;
	int value;
};
char *conf_set_choice(const struct conf_choice *choices, const char *value, int *target);
/* A text that is shown in one line: at most 255 bytes, nothing that steers a terminal. */
char *conf_set_line(const char *value, char **target);
/* Values between commas or semicolons, trimmed; what is between may hold blanks. At least one. */
char *conf_set_list(const char *value, char ***target);
/* What is between any of these characters, trimmed, without what is empty; NULL-ended. */
char **conf_split(const char *value, const char *separators);
/* Words between blanks, commas or semicolons. */
char **conf_split_words(const char *value);
