/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libdevid: the account, the chain check, limits, policy and events of devid, for gateways and
 * clients.
 */
#ifndef DEVID_DEVID_H
#define DEVID_DEVID_H

#include <devid/result.h>
#include <devid/account.h>
#include <devid/check.h>
#include <devid/event.h>
#include <devid/here.h>
#include <devid/limits.h>
#include <devid/office.h>
#include <devid/policy.h>
#include <devid/posture.h>
#include <devid/reason.h>

#endif
