/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of other packages that register PKCS#11 modules, as doctor reads them. */
#include <string.h>
#include "fuzz.h"
#include "command/doctor/module-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_MODULE_FILE struct module_file file = MODULE_FILE_INIT;
	g_autoptr(GBytes) bytes = g_bytes_new(data, size);
	guint lines = 1;

	for (size_t i = 0; i < size && data[i] != '\0'; i++)
		lines += data[i] == '\n';
	module_file_read(bytes, &file);
	FUZZ_CHECK(file.bad_line <= lines);
	FUZZ_CHECK(!file.module || !strchr(file.module, '\n'));
	return 0;
}
