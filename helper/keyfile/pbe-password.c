/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One password, as the makers of files encode it. */
#include <string.h>
#include "pbe-password.h"
#include "pbe.h"

/* RFC 7292 appendix B.1: UTF-16BE and two zero bytes. `text` is valid UTF-8. */
static bool put_bmp(struct secret *out, const char *text, size_t length)
{
	/* Each UTF-8 byte makes at most two bytes of UTF-16: one allocation. */
	if (secret_allocate(out, length * 2 + 2))
		return false;
	for (const char *at = text; at < text + length; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		uint8_t unit[4] = { (uint8_t)(c >> 8), (uint8_t)c };
		size_t size = 2;

		if (c > 0xffff) {
			gunichar high = 0xd800 + ((c - 0x10000) >> 10), low = 0xdc00 + (c & 0x3ff);

			unit[0] = (uint8_t)(high >> 8);
			unit[1] = (uint8_t)high;
			unit[2] = (uint8_t)(low >> 8);
			unit[3] = (uint8_t)low;
			size = 4;
		}
		if (secret_append(out, unit, size))
			return false;
	}
	return !secret_append(out, "\0", 2);
}

/* OpenSSL before 1.1 took the bytes for characters. */
static bool put_bytes_as_bmp(struct secret *out, const uint8_t *bytes, size_t length)
{
	if (secret_resize(out, length * 2 + 2))
		return false;
	for (size_t i = 0; i < length; i++)
		out->data[2 * i + 1] = bytes[i];
	return true;
}

static bool add_form(struct pbe_password *forms, const struct secret *raw, const char *what,
		     bool bytes)
{
	struct pbe_password_form *form = &forms->forms[forms->count++];

	form->what = what;
	if (secret_allocate(&form->raw, raw->length + 1) ||
	    (raw->length && secret_append(&form->raw, raw->data, raw->length)))
		return false;
	return bytes ? put_bytes_as_bmp(&form->bmp, raw->data, raw->length)
		     : put_bmp(&form->bmp, (const char *)raw->data, raw->length);
}

/* The same characters in Unicode's other normal form, where that is another text. */
static bool add_normalized(struct pbe_password *forms, const struct secret *raw,
			   GNormalizeMode mode, const char *what)
{
	g_autofree char *text =
		g_utf8_normalize((const char *)raw->data, (gssize)raw->length, mode);
	AUTO_SECRET struct secret other = SECRET_INIT;
	bool added = true;

	if (!text)
		return true;
	if (strlen(text) != raw->length || memcmp(text, raw->data, raw->length) != 0)
		added = !secret_append(&other, text, strlen(text)) &&
			add_form(forms, &other, what, false);
	secret_wipe(text, strlen(text));
	return added;
}

/* The characters that the bytes are in that code; where they are none in it, nothing. */
static bool add_converted(struct pbe_password *forms, const struct secret *raw, const char *code)
{
	AUTO_SECRET struct secret other = SECRET_INIT;
	gsize length = 0;
	g_autofree char *text = g_convert((const char *)raw->data, (gssize)raw->length, "UTF-8",
					  code, NULL, &length, NULL);
	bool added;

	if (!text)
		return true;
	added = !secret_append(&other, text, length) && add_form(forms, &other, code, false);
	secret_wipe(text, length);
	return added;
}

bool pbe_password_set(struct pbe_password *forms, const struct secret *password)
{
	bool ascii = true;

	memset(forms, 0, sizeof(*forms));
	forms->work = PBE_WORK_MAX;
	forms->empty = password->length == 0;
	if (forms->empty) {
		/* Two zero bytes (OpenSSL, Windows), or no bytes at all (NSS, old GnuTLS, Java). */
		forms->count = 1;
		forms->forms[0].what = "empty";
		forms->forms[1].what = "absent";
		if (secret_append(&forms->forms[0].bmp, "\0", 2))
			return false;
		forms->count = 2;
		return true;
	}
	for (size_t i = 0; i < password->length; i++)
		ascii = ascii && password->data[i] < 0x80;
	if (ascii)
		return add_form(forms, password, "as given", true);
	if (!g_utf8_validate((const char *)password->data, (gssize)password->length, NULL))
		return add_converted(forms, password, "WINDOWS-1252") &&
		       add_converted(forms, password, "ISO-8859-1") &&
		       add_form(forms, password, "bytes", true);
	return add_form(forms, password, "as given", false) &&
	       add_normalized(forms, password, G_NORMALIZE_NFC, "composed") &&
	       add_normalized(forms, password, G_NORMALIZE_NFD, "decomposed") &&
	       add_form(forms, password, "bytes", true);
}

void pbe_password_clear(struct pbe_password *forms)
{
	for (size_t i = 0; i < G_N_ELEMENTS(forms->forms); i++) {
		secret_clear(&forms->forms[i].raw);
		secret_clear(&forms->forms[i].bmp);
	}
	memset(forms, 0, sizeof(*forms));
}
