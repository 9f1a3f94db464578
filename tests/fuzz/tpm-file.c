/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: the file of a TPM key, which other programs may have written. What is read must come
 * back the same when it is written again.
 */
#include "fuzz.h"
#include "agent/key/tpm-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT, back = TPM_FILE_INIT;
	g_autoptr(GBytes) text = NULL;

	if (!tpm_file_read(data, size, &file, NULL))
		return 0;
	text = tpm_file_write(&file);
	FUZZ_CHECK(text && tpm_file_read(g_bytes_get_data(text, NULL), g_bytes_get_size(text),
					 &back, NULL));
	FUZZ_CHECK(back.empty_auth == file.empty_auth && back.parent == file.parent &&
		   g_bytes_equal(back.public, file.public) &&
		   g_bytes_equal(back.private, file.private));
	return 0;
}
