/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The places that a reset goes through, each adding one or two. */
#pragma once

#include "identity/list.h"
#include "reset.h"

void reset_agent(struct reset *reset, enum scope scope);
void reset_files(struct reset *reset);
void reset_sign_ins(struct reset *reset);
/* `list` may be NULL: it could not be read. */
void reset_identities(struct reset *reset, const struct identity_list *list);
/* The machine's for keys in the TPM, where root asks: with --keys it goes, if none needs it now. */
void reset_credential(struct reset *reset);
