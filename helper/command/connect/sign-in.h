/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing in at a gateway, as the user: with what is saved, else with what a person types. */
#pragma once

#include <stdbool.h>
#include "connect.h"

/* As the user; fills the session's ticket. */
bool connect_sign_in(struct connect *connect, GError **error);
/* The error of one that was interrupted. false. */
bool connect_set_interrupted(const struct connect *connect, GError **error);
/* Forgets what is kept for the connection, and ends it; says so. */
bool connect_forget(struct connect *connect, GError **error);
