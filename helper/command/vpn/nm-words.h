/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What NetworkManager answers and why its connections end, as tables: its words, and ours. */
#pragma once

/* What NetworkManager answered, as an error of ours. Takes `failure`. */
GError *nm_error(const char *gateway, GError *failure);
/* Why an active connection has ended. `stood`: it was active before. */
GError *nm_ended_error(const char *gateway, guint reason, bool stood);
