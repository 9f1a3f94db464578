/* The line of an event as text, before a JSON parser sees it. */
#ifndef ACCOUNT_EVENT_LINE_H
#define ACCOUNT_EVENT_LINE_H

#include <stdbool.h>
#include <glib.h>

/* Whether a line can be an event: one object that holds nothing but strings and numbers. A parser that
 * calls itself for each bracket never sees a line that is made of them.
 */
bool event_line_is_flat(const char *line, gsize length);

#endif
