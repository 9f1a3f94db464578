/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store "file": a private half as `<spki>.key` in the data folder, readable by its owner
 * alone. */
#include "base/error.h"
#include "file.h"
#include "folder-open.h"
#include "folder.h"
#include "key-text.h"
#include "store.h"

#define SUFFIX ".key"

static enum devid_protection file_protection(enum scope scope)
{
	return scope == SCOPE_SYSTEM ? DEVID_PROTECTION_ROOT : DEVID_PROTECTION_USER;
}

static enum store_state file_state(enum scope scope, char **why)
{
	AUTO_FOLDER struct folder folder = FOLDER_INIT;
	g_autoptr(GError) error = NULL;

	/* A folder that isn't there yet is made by the first write. */
	if (folder_open(scope, false, &folder, &error) ||
	    devid_error_result(error) == DEVID_NOT_FOUND)
		return STORE_READY;
	if (why)
		*why = g_strdup(error->message);
	return STORE_MISSING;
}

bool store_file_read(enum scope scope, const char *spki_hash_hex, const char *suffix,
		     struct secret *content, GError **error)
{
	AUTO_FOLDER struct folder folder = FOLDER_INIT;
	g_autofree char *name = g_strconcat(spki_hash_hex, suffix, NULL);
	g_autoptr(GError) local = NULL;

	if (folder_open(scope, false, &folder, &local) &&
	    folder_read(&folder, name, KEY_TEXT_MAX, true, content, &local))
		return true;
	if (devid_error_result(local) == DEVID_NOT_FOUND)
		devid_error_set(error, DEVID_KEY_MISSING, NULL, NULL,
				"the private key's file is not there: %s", local->message);
	else
		g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

static bool file_read(enum scope scope, const char *spki_hash_hex, const struct store_wait *wait,
		      struct secret *pkcs8, GError **error)
{
	AUTO_SECRET struct secret text = SECRET_INIT;

	if (!store_file_read(scope, spki_hash_hex, SUFFIX, &text, error))
		return false;
	return key_text_read((const char *)text.data, text.length, pkcs8) ||
	       devid_error_set(error, DEVID_BAD_DATA, NULL, NULL, "%s%s: the key is damaged",
			       spki_hash_hex, SUFFIX);
}

bool store_file_write(enum scope scope, const char *spki_hash_hex, const char *suffix,
		      const struct secret *content, GError **error)
{
	AUTO_FOLDER struct folder folder = FOLDER_INIT;
	AUTO_SECRET struct secret back = SECRET_INIT;
	g_autofree char *name = g_strconcat(spki_hash_hex, suffix, NULL);

	if (!folder_open(scope, true, &folder, error) ||
	    !folder_write(&folder, name, 0600, content->data, content->length, error) ||
	    !folder_sync(&folder, error) ||
	    !folder_read(&folder, name, KEY_TEXT_MAX, true, &back, error))
		return false;
	return key_text_equal(&back, content) ||
	       devid_error_set(error, DEVID_IO, NULL, NULL, "%s/%s: it reads back differently",
			       folder.path, name);
}

static bool file_write(enum scope scope, const char *spki_hash_hex, const char *label,
		       const struct secret *pkcs8, const struct store_wait *wait, bool *sent,
		       GError **error)
{
	AUTO_SECRET struct secret text = SECRET_INIT, back = SECRET_INIT;

	if (file_read(scope, spki_hash_hex, wait, &back, NULL) && key_text_equal(&back, pkcs8))
		return true;
	if (!key_text_pem(pkcs8, &text))
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "%s%s: no memory",
				       spki_hash_hex, SUFFIX);
	*sent = true;
	return store_file_write(scope, spki_hash_hex, SUFFIX, &text, error);
}

bool store_file_remove(enum scope scope, const char *spki_hash_hex, const char *suffix,
		       GError **error)
{
	AUTO_FOLDER struct folder folder = FOLDER_INIT;
	g_autofree char *name = g_strconcat(spki_hash_hex, suffix, NULL);
	g_autofree char *temporary = g_strconcat(name, FOLDER_TEMPORARY, NULL);
	g_autoptr(GError) local = NULL;

	if (!folder_open(scope, false, &folder, &local)) {
		if (devid_error_result(local) == DEVID_NOT_FOUND)
			return true;
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	return folder_remove(&folder, temporary, error) && folder_remove(&folder, name, error) &&
	       folder_sync(&folder, error);
}

static bool file_remove(enum scope scope, const char *spki_hash_hex, const struct store_wait *wait,
			GError **error)
{
	return store_file_remove(scope, spki_hash_hex, SUFFIX, error);
}

const struct store store_file = {
	.name = "file",
	.title = "a file that its owner alone can read",
	.protection = file_protection,
	.state = file_state,
	.read = file_read,
	.write = file_write,
	.remove = file_remove,
	.relabel = NULL,
};
