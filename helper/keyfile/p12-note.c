/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is noted of a PKCS#12 file while it is read, and the words for what is wrong with it. */
#include "base/error.h"
#include "p12-note.h"
#include "pbe.h"

bool p12_damaged(GError **error, const char *where)
{
	return devid_error_set(error, DEVID_BAD_DATA, "damaged", NULL, "damaged PKCS#12 file: %s",
			       where);
}

static void set_too_much(GError **error)
{
	devid_error_set(error, DEVID_TOO_LARGE, "iterations",
			"export the file again with fewer iterations",
			"the file's parts ask for more than %u iterations in all", PBE_WORK_MAX);
}

bool p12_refuse(GError **error, enum pbe_outcome outcome, const struct pbe *pbe, bool sure)
{
	if (outcome == PBE_TOO_MUCH)
		set_too_much(error);
	else if (outcome == PBE_BROKEN)
		devid_error_set(error, DEVID_BAD_DATA, "damaged", NULL,
				"damaged PKCS#12 file: the encrypted %s has an impossible length",
				pbe->part);
	else if (sure)
		devid_error_set(
			error, DEVID_BAD_DATA, "damaged",
			"export the file again, with one password for all of it",
			"the password is right for the rest of the file, but the %s can't be "
			"decrypted: damaged, or under another password",
			pbe->part);
	else
		devid_error_set(
			error, DEVID_PASSWORD, "password-or-damaged", NULL,
			"wrong password or damaged file (it has no integrity check that would tell)");
	return false;
}

bool p12_unsupported(GError **error, const char *what, const char *oid)
{
	return devid_error_set(error, DEVID_UNSUPPORTED, "algorithm-unsupported", NULL,
			       "the PKCS#12 file uses %s, which can't be read here: %s", what, oid);
}

void p12_note_work(struct p12 *p12, const struct pbe *pbe)
{
	if (p12->problem || !pbe_acceptable(pbe, p12->iterations_max, &p12->problem))
		return;
	p12->work += pbe->iterations;
	if (p12->work > PBE_WORK_MAX)
		set_too_much(&p12->problem);
}

struct pbe *p12_note_cipher(struct p12 *p12, struct pbe *pbe)
{
	g_ptr_array_add(p12->ciphers, pbe);
	p12_note_work(p12, pbe);
	return pbe;
}

void p12_note_probe(struct p12 *p12, struct pbe *pbe, const struct secret *cipher)
{
	if (p12->probe.pbe || pbe->unreadable)
		return;
	if (!secret_append(&p12->probe.content, cipher->data, cipher->length))
		p12->probe.pbe = pbe;
}
