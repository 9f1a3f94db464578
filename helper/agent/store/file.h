/* The store "file": a private half as `<spki>.key` in the data folder, readable by its owner
 * alone.
 */
#ifndef AGENT_STORE_FILE_H
#define AGENT_STORE_FILE_H

#include "store.h"

extern const struct store store_file;
#endif
