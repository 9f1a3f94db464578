/* A key in the memory of the agent, by which libcrypto signs. */
#ifndef AGENT_KEY_SOFTWARE_H
#define AGENT_KEY_SOFTWARE_H

#include "key.h"

extern const struct key_driver key_software;

#endif
