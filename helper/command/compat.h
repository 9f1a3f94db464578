/* Which systems open a PKCS#12 file, by what protects it. */
#ifndef COMMAND_COMPAT_H
#define COMMAND_COMPAT_H

#include "p12.h"

/* Names of the systems that fail on it, with the cause: char*, in table order. `empty`: its
 * password is. */
GPtrArray *compat_failures(const struct p12 *p12, bool empty);

#endif
