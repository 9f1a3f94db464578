/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the configurations of clients share: names, quoting, and words that no file format can trip
 * over.
 */
#pragma once

#include <stdbool.h>
#include "profile.h"

/* Fills name, host and port from the gateway, and looks at every word. */
bool profile_request_check(struct profile_request *profile, const struct profile *client,
			   GError **error);
/* A new file at the end of `files` (which frees it). Takes the path. */
struct profile_file *profile_file_add(GPtrArray *files, char *path, mode_t mode);
GPtrArray *profile_files_new(void);
void profile_request_clear(struct profile_request *profile);
/* The CA file, or the system's store. */
const char *profile_ca_file(const struct profile_request *profile);
bool profile_host_is_address(const struct profile_request *profile);
/* The common name of the certificate, or the label. */
char *profile_common_name(const struct profile_request *profile);
/* "…", with backslashes before quotes and backslashes. */
char *profile_quoted(const char *text);
/* CKA_ID in small hex. */
char *profile_id(const struct identity *identity);
/* In ~/.config/devid/clients/: for programs that are told which file to read. Newly allocated. */
char *profile_own_path(const struct profile_request *profile, const char *client);
