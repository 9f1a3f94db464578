/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Slots and token information: see slot.h. */
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "library.h"
#include "session.h"
#include "slot.h"

#define MANUFACTURER "devid"
#define MODEL	     "devid"
#define PIN_MAX	     255 /* of a PIN that nobody reads */

static const struct {
	const char *description, *label, *serial;
} slots[TOKEN_COUNT] = {
	[SCOPE_USER] = { "Device identity of the user", "Device Identity", "user" },
	[SCOPE_SYSTEM] = { "Device identity of the machine", "Device Identity (system)", "system" },
};

/* Cryptoki's text: filled up with blanks, no NUL. */
static void put_text(CK_UTF8CHAR *out, size_t size, const char *text)
{
	size_t length = strlen(text);

	memset(out, ' ', size);
	memcpy(out, text, length < size ? length : size);
}

static CK_VERSION version(void)
{
	char *rest;
	unsigned long major = strtoul(DEVID_VERSION, &rest, 10);
	unsigned long minor = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;

	return (CK_VERSION){ (CK_BYTE)major, (CK_BYTE)minor };
}

CK_RV slot_library_info(CK_INFO *info)
{
	if (!info)
		return CKR_ARGUMENTS_BAD;
	info->cryptokiVersion = (CK_VERSION){ CRYPTOKI_VERSION_MAJOR, CRYPTOKI_VERSION_MINOR };
	info->flags = 0;
	info->libraryVersion = version();
	put_text(info->manufacturerID, sizeof(info->manufacturerID), MANUFACTURER);
	put_text(info->libraryDescription, sizeof(info->libraryDescription), "Device identities");
	return CKR_OK;
}

CK_RV slot_list(CK_SLOT_ID *list, CK_ULONG *count)
{
	CK_ULONG room;

	if (!count)
		return CKR_ARGUMENTS_BAD;
	room = *count;
	*count = TOKEN_COUNT;
	if (!list)
		return CKR_OK;
	if (room < TOKEN_COUNT)
		return CKR_BUFFER_TOO_SMALL;
	for (CK_ULONG i = 0; i < TOKEN_COUNT; i++)
		list[i] = i;
	return CKR_OK;
}

CK_RV slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
	put_text(info->slotDescription, sizeof(info->slotDescription), slots[slot].description);
	put_text(info->manufacturerID, sizeof(info->manufacturerID), MANUFACTURER);
	info->flags = CKF_TOKEN_PRESENT;
	info->hardwareVersion = info->firmwareVersion = version();
	return CKR_OK;
}

/* CKF_USER_PIN_INITIALIZED, though there is no PIN: NSS offers to set one where it is missing. */
CK_RV slot_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	put_text(info->label, sizeof(info->label), slots[slot].label);
	put_text(info->manufacturerID, sizeof(info->manufacturerID), MANUFACTURER);
	put_text(info->model, sizeof(info->model), MODEL);
	put_text(info->serialNumber, sizeof(info->serialNumber), slots[slot].serial);
	info->flags = CKF_RNG | CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED;
	info->ulMaxSessionCount = info->ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
	session_count((enum scope)slot, &info->ulSessionCount, &info->ulRwSessionCount);
	info->ulMaxPinLen = PIN_MAX;
	info->ulMinPinLen = 0;
	info->ulTotalPublicMemory = info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
	info->ulTotalPrivateMemory = info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
	info->hardwareVersion = info->firmwareVersion = version();
	put_text(info->utcTime, sizeof(info->utcTime), ""); /* no clock on the token */
	return CKR_OK;
}

CK_RV slot_wait(CK_FLAGS flags, const CK_SLOT_ID *slot, const void *reserved)
{
	if (!slot || reserved)
		return CKR_ARGUMENTS_BAD;
	if (flags & CKF_DONT_BLOCK)
		return CKR_NO_EVENT;
	library_wait_for_end();
	return CKR_CRYPTOKI_NOT_INITIALIZED;
}
