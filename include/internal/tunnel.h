/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus between `devid connect` and devid-tunnel, which makes a tunnel as root: names, and what
 * is said there.
 *
 * Start(NAME, GATEWAY, ADDRESS, pipe): the machine's connection of that name; which of its file's
 * gateways, "host:port";
 * "" or which of that one's addresses; and the cookie, a line, in a pipe. It answers when the
 * client runs. The tunnel belongs to the link to the bus that asked for it, which has one at most,
 * and ends with it. To that link alone it tells Line(text), Connected(address) and Ended(status as
 * of waitpid(2)). Stop() ends the one of the link that asks. Nobody can name another's.
 */
#pragma once

#define TUNNEL_NAME	 "org.devid.Tunnel"
#define TUNNEL_PATH	 "/org/devid/Tunnel"
#define TUNNEL_INTERFACE TUNNEL_NAME
#define TUNNEL_ACTION	 "org.devid.tunnel.connect"

/* Errors of Start(); others are the bus's. */
#define TUNNEL_ERROR	     TUNNEL_NAME ".Error."
#define TUNNEL_NOT_ALLOWED   TUNNEL_ERROR "NotAllowed"
#define TUNNEL_NOT_FOUND     TUNNEL_ERROR "NotFound"	 /* no such connection of the machine's */
#define TUNNEL_BROKEN	     TUNNEL_ERROR "Broken"	 /* its file */
#define TUNNEL_OTHER_GATEWAY TUNNEL_ERROR "OtherGateway" /* none that the file names */
#define TUNNEL_BAD_COOKIE    TUNNEL_ERROR "BadCookie"
#define TUNNEL_BUSY	     TUNNEL_ERROR "Busy"     /* this link has one, or this user too many */
#define TUNNEL_NO_CLIENT     TUNNEL_ERROR "NoClient" /* openconnect isn't installed */
#define TUNNEL_FAILED	     TUNNEL_ERROR "Failed"
