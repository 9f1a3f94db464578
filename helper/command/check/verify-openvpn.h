/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid verify as OpenVPN's tls-verify script. */
#pragma once

#include "command/cli/report.h"
#include "verify-chain.h"

/* `operands`: what OpenVPN adds: depth and subject. */
enum exit_status verify_openvpn(const struct verify_request *request, char **operands);
