/* Files that hold nothing secret, read whole. */
#ifndef COMMAND_INPUT_H
#define COMMAND_INPUT_H

#include "command.h"

/* "-" is standard input. At most `most` bytes; a FIFO that is silent for 10 s is an error. */
GBytes *input_read(const char *name, gsize most, GError **error);
/* The first occurrence, or NULL; how often it occurs. */
const char *input_find(GBytes *bytes, const char *text);
gsize input_count(GBytes *bytes, const char *text);

#endif
