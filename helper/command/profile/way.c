/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which way a program of OpenSSL takes to the token: see way.h. */
#include <config.h>
#include <string.h>
#include <glib.h>

#include "base/error.h"
#include "way.h"

static const struct {
	enum profile_way way;
	const char *word, *file, *what;
} ways[] = {
	/* The one that every program of the table knows, where both are there. */
	{ PROFILE_ENGINE, "engine", DEVID_ENGINES_DIR "/pkcs11.so", "OpenSSL's pkcs11 engine" },
	{ PROFILE_PROVIDER, "provider", DEVID_OSSL_MODULES_DIR "/pkcs11.so", "pkcs11-provider" },
};

static bool find_named(const struct profile *client, const char *word, enum profile_way *way,
		       GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		if (strcmp(ways[i].word, word) != 0)
			continue;
		*way = ways[i].way;
		return client->ways & ways[i].way ||
		       devid_error_set(error, DEVID_UNSUPPORTED, NULL, NULL,
				       "%s: it hands PKCS#11 URIs to the engine alone, and takes "
				       "no other reference to a key",
				       client->name);
	}
	return devid_error_set(error, DEVID_USAGE, NULL, "--for engine or --for provider",
			       "profile: --for %s: no such way to a token", word);
}

static bool find_here(const struct profile *client, enum profile_way *way, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++)
		if (client->ways & ways[i].way && g_file_test(ways[i].file, G_FILE_TEST_EXISTS)) {
			*way = ways[i].way;
			return true;
		}
	return devid_error_set(
		error, DEVID_NOT_FOUND, NULL,
		"install one (in Debian: libengine-pkcs11-openssl), or say which it is for: "
		"--for engine",
		"%s: its OpenSSL has no way to a token here: %s is not installed%s%s%s",
		client->name, ways[0].what, client->ways & PROFILE_PROVIDER ? ", nor is " : "",
		client->ways & PROFILE_PROVIDER ? ways[1].what : "",
		client->ways & PROFILE_PROVIDER ? "" : "; the client takes no other");
}

bool profile_choose_way(const struct profile *client, const char *word, enum profile_way *way,
			GError **error)
{
	*way = PROFILE_NO_WAY;
	if (!client->ways && word)
		return devid_error_set(error, DEVID_USAGE, NULL, NULL,
				       "profile: %s takes no --for: it needs neither engine nor "
				       "provider of OpenSSL",
				       client->name);
	if (!client->ways)
		return true;
	return word ? find_named(client, word, way, error) : find_here(client, way, error);
}
