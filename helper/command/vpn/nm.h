/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NetworkManager by D-Bus, as much of it as a VPN of the user's own needs. (Its library, libnm,
 * would make every start of the command a sixth slower.)
 */
#pragma once

#define NM_NAME	       "org.freedesktop.NetworkManager"
#define NM_PATH	       "/org/freedesktop/NetworkManager"
#define NM_ACTIVE      NM_NAME ".Connection.Active"
#define NM_OPENCONNECT NM_NAME ".openconnect"
/* NMActiveConnectionState */
enum nm_state { NM_ACTIVATING = 1, NM_ACTIVATED, NM_DEACTIVATING, NM_DEACTIVATED };
/* NMActiveConnectionStateReason, where more than words hang on it */
enum nm_reason {
	NM_REASON_UNKNOWN,
	NM_REASON_NONE,
	NM_REASON_USER_DISCONNECTED,
	NM_REASON_CONNECTION_REMOVED = 11,
};
