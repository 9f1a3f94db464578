/* devid verify as OpenVPN's tls-verify script. */
#ifndef COMMAND_CHECK_VERIFY_OPENVPN_H
#define COMMAND_CHECK_VERIFY_OPENVPN_H

#include "command/cli/report.h"
#include "verify-chain.h"

/* `operands`: what OpenVPN adds: depth and subject. */
enum exit_status verify_openvpn(const struct verify_request *request, char **operands);

#endif
