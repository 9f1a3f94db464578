/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the table of causes: word, result, cause, hint, what other clients say; tabs between. */
#include <stdio.h>
#include <devid/reason.h>

int main(void)
{
	size_t count;
	const struct devid_reason *rows = devid_reasons(&count);

	for (size_t i = 0; i < count; i++)
		printf("%s\t%d\t%s\t%s\t%s\n", rows[i].word, (int)rows[i].result, rows[i].cause,
		       rows[i].hint ? rows[i].hint : "-", rows[i].also ? rows[i].also : "-");
	return 0;
}
