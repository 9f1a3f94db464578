/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A .module file: see module-file.h. */
#include <string.h>

#include "base/text.h"
#include "module-file.h"

void module_file_clear(struct module_file *file)
{
	g_clear_pointer(&file->module, g_free);
}

static bool read_line(struct module_file *file, char *line)
{
	char *colon = strchr(line, ':'), *value;

	if (*line == '\0' || *line == '#')
		return true;
	if (!colon || colon == line)
		return false;
	*colon = '\0';
	value = g_strstrip(colon + 1);
	g_strchomp(line);
	if (strcmp(line, "module") == 0) {
		g_free(file->module);
		file->module = g_strdup(value);
	} else if (strcmp(line, "critical") == 0) {
		file->critical = strcmp(value, "yes") == 0;
	}
	return true;
}

void module_file_read(GBytes *bytes, struct module_file *file)
{
	g_autofree char *text = text_from_bytes(bytes);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (guint i = 0; lines[i] && file->bad_line == 0; i++)
		if (!read_line(file, g_strstrip(lines[i])))
			file->bad_line = i + 1;
}
