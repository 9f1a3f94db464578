/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Told when the agent waits for a person. The command says so; the module never does. */
#pragma once

/* Called at the first PROGRESS frame of each call, in its thread. NULL: by nobody. */
void client_on_wait(void (*told)(void));
