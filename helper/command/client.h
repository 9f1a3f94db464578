/* Programs that use a device identity, and what each must be told: a row of the table in client-table.c each,
 * its configuration in a file of its name. `devid profile` prints and installs it.
 */
#ifndef COMMAND_CLIENT_H
#define COMMAND_CLIENT_H

#include "command.h"

/* Which token a program can reach. One that runs as root has no way to a user's keyring. */
enum client_token {
	CLIENT_EITHER,
	CLIENT_SYSTEM,
};

/* What a configuration is made for. Strings are checked: printable, without quotes, blanks and what else
 * could end a word in somebody's file format (client_profile_check()).
 */
struct client_profile {
	const struct identity *identity; /* ours, with a certificate */
	const char *module;		 /* path */
	const char *home;		 /* the caller's, for files of their own */
	char *name;	     /* for files and connections: "vpn.example.com", "laptop" */
	char *gateway;	     /* as given, or the client's example; NULL: it takes none */
	char *host;	     /* of the gateway, without port and brackets */
	char *port;	     /* or NULL */
	const char *user;    /* or NULL */
	const char *ca_file; /* absolute, or NULL */
};

/* One file of a configuration. */
struct client_file {
	char *path; /* NULL: no file but commands to run once */
	mode_t mode;
	char *part; /* of a file that has other parts, between two marks: what it is for; or NULL */
	bool first; /* a new part goes before the others: of two values the first one counts */
	bool plain; /* the format has no comments */
	GString *text; /* without the first lines that client_files_head() makes */
};

struct vpn_client {
	const char *name;
	const char *title; /* what it is, and of it which part */
	enum client_token token;
	const char *gateway; /* what --gateway is: "HOST[:PORT]"; NULL: there is none */
	const char *example; /* of it; NULL: it may be left out */
	bool user;	     /* takes --user */
	bool ca_needed;	     /* is unsafe without --ca-file */
	bool installs;	     /* there is an end-to-end test of what it installs */
	/* Adds the files. Fails where it has none. */
	gboolean (*profile)(const struct client_profile *profile, GPtrArray *files, GError **error);
	/* What to do when the files are in their places (%s is the name), or, where they are printed
	 * alone, what to know beside them. Or NULL. */
	const char *then;
};

const struct vpn_client *client_find(const char *name);
size_t client_count(void);
const struct vpn_client *client_get(size_t index);

/* --- client-support.c: what the files of the clients share ----------------------------------------- */

/* A new file at the end of `files` (which frees it). Takes the path. */
struct client_file *client_file_add(GPtrArray *files, char *path, mode_t mode);
GPtrArray *client_files_new(void);
/* Fills name, host and port from the gateway, and looks at every word. */
gboolean client_profile_check(struct client_profile *profile, const struct vpn_client *client,
			      GError **error);
void client_profile_clear(struct client_profile *profile);
/* The CA file, or the system's store. */
const char *client_ca_file(const struct client_profile *profile);
bool client_host_is_address(const struct client_profile *profile);
/* Of letters, digits, dots, dashes and underscores alone. */
char *client_plain_name(const char *text);
/* The common name of the certificate, or the label. */
char *client_common_name(const struct client_profile *profile);
/* "…", with backslashes before quotes and backslashes. */
char *client_quoted(const char *text);
/* CKA_ID in hex. */
char *client_id(const struct client_profile *profile, bool upper);
/* In ~/.config/devid/clients/: for programs that are told which file to read. Newly allocated. */
char *client_own_path(const struct client_profile *profile, const char *client);

/* --- the files' texts: one function a row of the table --------------------------------------------- */

gboolean client_openconnect(const struct client_profile *profile, GPtrArray *files, GError **error);
gboolean client_openvpn(const struct client_profile *profile, GPtrArray *files, GError **error);
gboolean client_strongswan(const struct client_profile *profile, GPtrArray *files, GError **error);
gboolean client_networkmanager(const struct client_profile *profile, GPtrArray *files,
			       GError **error);
gboolean client_networkmanager_wired(const struct client_profile *profile, GPtrArray *files,
				     GError **error);
gboolean client_networkmanager_wifi(const struct client_profile *profile, GPtrArray *files,
				    GError **error);
gboolean client_networkmanager_openvpn(const struct client_profile *profile, GPtrArray *files,
				       GError **error);
gboolean client_wpa_supplicant(const struct client_profile *profile, GPtrArray *files,
			       GError **error);
gboolean client_curl(const struct client_profile *profile, GPtrArray *files, GError **error);
gboolean client_git(const struct client_profile *profile, GPtrArray *files, GError **error);
gboolean client_openssh(const struct client_profile *profile, GPtrArray *files, GError **error);
gboolean client_firefox(const struct client_profile *profile, GPtrArray *files, GError **error);
gboolean client_chromium(const struct client_profile *profile, GPtrArray *files, GError **error);
gboolean client_openssl(const struct client_profile *profile, GPtrArray *files, GError **error);

/* --- client-install.c ------------------------------------------------------------------------------ */

enum client_outcome {
	CLIENT_UNCHANGED,
	CLIENT_WRITTEN,
};
/* Puts a file in its place, whole or between its marks; `text` is all of it, or of that part. What was there is
 * kept beside it: *backup, newly allocated, or NULL where nothing was. `client` is in the marks of a part.
 */
gboolean client_install(const struct client_file *file, const char *text, const char *client,
			const char *home, enum client_outcome *outcome, char **backup,
			GError **error);

#endif
