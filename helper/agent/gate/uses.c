/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which process has used which key: a use is told once. */
#include <string.h>
#include "uses.h"

#define USES_MAX 4096

GHashTable *uses_new(void)
{
	return g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
				     NULL);
}

bool uses_add(GHashTable *uses, const struct peer *peer, const struct subject *subject)
{
	guint8 name[sizeof(peer->pid) + sizeof(peer->start_time) + WIRE_SPKI_HASH];
	GBytes *use;

	memcpy(name, &peer->pid, sizeof(peer->pid));
	memcpy(name + sizeof(peer->pid), &peer->start_time, sizeof(peer->start_time));
	memcpy(name + sizeof(peer->pid) + sizeof(peer->start_time), subject->spki_hash,
	       WIRE_SPKI_HASH);
	use = g_bytes_new(name, sizeof(name));
	if (g_hash_table_contains(uses, use)) {
		g_bytes_unref(use);
		return false;
	}
	if (g_hash_table_size(uses) >= USES_MAX)
		g_hash_table_remove_all(uses);
	g_hash_table_add(uses, use);
	return true;
}
