/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `devid inspect` finds in one file. */
#pragma once

#include "command/cli/report.h"
#include "keyfile/password-source.h"

struct finding {
	const char *path;
	struct secret bytes;
	struct secret unwrapped; /* a PKCS12 block's DER */
	bool others_read;
	struct p12 *p12;       /* NULL for other kinds */
	struct bundle *bundle; /* NULL where it could not be opened */
	GPtrArray *candidates; /* struct candidate, or NULL */
	const char *password;  /* "none", "empty", "set"; NULL: not known */
	GError *error;	       /* why there is no bundle, or no candidate */
};
#define AUTO_FINDING __attribute__((cleanup(finding_clear)))
void finding_clear(struct finding *finding);

/* Opens the file as far as it goes; nothing is stored anywhere. */
void finding_make(struct finding *finding, const char *path, struct password_source *source);

/* How it stands with the account. */
enum exit_status finding_status(const struct finding *finding, const struct devid_account *account);
void finding_print(const struct finding *finding, const struct devid_account *account);
void finding_json(JsonBuilder *builder, const struct finding *finding,
		  const struct devid_account *account);
