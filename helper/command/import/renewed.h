/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* After an identity got another certificate, or another key: who is to hear of it. */
#pragma once

#include "import.h"

/* On the machine's token, as root: has systemd reload or restart the units that AfterRenewal= of
 * the account names. Then looks for other programs that may go on with what they found. Nothing of
 * it undoes an import: what fails is a warning.
 */
void renewed_tell_units(struct import *import);
