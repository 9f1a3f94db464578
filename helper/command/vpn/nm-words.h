/* What NetworkManager answers and why its connections end, as tables: its words, and ours. */
#ifndef COMMAND_VPN_NM_WORDS_H
#define COMMAND_VPN_NM_WORDS_H

/* What NetworkManager answered, as an error of ours. Takes `failure`. */
GError *nm_error(const char *gateway, GError *failure);
/* Why an active connection has ended. `stood`: it was active before. */
GError *nm_ended_error(const char *gateway, guint reason, bool stood);

#endif
