/* What the configurations of clients share: names, quoting, and words that no file format can trip
 * over.
 */
#pragma once

#include "client.h"

/* Fills name, host and port from the gateway, and looks at every word. */
gboolean client_profile_check(struct client_profile *profile, const struct vpn_client *client,
			      GError **error);
/* A new file at the end of `files` (which frees it). Takes the path. */
struct client_file *client_file_add(GPtrArray *files, char *path, mode_t mode);
GPtrArray *client_files_new(void);
void client_profile_clear(struct client_profile *profile);
/* The CA file, or the system's store. */
const char *client_ca_file(const struct client_profile *profile);
bool client_host_is_address(const struct client_profile *profile);
/* The common name of the certificate, or the label. */
char *client_common_name(const struct client_profile *profile);
/* "…", with backslashes before quotes and backslashes. */
char *client_quoted(const char *text);
/* CKA_ID in hex. */
char *client_id(const struct client_profile *profile, bool upper);
/* In ~/.config/devid/clients/: for programs that are told which file to read. Newly allocated. */
char *client_own_path(const struct client_profile *profile, const char *client);
