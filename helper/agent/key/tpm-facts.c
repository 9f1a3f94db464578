/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a TPM says of itself: its properties, and what lies at the storage root key's place. */
#include "tpm-facts.h"
#include "tpm-object.h"
#include "tpm-rc.h"

struct look {
	struct tpm_work work;
	struct tpm_facts facts;
};

static void take_property(struct tpm_facts *facts, TPM2_PT property, UINT32 value)
{
	const guint8 letters[4] = { value >> 24, value >> 16, value >> 8, value };

	switch (property) {
	case TPM2_PT_MANUFACTURER:
		for (gsize i = 0; i < sizeof(letters); i++)
			facts->manufacturer[i] =
				g_ascii_isgraph(letters[i]) ? (char)letters[i] : '\0';
		break;
	case TPM2_PT_FIRMWARE_VERSION_1:
	case TPM2_PT_FIRMWARE_VERSION_2:
		facts->firmware[property - TPM2_PT_FIRMWARE_VERSION_1] = value;
		break;
	case TPM2_PT_PERMANENT:
		facts->owner_auth = (value & TPMA_PERMANENT_OWNERAUTHSET) != 0;
		facts->locked_out = (value & TPMA_PERMANENT_INLOCKOUT) != 0;
		break;
	case TPM2_PT_LOCKOUT_COUNTER:
		facts->failed = value;
		break;
	case TPM2_PT_MAX_AUTH_FAIL:
		facts->failed_most = value;
		break;
	case TPM2_PT_LOCKOUT_INTERVAL:
		facts->recovery_seconds = value;
		break;
	default:
		break;
	}
}

static bool run_look(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	static const TPM2_PT groups[] = { TPM2_PT_FIXED, TPM2_PT_VAR };
	struct tpm_facts *facts = &((struct look *)work)->facts;
	const struct tpm_parent *srk, *owner;

	for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
		TPMS_CAPABILITY_DATA *data = NULL;
		TPMI_YES_NO more = 0;
		gint64 until = 0;
		TSS2_RC rc;

		do
			rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
						TPM2_CAP_TPM_PROPERTIES, groups[i],
						TPM2_MAX_TPM_PROPERTIES, &more, &data);
		while (tpm_is_busy(rc, &until));
		if (rc != TSS2_RC_SUCCESS)
			return tpm_trouble_rc(trouble, rc, "what it says of itself");
		for (UINT32 j = 0; j < data->data.tpmProperties.count; j++)
			take_property(facts, data->data.tpmProperties.tpmProperty[j].property,
				      data->data.tpmProperties.tpmProperty[j].value);
		Esys_Free(data);
	}
	srk = tpm_srk(tpm);
	facts->srk = !srk ? "none" : srk->public->publicArea.type == TPM2_ALG_RSA ? "RSA" : "EC";
	if (srk)
		g_strlcpy(facts->srk_name, srk->name, sizeof(facts->srk_name));
	tpm->make_room = tpm_object_make_room;
	owner = tpm_owner(tpm, NULL);
	if (owner)
		g_strlcpy(facts->owner_name, owner->name, sizeof(facts->owner_name));
	tpm_owner_release(tpm);
	return true;
}

static void look_free(struct tpm_work *work)
{
	g_free(work);
}

bool tpm_facts_read(struct tpm_facts *facts, struct tpm_trouble *trouble)
{
	struct look *look = g_new0(struct look, 1);
	bool good;

	tpm_work_init(&look->work, run_look, look_free);
	good = tpm_work_do(&look->work, TPM_BOUND_MS, NULL, trouble);
	if (good)
		*facts = look->facts;
	tpm_work_unref(&look->work);
	return good;
}
