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
	struct {
		pid_t pid;
		guint64 start_time;
		guint8 spki_hash[WIRE_SPKI_HASH];
		bool former; /* one that goes on with a key that was replaced is told of it again */
	} name;
	GBytes *use;

	memset(&name, 0, sizeof(name)); /* what lies between the members, too */
	name.pid = peer->pid;
	name.start_time = peer->start_time;
	memcpy(name.spki_hash, subject->spki_hash, sizeof(name.spki_hash));
	name.former = subject->until != 0;
	use = g_bytes_new(&name, sizeof(name));
	if (g_hash_table_contains(uses, use)) {
		g_bytes_unref(use);
		return false;
	}
	if (g_hash_table_size(uses) >= USES_MAX)
		g_hash_table_remove_all(uses);
	g_hash_table_add(uses, use);
	return true;
}
