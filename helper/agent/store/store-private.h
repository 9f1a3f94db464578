/* The rows of the table of stores. */
#ifndef AGENT_STORE_PRIVATE_H
#define AGENT_STORE_PRIVATE_H

#endif
