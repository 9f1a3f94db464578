/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* office-driver FOLDER [look]: finds out whether this machine stands in an office of the account in
 * FOLDER, and prints "ORIGIN OFFICE" ("-": none), then the message.
 */
#include <stdio.h>
#include <string.h>
#include <devid/devid.h>
#include <devid/office.h>

int main(int argc, char **argv)
{
	struct devid_account *account = NULL;
	struct devid_office_report *report = NULL;
	enum devid_office_how how = argc > 2 ? DEVID_OFFICE_LOOK : DEVID_OFFICE_PROBE;

	if (argc < 2 || devid_account_load(argv[1], true, &account) != DEVID_OK)
		return 2;
	if (devid_account_problem(account)) {
		fprintf(stderr, "%s\n", devid_account_problem(account));
		return 1;
	}
	if (devid_office_find(account, how, &report) != DEVID_OK)
		return 1;
	printf("%s %s\n%s\n", devid_origin_name(report->origin),
	       report->office ? report->office : "-", report->message);
	devid_office_free(report);
	devid_account_free(account);
	return 0;
}
