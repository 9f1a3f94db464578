/* The files of an import: what is in them, and which identity is meant. */
#ifndef COMMAND_IMPORT_FILE_H
#define COMMAND_IMPORT_FILE_H

#include "import.h"

/* Reads the file (and the key's), picks the identity. */
gboolean import_read(struct import *import, GError **error);

#endif
