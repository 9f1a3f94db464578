/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A module that says it is devid's, of another version, without a token. OTHER_MODULE=fails: it
 * does not start. */
#include <stdlib.h>
#include <string.h>
#include <p11-kit/pkcs11.h>

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list);

static CK_RV initialize(void *arguments)
{
	const char *mode = getenv("OTHER_MODULE");

	return mode && strcmp(mode, "fails") == 0 ? CKR_GENERAL_ERROR : CKR_OK;
}

static CK_RV finalize(void *reserved)
{
	return CKR_OK;
}

static CK_RV get_info(CK_INFO *info)
{
	memset(info, ' ', sizeof(*info));
	memcpy(info->manufacturerID, "devid", 5);
	info->flags = 0;
	info->cryptokiVersion = (CK_VERSION){ 2, 40 };
	info->libraryVersion = (CK_VERSION){ 9, 9 };
	return CKR_OK;
}

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *count)
{
	*count = 0;
	return CKR_OK;
}

static CK_FUNCTION_LIST functions = {
	.version = { 2, 40 },
	.C_Initialize = initialize,
	.C_Finalize = finalize,
	.C_GetInfo = get_info,
	.C_GetSlotList = get_slot_list,
	.C_GetFunctionList = C_GetFunctionList,
};

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
	*list = &functions;
	return CKR_OK;
}
