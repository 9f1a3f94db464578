/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Items and collections of the Secret Service. */
#include <string.h>
#include <internal/record.h>
#include "account/keeper.h"
#include "base/error.h"
#include "key-text.h"
#include "keyring-bound.h"
#include "keyring-call.h"
#include "keyring-item.h"
#include "keyring-link.h"
#include "keyring-private.h"
#include "keyring-prompt.h"
#include "keyring-session.h"

#define SCHEMA		  "org.devid.DeviceKey"
#define ATTRIBUTE_SCHEMA  "xdg:schema"
#define ATTRIBUTE_KEY	  "devid-key"
#define ATTRIBUTE_FORMAT  "devid-format"
#define FORMAT_PKCS8	  "pkcs8"
#define PROGRESS_US	  (2 * G_TIME_SPAN_SECOND)
#define CONTENT_TYPE	  "text/plain"
#define COLLECTION_LABEL  "Default keyring"
#define ITEM_LABEL_FORMAT "Device key %s (devid): deleting it disconnects this computer"

static GVariant *attributes(const char *spki_hash_hex, bool all)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&builder, "{ss}", ATTRIBUTE_SCHEMA, SCHEMA);
	g_variant_builder_add(&builder, "{ss}", ATTRIBUTE_KEY, spki_hash_hex);
	if (all)
		g_variant_builder_add(&builder, "{ss}", ATTRIBUTE_FORMAT, FORMAT_PKCS8);
	return g_variant_builder_end(&builder);
}

void keyring_items_clear(struct keyring_items *items)
{
	g_clear_pointer(&items->unlocked, g_strfreev);
	g_clear_pointer(&items->locked, g_strfreev);
}

bool keyring_items_find(struct keyring_link *link, struct keyring_bound *bound,
			const char *spki_hash_hex, struct keyring_items *items, GError **error)
{
	g_autoptr(GVariant) reply = keyring_call(
		link, bound, SERVICE_PATH, SERVICE_INTERFACE, "SearchItems",
		g_variant_new("(@a{ss})", attributes(spki_hash_hex, false)), "(aoao)", error);

	if (!reply)
		return false;
	keyring_items_clear(items);
	g_variant_get(reply, "(^ao^ao)", &items->unlocked, &items->locked);
	return true;
}

bool keyring_item_read(struct keyring_link *link, struct keyring_bound *bound, const char *path,
		       struct secret *pkcs8, GError **error)
{
	AUTO_SECRET struct secret text = SECRET_INIT;
	const struct keyring_session *session;
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GVariant) encoded = NULL;

	if (!keyring_link_reach(link, LINK_SESSION, bound, error))
		return false;
	session = keyring_link_session(link);
	reply = keyring_call(link, bound, path, ITEM_INTERFACE, "GetSecret",
			     g_variant_new("(o)", keyring_session_path(session)), "((oayays))",
			     error);
	if (!reply)
		return false;
	encoded = g_variant_get_child_value(reply, 0);
	if (keyring_session_decode(session, encoded, &text) &&
	    key_text_read((const char *)text.data, text.length, pkcs8))
		return true;
	return devid_error_set(error, DEVID_BAD_DATA, NULL, NULL,
			       "keyring: what it keeps in the place of the key is no key");
}

static GVariant *encode(struct keyring_link *link, const struct secret *pkcs8)
{
	AUTO_SECRET struct secret text = SECRET_INIT;

	if (!key_text_base64(pkcs8, &text))
		return NULL;
	return keyring_session_encode(keyring_link_session(link), &text, CONTENT_TYPE);
}

static char *item_label(const char *label)
{
	return g_strdup_printf(ITEM_LABEL_FORMAT, label ? label : "");
}

/* The object that a call made: its own answer, or what its prompt brought. */
static bool take_object(struct keyring_link *link, struct keyring_bound *bound, GVariant *reply,
			char **path, GError **error)
{
	g_autoptr(GVariant) result = NULL;
	const char *object, *prompt;

	g_variant_get(reply, "(&o&o)", &object, &prompt);
	if (!keyring_prompt(link, bound, prompt, &result, error))
		return false;
	if (g_str_equal(object, NO_OBJECT) && result &&
	    g_variant_is_of_type(result, G_VARIANT_TYPE_OBJECT_PATH))
		object = g_variant_get_string(result, NULL);
	if (g_str_equal(object, NO_OBJECT))
		return devid_error_set(error, DEVID_IO, NULL, KEYRING_IO_HINT,
				       "keyring: it made nothing");
	*path = g_strdup(object);
	return true;
}

bool keyring_item_create(struct keyring_link *link, struct keyring_bound *bound,
			 const char *collection, const char *spki_hash_hex, const char *label,
			 const struct secret *pkcs8, char **path, GError **error)
{
	g_autofree char *title = item_label(label);
	g_autoptr(GVariant) reply = NULL;
	GVariantBuilder properties;
	GVariant *encoded;

	if (!keyring_link_reach(link, LINK_SESSION, bound, error))
		return false;
	encoded = encode(link, pkcs8);
	if (!encoded)
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "keyring: no memory");
	g_variant_builder_init(&properties, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&properties, "{sv}", ITEM_INTERFACE ".Label",
			      g_variant_new_string(title));
	g_variant_builder_add(&properties, "{sv}", ITEM_INTERFACE ".Attributes",
			      attributes(spki_hash_hex, true));
	reply = keyring_call(link, bound, collection, COLLECTION_INTERFACE, "CreateItem",
			     g_variant_new("(a{sv}@(oayays)b)", &properties, encoded, true), "(oo)",
			     error);
	return reply && take_object(link, bound, reply, path, error);
}

static bool write_filling(struct keyring_link *link, struct keyring_bound *bound, const char *path,
			  guint turn, GError **error)
{
	g_autofree char *filling = keeper_filling(turn);
	AUTO_SECRET struct secret text = SECRET_INIT;
	g_autoptr(GVariant) reply = NULL;
	GVariant *encoded = NULL;

	if (secret_allocate(&text, strlen(filling)) == DEVID_OK &&
	    secret_append(&text, filling, strlen(filling)) == DEVID_OK)
		encoded = keyring_session_encode(keyring_link_session(link), &text, CONTENT_TYPE);
	if (!encoded)
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "keyring: no memory");
	reply = keyring_call(link, bound, path, ITEM_INTERFACE, "SetSecret",
			     g_variant_new("(@(oayays))", encoded), NULL, error);
	return reply != NULL;
}

/* Writing anything over it is what takes the secret away where deleting only moves the item: so
 * often that a history holds no version with it.
 */
static bool overwrite(struct keyring_link *link, struct keyring_bound *bound, const char *path,
		      const struct keeper *keeper, GError **error)
{
	gint64 told = g_get_monotonic_time();

	if (!keyring_link_reach(link, LINK_SESSION, bound, error))
		return false;
	for (guint turn = 0; turn < keeper_turns(keeper); turn++) {
		if (!write_filling(link, bound, path, turn, error))
			return false;
		/* Each may be a whole database that is written. */
		keyring_bound_renew(bound);
		if (g_get_monotonic_time() - told < PROGRESS_US)
			continue;
		told = g_get_monotonic_time();
		keyring_bound_progress(bound);
	}
	return true;
}

bool keyring_item_delete(struct keyring_link *link, struct keyring_bound *bound, const char *path,
			 GError **error)
{
	const struct keeper *keeper =
		keeper_find(keyring_link_connection(link), keyring_bound_left_ms(bound),
			    keyring_bound_cancel(bound));
	g_autoptr(GError) refused = NULL;
	g_autoptr(GVariant) reply = NULL;
	const char *prompt;

	/* One that can't be written may still be deleted. */
	(void)overwrite(link, bound, path, keeper, &refused);
	reply = keyring_call(link, bound, path, ITEM_INTERFACE, "Delete", NULL, "(o)", error);
	if (!reply)
		return false;
	g_variant_get(reply, "(&o)", &prompt);
	if (!keyring_prompt(link, bound, prompt, NULL, error))
		return false;
	if (refused) {
		g_autofree char *words = g_strdup_printf(
			"the private key could not be overwritten before it was deleted (%s): what "
			"keeps deleted items has it still",
			refused->message);

		keyring_bound_kept(bound, words);
	}
	if (keeper)
		keyring_bound_kept(bound, keeper->where);
	return true;
}

bool keyring_item_label(struct keyring_link *link, struct keyring_bound *bound, const char *path,
			const char *label, GError **error)
{
	g_autofree char *title = item_label(label);
	g_autoptr(GVariant) reply = keyring_call(
		link, bound, path, PROPERTIES_INTERFACE, "Set",
		g_variant_new("(ssv)", ITEM_INTERFACE, "Label", g_variant_new_string(title)), NULL,
		error);

	return reply != NULL;
}

bool keyring_collection_default(struct keyring_link *link, struct keyring_bound *bound, char **path,
				GError **error)
{
	g_autoptr(GVariant) reply =
		keyring_call(link, bound, SERVICE_PATH, SERVICE_INTERFACE, "ReadAlias",
			     g_variant_new("(s)", "default"), "(o)", error);
	const char *object;

	if (!reply)
		return false;
	g_variant_get(reply, "(&o)", &object);
	*path = g_str_equal(object, NO_OBJECT) ? NULL : g_strdup(object);
	return true;
}

/* An alias may name what the daemon does not have: it was told of a keyring that another daemon
 * made after it had begun (a login by pam_gnome_keyring beside one that ran already, the very first
 * login), or whose file went. gnome-keyring even lists it.
 */
static void tell_dangling(const char *path, GError **error)
{
	enum devid_result result = devid_error_result(*error);
	const char *name = strrchr(path, '/');

	if (result != DEVID_IO && result != DEVID_KEY_MISSING)
		return;
	g_clear_error(error);
	devid_error_set(error, DEVID_STORE_MISSING, NULL,
			"log out and in again: the keyring's daemon then finds it, or makes it",
			"keyring: its default collection, \"%s\", isn't there for its daemon",
			name ? name + 1 : path);
}

bool keyring_collection_locked(struct keyring_link *link, struct keyring_bound *bound,
			       const char *path, bool *locked, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GVariant) reply =
		keyring_call(link, bound, path, PROPERTIES_INTERFACE, "Get",
			     g_variant_new("(ss)", COLLECTION_INTERFACE, "Locked"), "(v)", &local);
	g_autoptr(GVariant) value = NULL;

	if (!reply) {
		tell_dangling(path, &local);
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	g_variant_get(reply, "(v)", &value);
	*locked = !g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN) ||
		  g_variant_get_boolean(value);
	return true;
}

bool keyring_collection_create(struct keyring_bound *bound, char **path, GError **error)
{
	struct keyring_link *link = keyring_link_for_prompt(bound, error);
	g_autoptr(GVariant) reply = NULL;
	GVariantBuilder properties;
	bool made;

	if (!link)
		return false;
	g_variant_builder_init(&properties, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&properties, "{sv}", COLLECTION_INTERFACE ".Label",
			      g_variant_new_string(COLLECTION_LABEL));
	reply = keyring_call(link, bound, SERVICE_PATH, SERVICE_INTERFACE, "CreateCollection",
			     g_variant_new("(a{sv}s)", &properties, "default"), "(oo)", error);
	made = reply && take_object(link, bound, reply, path, error);
	keyring_link_close(link);
	return made;
}
