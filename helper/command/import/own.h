/* Our own tokens: one frame, one commit by the agent; then a signature by the way that clients
 * take.
 */
#ifndef COMMAND_IMPORT_OWN_H
#define COMMAND_IMPORT_OWN_H

#include "import.h"

/* Through the agent; one signature through our module, or everything out again. */
gboolean import_to_own(struct import *import, GError **error);

#endif
