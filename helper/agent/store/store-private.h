/* The rows of the table of stores. */
#ifndef AGENT_STORE_PRIVATE_H
#define AGENT_STORE_PRIVATE_H

#include "store.h"

extern const struct store store_keyring; /* keyring.c */
extern const struct store store_file;	 /* file.c */

#endif
