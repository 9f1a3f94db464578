/* What the writers of identities share beside identity.h. */
#ifndef AGENT_IDENTITY_CHANGE_H
#define AGENT_IDENTITY_CHANGE_H

#include "store/store.h"

/* Shows the label beside the half, where its store can do that without asking anybody. */
void identity_relabel(enum half half, const char *store_name, const guint8 spki_hash[32],
		      const char *label, const struct store_wait *wait);

#endif
