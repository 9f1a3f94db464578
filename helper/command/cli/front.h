/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the command tells and asks what the libraries have to tell and to ask. */
#pragma once

/* Before a subcommand runs. */
void cli_front_set(void);
/* What is said while the agent waits, where that is not for the keyring alone. */
void cli_front_waits_for(const char *what);
