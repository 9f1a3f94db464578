/* A finding in words, and as JSON. */
#ifndef COMMAND_IMPORT_FINDING_REPORT_H
#define COMMAND_IMPORT_FINDING_REPORT_H

#include "finding.h"

void finding_print(const struct finding *finding, const struct devid_account *account);
void finding_json(JsonBuilder *builder, const struct finding *finding,
		  const struct devid_account *account);

#endif
