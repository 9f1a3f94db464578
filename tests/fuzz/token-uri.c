/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS#11 URIs that a person or a script names a token by. */
#include <string.h>
#include "fuzz.h"
#include "identity/token-uri.h"

#define URL "pkcs11:model=SoftHSM%20v2;manufacturer=x;serial=1234;token=other"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_autoptr(GError) error = NULL;
	g_autoptr(P11KitUri) uri = token_uri_parse(text, &error);
	AUTO_SECRET struct secret pin = SECRET_INIT;
	g_autofree char *object = NULL, *source = NULL;

	FUZZ_CHECK((!uri) == (error != NULL));
	/* What a message tells ends before the PIN. */
	FUZZ_CHECK(!error || strstr(error->message, "pin-value") == NULL);
	if (!uri)
		return 0;
	(void)token_uri_matches(uri, URL);
	object = token_uri_object(uri);
	FUZZ_CHECK(token_uri_pin(uri, &pin, &source, &error));
	FUZZ_CHECK(!p11_kit_uri_get_pin_value(uri));
	return 0;
}
