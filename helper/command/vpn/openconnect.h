/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openconnect, which signs in for NetworkManager too. */
#pragma once

#include "driver.h"

extern const struct vpn_driver vpn_openconnect;
