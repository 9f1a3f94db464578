/* What a client's last lines mean, in words. */
#ifndef COMMAND_VPN_CAUSE_H
#define COMMAND_VPN_CAUSE_H

#include <glib.h>
#include "session.h"

/* `status` as of waitpid(2). */
void vpn_cause(const struct vpn_session *session, const char *client, int status, GError **error);

#endif
