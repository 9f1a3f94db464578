/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A finding in words, and as JSON. */
#pragma once

#include "finding.h"

void finding_print(const struct finding *finding, const struct devid_account *account);
void finding_json(JsonBuilder *builder, const struct finding *finding,
		  const struct devid_account *account);
