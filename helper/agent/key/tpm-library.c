/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's part for TPMs: see tpm-library.h. */
#include <dlfcn.h>
#include <config.h>
#include <internal/test-hook.h>
#include "base/error.h"
#include "tpm-library.h"

bool tpm_library_refuse(GError **error, const struct tpm_trouble *trouble)
{
	return devid_error_set(error, trouble->result, trouble->reason, NULL, "%s", trouble->words);
}

static const struct tpm_part *opened;

const struct tpm_part *tpm_library(GError **error)
{
	static gsize once;
	static char *why;

	if (g_once_init_enter(&once)) {
		const char *other = TEST_HOOK("DEVID_TEST_TPM_PART");
		void *handle = dlopen(other ? other : DEVID_TPM_PART_PATH, RTLD_NOW | RTLD_LOCAL);

		if (handle)
			opened = dlsym(handle, TPM_PART_SYMBOL);
		else
			why = g_strdup(dlerror());
		if (opened && opened->version != TPM_PART_VERSION)
			opened = NULL;
		g_once_init_leave(&once, 1);
	}
	if (!opened)
		devid_error_set(error, DEVID_STORE_MISSING, "tpm-part", NULL,
				"TPM: the agent's part for it can't be opened: %s",
				why ? why : "it is of another version");
	return opened;
}

void tpm_library_end(void)
{
	if (opened)
		opened->end();
}
