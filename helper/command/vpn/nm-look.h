/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether connections are better made by NetworkManager: where it carries this machine's network
 * and knows openconnect, nobody needs to be root.
 */
#pragma once

/* Whether NetworkManager runs, carries this machine's network, and has its openconnect plugin.
 * Bounded. */
bool nm_is_usable(void);
