/* openconnect, which signs in for NetworkManager too. */
#ifndef COMMAND_VPN_OPENCONNECT_H
#define COMMAND_VPN_OPENCONNECT_H

#include "driver.h"

extern const struct vpn_driver vpn_openconnect;

#endif
