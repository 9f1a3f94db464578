/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects made, changed and destroyed: each is one request to the agent, which writes. */
#pragma once

#include "attribute-template.h"
#include "object.h"

/* Changing, by way of the agent */
CK_RV create_object(const struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count,
		    CK_OBJECT_HANDLE *object);
/* C_GenerateKeyPair: the agent makes the key where it would put one that is written. */
CK_RV create_pair(const struct session *session, const CK_MECHANISM *mechanism,
		  const struct attribute_pair *pair, CK_OBJECT_HANDLE *public_key,
		  CK_OBJECT_HANDLE *private_key);
CK_RV create_change(const struct session *session, CK_OBJECT_HANDLE object,
		    const CK_ATTRIBUTE *template, CK_ULONG count);
CK_RV create_destroy(const struct session *session, CK_OBJECT_HANDLE object);
/* Nothing here can be copied: one key is one object of a token. */
CK_RV create_copy(const struct session *session, CK_OBJECT_HANDLE object,
		  const CK_ATTRIBUTE *template, CK_ULONG count, const CK_OBJECT_HANDLE *copy);
