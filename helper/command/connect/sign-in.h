/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing in at a gateway, as the user: with what is saved, else with what a person types. */
#pragma once

#include "connect.h"

/* As the user; fills the session's ticket. */
gboolean connect_sign_in(struct connect *connect, GError **error);
/* The error of one that was interrupted. FALSE. */
gboolean connect_set_interrupted(const struct connect *connect, GError **error);
/* Forgets what is kept for the connection, and ends it; says so. */
gboolean connect_forget(struct connect *connect, GError **error);
