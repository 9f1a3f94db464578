/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remarks on a certificate that passes the check, on the terminal and in JSON. */
#include "account/remark.h"
#include "base/json-build.h"
#include "base/moment.h"
#include "command/cli/report.h"
#include "identity/describe.h"
#include "remarks.h"

void remarks_tell(const char *label, const GPtrArray *remarks)
{
	for (guint i = 0; i < remarks->len; i++) {
		const struct remark *remark = g_ptr_array_index(remarks, i);

		report_warning("%s%s%s", label ? label : "", label ? ": " : "", remark->message);
		report_hint("%s", remark->reason->hint);
	}
}

void remarks_json(JsonBuilder *builder, const GPtrArray *remarks)
{
	json_begin_array(builder, "warnings");
	for (guint i = 0; i < remarks->len; i++) {
		const struct remark *remark = g_ptr_array_index(remarks, i);

		json_builder_begin_object(builder);
		json_text(builder, "reason", remark->reason->word);
		json_text(builder, "message", remark->message);
		json_text(builder, "hint", remark->reason->hint);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

void remarks_tell_signing(const struct devid_account *account)
{
	time_t now = time(NULL);

	for (size_t i = 0; i < devid_account_signing_count(account); i++) {
		const struct devid_signing *signing = devid_account_signing(account, i);
		time_t ends = gnutls_x509_crt_get_expiration_time(signing->certificate);
		g_autofree char *days = moment_days(ends, now);

		if (describe_ends_soon(ends, now, account))
			report_warning("signing certificate %s: %s", signing->name, days);
	}
}
