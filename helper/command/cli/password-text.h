/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A password as editors write it to a file: with a byte order mark (Windows' Notepad), in UTF-16
 * (PowerShell's ">"), in an eight-bit code.
 */
#pragma once

#include <internal/secret.h>

enum password_text {
	PASSWORD_TEXT_PLAIN,
	PASSWORD_TEXT_MARK,  /* a byte order mark is left out */
	PASSWORD_TEXT_UTF16, /* it was UTF-16 */
	PASSWORD_TEXT_BYTES, /* it isn't UTF-8, and left as it is */
	PASSWORD_TEXT_NO_MEMORY,
};

/* The password in those bytes, in UTF-8 but for BYTES, without one newline (LF, CRLF) at its
 * end. */
enum password_text password_text(const uint8_t *bytes, size_t length, struct secret *password);
