/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The requests: one row each, in request.c. */
#pragma once

#include <stdbool.h>
#include "session.h"

/* sign-request.c */
bool handle_sign(const struct exchange *exchange, GError **error);

/* write-request.c */
bool handle_import(const struct exchange *exchange, GError **error);
bool handle_write(const struct exchange *exchange, GError **error);
bool handle_remove(const struct exchange *exchange, GError **error);
bool handle_rename(const struct exchange *exchange, GError **error);
bool handle_generate(const struct exchange *exchange, GError **error);

/* certify-request.c */
bool handle_certify(const struct exchange *exchange, GError **error);

/* tpm-request.c */
bool handle_tpm(const struct exchange *exchange, GError **error);

/* wrap-request.c */
bool handle_wrap(const struct exchange *exchange, GError **error);

/* status-request.c */
bool handle_status(const struct exchange *exchange, GError **error);
bool handle_forget(const struct exchange *exchange, GError **error);

/* refused-request.c */
bool handle_refused(const struct exchange *exchange, GError **error);

void request_begin(struct session *session, struct agent *agent);
/* Answers one validated request; `reply` is finished. */
void request_handle(struct session *session, const struct wire_frame *request,
		    struct wire_frame *reply);
/* Undoes an import that was not kept, ends a multi-part signature. */
void request_end(struct session *session);
