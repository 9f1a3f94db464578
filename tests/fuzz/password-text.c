/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A password out of a file's bytes: plain is valid UTF-8, and nothing is longer than it can be. */
#include <string.h>
#include "command/cli/password-text.h"
#include "keyfile/pbe-password.h"
#include "keyfile/pbe.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_SECRET struct secret password = SECRET_INIT;
	enum password_text answer = password_text(data, size, &password);
	struct pbe_password forms;

	FUZZ_CHECK(answer != PASSWORD_TEXT_NO_MEMORY);
	FUZZ_CHECK(password.length <= size * 2);
	if (answer == PASSWORD_TEXT_PLAIN)
		FUZZ_CHECK(g_utf8_validate_len((const char *)password.data, password.length, NULL));
	if (answer == PASSWORD_TEXT_PLAIN)
		FUZZ_CHECK(password.length + 2 >= size &&
			   (!password.length || memcmp(password.data, data, password.length) == 0));
	/* Every form of it: the derivations' input. */
	FUZZ_CHECK(pbe_password_set(&forms, &password));
	FUZZ_CHECK(forms.count > 0 && forms.count <= G_N_ELEMENTS(forms.forms));
	pbe_password_clear(&forms);
	return 0;
}
