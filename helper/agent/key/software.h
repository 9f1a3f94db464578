/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key in the memory of the agent, by which libcrypto signs. */
#pragma once

#include "key.h"

extern const struct key_driver key_software;
