/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that use a device identity, and what each must be told: a row of the table in table.c
 * each, its configuration in a file of its name. `devid profile` prints and installs it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include "identity/identity.h"

/* Which token a program can reach. One that runs as root has no way to a user's keyring. */
enum profile_token {
	PROFILE_EITHER,
	PROFILE_SYSTEM,
};

/* How a program of OpenSSL reaches a token (way.h): one of these, or a client's several. */
enum profile_way {
	PROFILE_NO_WAY = 0,
	PROFILE_ENGINE = 1,
	PROFILE_PROVIDER = 2,
};

/* What a configuration is made for. Strings are checked: printable, without quotes, blanks and what
 * else could end a word in somebody's file format (profile_request_check()).
 */
struct profile_request {
	const struct identity *identity; /* ours, with a certificate */
	const char *module;		 /* path */
	const char *home;		 /* the caller's, for files of their own */
	char *name;	      /* for files and connections: "vpn.example.com", "laptop" */
	char *gateway;	      /* as given, or the client's example; NULL: it takes none */
	char *host;	      /* of the gateway, without port and brackets */
	char *port;	      /* or NULL */
	const char *user;     /* or NULL */
	const char *ca_file;  /* absolute, or NULL */
	enum profile_way way; /* of the client's ways; PROFILE_NO_WAY where it has none */
};

/* One file of a configuration. */
struct profile_file {
	char *path; /* NULL: no file but commands to run once */
	mode_t mode;
	char *part; /* of a file that has other parts, between two marks: what it is for; or NULL */
	bool first; /* a new part goes before the others: of two values the first one counts */
	bool plain; /* the format has no comments */
	GString *text; /* without the first lines that profile_files_head() makes */
};

/* Adds the files. Fails where it has none. */
typedef bool profile_writer(const struct profile_request *profile, GPtrArray *files,
			    GError **error);

struct profile {
	const char *name;
	const char *title; /* what it is, and of it which part */
	enum profile_token token;
	const char *gateway; /* what --gateway is: "HOST[:PORT]"; NULL: there is none */
	const char *example; /* of it; NULL: it may be left out */
	bool user;	     /* takes --user */
	bool ca_needed;	     /* is unsafe without --ca-file */
	bool installs;	     /* there is an end-to-end test of what it installs */
	unsigned ways;	     /* enum profile_way; 0: it doesn't reach the token by OpenSSL */
	profile_writer *profile;
	/* The programs that read what is installed, by the names that AppArmor and the kernel have
	 * for them, blanks between; NULL: those that are denied much which is none of ours
	 * (browsers). Read in Debian 12: of them strongSwan's two alone come with a profile
	 * (charon-systemd complains, swanctl is held to it). */
	const char *programs;
	/* What to do when the files are in their places (%s is the name), or, where they are
	 * printed alone, what to know beside them. Or NULL. */
	const char *then;
};

extern const struct profile profile_rows[];
extern const size_t profile_row_count;
/* Whether that is a program of one of the rows ("swanctl", without its folder). */
bool profile_has_program(const char *program);

profile_writer profile_openconnect, profile_openvpn, profile_strongswan, profile_networkmanager,
	profile_networkmanager_wired, profile_networkmanager_wifi, profile_networkmanager_openvpn,
	profile_wpa_supplicant, profile_curl, profile_git, profile_openssh, profile_firefox,
	profile_chromium, profile_openssl;
