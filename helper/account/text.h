/* Text that may come from anybody, made safe to print. */
#ifndef ACCOUNT_TEXT_H
#define ACCOUNT_TEXT_H

#include <glib.h>

/* Appends `text`: control, bidirectional and invisible characters and bytes that are no UTF-8 as
 * \xHH; each byte of `escape` gets a backslash before it.
 */
void text_append_escaped(GString *out, const char *text, gsize length, const char *escape);

#endif
