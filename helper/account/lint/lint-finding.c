/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an administrator fell into, as the rows of lint.c tell it. */
#include "lint-finding.h"

void lint_finding_free(void *data)
{
	struct lint_finding *finding = data;

	g_free(finding->place);
	g_free(finding->message);
	g_free(finding);
}

void lint_add(struct lint *lint, char *place, const char *format, ...)
{
	struct lint_finding *finding = g_new0(struct lint_finding, 1);
	va_list arguments;

	va_start(arguments, format);
	finding->message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	finding->word = lint->row->word;
	finding->hint = lint->row->hint;
	finding->place = place;
	g_ptr_array_add(lint->findings, finding);
}

char *lint_rule_place(const struct policy_rule *rule)
{
	return g_strdup_printf("%s:%u", rule->path, rule->line);
}
