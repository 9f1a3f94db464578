/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* WRAP: a key of a file for a TPM that is elsewhere. Nothing of it is kept, and no TPM is asked: it
 * is here because libcrypto is in the agent alone.
 */
#include "agent/key/tpm.h"
#include "base/error.h"
#include "request.h"

bool handle_wrap(const struct exchange *exchange, GError **error)
{
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	g_autoptr(GBytes) name = NULL;
	g_autoptr(GBytes) pem = NULL;
	struct wire_field key, parent;

	if (!wire_get(exchange->request, TAG_PKCS8, &key) ||
	    !wire_get(exchange->request, TAG_STORAGE_KEY, &parent))
		return devid_error_set(error, DEVID_USAGE, NULL, NULL,
				       "wrap: a private key and a storage key are needed");
	if (secret_append(&pkcs8, key.data, key.length) != DEVID_OK)
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "wrap: no memory");
	pem = tpm_wrap_for(&pkcs8, parent.data, parent.length, &name, error);
	if (!pem)
		return error && *error ? false
				       : devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL,
							 "wrap: no memory");
	wire_put(exchange->reply, TAG_DATA, g_bytes_get_data(pem, NULL), g_bytes_get_size(pem));
	wire_put(exchange->reply, TAG_ID, g_bytes_get_data(name, NULL), g_bytes_get_size(name));
	return true;
}
