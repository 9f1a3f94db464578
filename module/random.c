/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random bytes: see random.h. */
#include <errno.h>
#include <sys/random.h>
#include "library.h"
#include "random.h"

CK_RV random_generate(CK_BYTE *data, CK_ULONG length)
{
	CK_RV rv = CKR_OK;

	if (!data && length > 0)
		return CKR_ARGUMENTS_BAD;
	library_unlock();
	while (length > 0) {
		ssize_t got = getrandom(data, length, 0);

		if (got < 0 && errno != EINTR) {
			rv = CKR_DEVICE_ERROR;
			break;
		}
		if (got > 0) {
			data += got;
			length -= (CK_ULONG)got;
		}
	}
	library_lock();
	return rv;
}

CK_RV random_seed(const CK_BYTE *seed, CK_ULONG length)
{
	if (!seed && length > 0)
		return CKR_ARGUMENTS_BAD;
	return CKR_RANDOM_SEED_NOT_SUPPORTED;
}
