/* Random bytes: see random.h. */
#include <errno.h>
#include <sys/random.h>
#include "library.h"
#include "random.h"
#include "session.h"

CK_RV random_generate(CK_SESSION_HANDLE handle, CK_BYTE *data, CK_ULONG length)
{
	CK_RV rv = CKR_OK;

	if (!session_find(handle))
		return CKR_SESSION_HANDLE_INVALID;
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

CK_RV random_seed(CK_SESSION_HANDLE handle, const CK_BYTE *seed, CK_ULONG length)
{
	if (!session_find(handle))
		return CKR_SESSION_HANDLE_INVALID;
	if (!seed && length > 0)
		return CKR_ARGUMENTS_BAD;
	return CKR_RANDOM_SEED_NOT_SUPPORTED;
}
