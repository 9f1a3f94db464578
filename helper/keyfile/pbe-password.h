/* One password, as the makers of files encode it. */
#ifndef KEYFILE_PBE_PASSWORD_H
#define KEYFILE_PBE_PASSWORD_H

#include "pbe.h"

bool pbe_password_set(struct pbe_password *forms, const struct secret *password);
void pbe_password_clear(struct pbe_password *forms);

#endif
