/* The requests: one row each, in request.c. */
#ifndef AGENT_REQUEST_H
#define AGENT_REQUEST_H

#include "agent.h"

/* What a handler works on. `reply` is begun with RESULT; a handler that fails need not care for it. */
struct exchange {
	struct session *session;
	const struct wire_frame *request;
	struct wire_frame *reply;
};

/* sign-request.c */
gboolean handle_sign(const struct exchange *exchange, GError **error);
void sign_end_operation(struct session *session);

/* write-request.c */
gboolean handle_import(const struct exchange *exchange, GError **error);
gboolean handle_write(const struct exchange *exchange, GError **error);
gboolean handle_remove(const struct exchange *exchange, GError **error);
gboolean handle_rename(const struct exchange *exchange, GError **error);
void import_end(struct session *session);

/* status-request.c */
gboolean handle_status(const struct exchange *exchange, GError **error);
gboolean handle_forget(const struct exchange *exchange, GError **error);

#endif
