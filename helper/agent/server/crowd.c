/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose connection ends where there are too many: an idle one, and of him who has most. Its client
 * connects anew when it needs to.
 */
#include "connection.h"
#include "crowd.h"

#define COMING_US G_USEC_PER_SEC

guint crowd_count(const GPtrArray *connections, uid_t uid)
{
	guint count = 0;

	for (guint i = 0; i < connections->len; i++) {
		const struct connection *connection = connections->pdata[i];

		count += connection->session.peer.uid == uid && !connection->ending;
	}
	return count;
}

/* It is about to ask: ended now, its client would take that for the agent's end. */
static bool comes_just_now(const struct connection *connection)
{
	return atomic_load(&connection->fresh) &&
	       g_get_monotonic_time() - atomic_load(&connection->used) < COMING_US;
}

static struct connection *find_idlest(const GPtrArray *connections, uid_t uid,
				      enum connection_holds most)
{
	struct connection *idlest = NULL;

	for (guint i = 0; i < connections->len; i++) {
		struct connection *connection = connections->pdata[i];

		if (atomic_load(&connection->busy_since) || connection->ending ||
		    atomic_load(&connection->holds) > most || comes_just_now(connection) ||
		    (uid != CROWD_ANYBODY && connection->session.peer.uid != uid))
			continue;
		if (!idlest || atomic_load(&connection->used) < atomic_load(&idlest->used))
			idlest = connection;
	}
	return idlest;
}

/* Who has most; where several have as many, who came first. */
static uid_t find_busiest(const GPtrArray *connections, guint *count)
{
	uid_t busiest = CROWD_ANYBODY;

	*count = 0;
	for (guint i = 0; i < connections->len; i++) {
		const struct connection *connection = connections->pdata[i];
		guint its = crowd_count(connections, connection->session.peer.uid);

		if (its <= *count)
			continue;
		*count = its;
		busiest = connection->session.peer.uid;
	}
	return busiest;
}

struct connection *crowd_pick(const GPtrArray *connections, uid_t uid)
{
	struct connection *picked;
	guint count;

	if (uid != CROWD_ANYBODY)
		return find_idlest(connections, uid, HOLDS_NOTHING);
	uid = find_busiest(connections, &count);
	picked = find_idlest(connections, uid, HOLDS_NOTHING);
	if (!picked && count < connections->len)
		picked = find_idlest(connections, uid, HOLDS_SIGNATURE);
	return picked ? picked : find_idlest(connections, CROWD_ANYBODY, HOLDS_NOTHING);
}
