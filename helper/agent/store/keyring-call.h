/* A call to the Secret Service, within the bound of its request. */
#ifndef AGENT_STORE_KEYRING_CALL_H
#define AGENT_STORE_KEYRING_CALL_H

#include <gio/gio.h>
#include "keyring-bound.h"
#include "keyring-link.h"

GVariant *keyring_call(struct keyring_link *link, struct keyring_bound *bound, const char *path,
		       const char *interface, const char *method, GVariant *parameters,
		       const char *reply_type, GError **error);

#endif
