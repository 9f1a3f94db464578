/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Response codes of the TSS: see tpm-rc.h. */
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tpm2_types.h>
#include "tpm-rc.h"

/* Format 1 codes carry the number of the parameter, session or handle that they speak of. */
static guint32 plain(guint32 rc)
{
	rc &= 0xffff;
	if (rc & TPM2_RC_FMT1)
		return rc & (TPM2_RC_FMT1 | 0x3f);
	return rc;
}

static bool is_of_tpm(guint32 rc)
{
	guint32 layer = rc & TSS2_RC_LAYER_MASK;

	return layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_TPM_RC_LAYER;
}

bool tpm_rc_is(guint32 rc, guint32 wanted)
{
	return is_of_tpm(rc) && plain(rc) == plain(wanted);
}

static const struct {
	guint32 rc;
	enum devid_result result;
	const char *reason;
} causes[] = {
	{ TPM2_RC_LOCKOUT, DEVID_STORE_LOCKED, "tpm-locked-out" },
	{ TPM2_RC_INTEGRITY, DEVID_KEY_MISSING, "tpm-other" },
	{ TPM2_RC_AUTH_FAIL, DEVID_KEY_MISSING, "tpm-auth" },
	{ TPM2_RC_BAD_AUTH, DEVID_KEY_MISSING, "tpm-auth" },
	{ TPM2_RC_OBJECT_MEMORY, DEVID_STORE_TIMEOUT, "tpm-full" },
	{ TPM2_RC_SESSION_MEMORY, DEVID_STORE_TIMEOUT, "tpm-full" },
	{ TPM2_RC_OBJECT_HANDLES, DEVID_STORE_TIMEOUT, "tpm-full" },
	{ TPM2_RC_SESSION_HANDLES, DEVID_STORE_TIMEOUT, "tpm-full" },
	{ TPM2_RC_RETRY, DEVID_STORE_TIMEOUT, "tpm-busy" },
	{ TPM2_RC_YIELDED, DEVID_STORE_TIMEOUT, "tpm-busy" },
	{ TPM2_RC_TESTING, DEVID_STORE_TIMEOUT, "tpm-busy" },
	{ TPM2_RC_CURVE, DEVID_UNSUPPORTED, "tpm-key-type" },
	{ TPM2_RC_KEY_SIZE, DEVID_UNSUPPORTED, "tpm-key-type" },
	{ TPM2_RC_VALUE, DEVID_UNSUPPORTED, "tpm-key-type" },
	{ TPM2_RC_HASH, DEVID_UNSUPPORTED, "tpm-scheme" },
	{ TPM2_RC_SCHEME, DEVID_UNSUPPORTED, "tpm-scheme" },
	/* What was there is there no more: the TPM was reset. */
	{ TPM2_RC_HANDLE, DEVID_STORE_MISSING, "tpm-missing" },
	{ TPM2_RC_INITIALIZE, DEVID_STORE_MISSING, "tpm-missing" },
	{ TPM2_RC_REFERENCE_H0, DEVID_STORE_MISSING, "tpm-missing" },
	{ TPM2_RC_REFERENCE_H1, DEVID_STORE_MISSING, "tpm-missing" },
	{ TPM2_RC_REFERENCE_S0, DEVID_STORE_MISSING, "tpm-missing" },
};

bool tpm_trouble_rc(struct tpm_trouble *trouble, guint32 rc, const char *what)
{
	for (gsize i = 0; i < G_N_ELEMENTS(causes); i++)
		if (tpm_rc_is(rc, causes[i].rc))
			return tpm_trouble(trouble, causes[i].result, causes[i].reason,
					   "TPM: %s: %s", what, Tss2_RC_Decode(rc));
	if (is_of_tpm(rc))
		return tpm_trouble(trouble, DEVID_FAILED, NULL, "TPM: %s: %s", what,
				   Tss2_RC_Decode(rc));
	return tpm_trouble(trouble, DEVID_STORE_MISSING, "tpm-missing", "TPM: %s: %s", what,
			   Tss2_RC_Decode(rc));
}
