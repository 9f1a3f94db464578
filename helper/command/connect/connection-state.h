/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a connection is doing: $XDG_RUNTIME_DIR/devid/connections/NAME.json, written by its
 * supervisor. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <glib.h>
#include <json-glib/json-glib.h>

struct connection_state {
	char *name, *client, *gateway;
	char *identity;	 /* its label, or NULL */
	char *address;	 /* of the tunnel, or NULL */
	char *state;	 /* "connecting", "connected", "reconnecting", "ended" */
	char *reason;	 /* "ended": why; a word of devid/reason.h */
	char *message;	 /* likewise, one sentence */
	char *hint;	 /* likewise, what to do, or NULL */
	gint64 since;	 /* of `state` */
	pid_t pid;	 /* the supervisor … */
	guint64 started; /* … and when it began, in the clock ticks of /proc/PID/stat */
};
void connection_state_free(struct connection_state *state);
typedef struct connection_state ConnectionState;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConnectionState, connection_state_free)

/* Its members of a JSON object, as the file has them and `devid status` tells them. */
void connection_state_json(JsonBuilder *builder, const struct connection_state *state);
bool connection_state_write(const struct connection_state *state, GError **error);
/* NULL: there is none that can be believed. One whose supervisor has gone without a word is
 * "ended". */
struct connection_state *connection_state_read(const char *name);
/* struct connection_state*, by name. Never NULL. */
GPtrArray *connection_state_list(void);
void connection_state_remove(const char *name);
/* Ends its supervisor, which ends the client. */
bool connection_state_end(const struct connection_state *state, GError **error);
/* Whoever makes or ends the connection holds this: a descriptor, or -1 with *error. Where another
 * one holds it, DEVID_EXISTS with the reason "connection-busy".
 */
int connection_state_lock(const char *name, GError **error);
/* A descriptor of the supervisor (pidfd), for poll() and signals; -1: it is gone, or that is
 * another process. */
int connection_state_supervisor(const struct connection_state *state);
/* "connected since 2026-11-24T20:00:00Z, 10.98.0.2, identity laptop"; newly allocated. */
char *connection_state_words(const struct connection_state *state);
bool connection_state_is_over(const struct connection_state *state);
