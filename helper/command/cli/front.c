/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the command tells and asks what the libraries have to tell and to ask. */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "identity/front.h"
#include "front.h"
#include "password.h"
#include "print.h"
#include "report.h"

static void warn(const char *text)
{
	report_warning("%s", text);
}

static void hint(const char *text)
{
	report_hint("%s", text);
}

static const char *what_is_waited_for =
	"the keyring asks a question in a window of its own, and this waits for the answer";

void cli_front_waits_for(const char *what)
{
	what_is_waited_for = what;
}

/* Once: who is asked several questions sees that there is one. */
static void waiting(void)
{
	static bool said;

	if (!said && isatty(STDERR_FILENO))
		print_line(stderr, "devid: %s (Ctrl-C: no longer)", what_is_waited_for);
	said = true;
}

void cli_front_set(void)
{
	static const struct front terminal = { warn, hint, waiting, password_read_pin };

	front_set(&terminal);
}
