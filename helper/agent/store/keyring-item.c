/* Items and collections of the Secret Service. */
#include <string.h>
#include <internal/record.h>
#include "helper/account/error.h"
#include "key-text.h"
#include "keyring-private.h"

#define ATTRIBUTE_KEY	  "devid-key"
#define ATTRIBUTE_FORMAT  "devid-format"
#define FORMAT_PKCS8	  "pkcs8"
#define CONTENT_TYPE	  "text/plain"
#define COLLECTION_LABEL  "Default keyring"
#define ITEM_LABEL_FORMAT "Device key %s (devid): deleting it disconnects this computer"

static const SecretSchema schema = {
	.name = "org.devid.DeviceKey",
	.flags = SECRET_SCHEMA_NONE,
	.attributes = {
		{ ATTRIBUTE_KEY, SECRET_SCHEMA_ATTRIBUTE_STRING },
		{ ATTRIBUTE_FORMAT, SECRET_SCHEMA_ATTRIBUTE_STRING },
		{ NULL, 0 },
	},
};

static GVariant *attributes(const char *spki_hash_hex, gboolean all)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&builder, "{ss}", "xdg:schema", schema.name);
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

gboolean keyring_items_find(struct keyring_link *link, struct keyring_bound *bound,
			    const char *spki_hash_hex, struct keyring_items *items, GError **error)
{
	g_autoptr(GVariant) reply = keyring_call(
		link, bound, SERVICE_PATH, SERVICE_INTERFACE, "SearchItems",
		g_variant_new("(@a{ss})", attributes(spki_hash_hex, FALSE)), "(aoao)", error);

	if (!reply)
		return FALSE;
	keyring_items_clear(items);
	g_variant_get(reply, "(^ao^ao)", &items->unlocked, &items->locked);
	return TRUE;
}

gboolean keyring_item_read(struct keyring_link *link, struct keyring_bound *bound, const char *path,
			   struct secret *pkcs8, GError **error)
{
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GVariant) encoded = NULL;
	const char *session, *text;
	SecretValue *value;
	gboolean read;
	gsize length;

	if (!keyring_link_reach(link, LINK_SESSION, bound, error))
		return FALSE;
	session = secret_service_get_session_dbus_path(keyring_link_service(link));
	reply = keyring_call(link, bound, path, ITEM_INTERFACE, "GetSecret",
			     g_variant_new("(o)", session), "((oayays))", error);
	if (!reply)
		return FALSE;
	encoded = g_variant_get_child_value(reply, 0);
	value = secret_service_decode_dbus_secret(keyring_link_service(link), encoded);
	text = value ? secret_value_get(value, &length) : NULL;
	read = text && key_text_read(text, length, pkcs8);
	if (value)
		secret_value_unref(value); /* wipes it */
	if (!read)
		devid_error_set(error, DEVID_BAD_DATA, NULL, NULL,
				"keyring: what it keeps in the place of the key is no key");
	return read;
}

static GVariant *encode(struct keyring_link *link, const struct secret *pkcs8)
{
	AUTO_SECRET struct secret text = SECRET_INIT;
	SecretValue *value;
	GVariant *encoded;

	if (!key_text_base64(pkcs8, &text))
		return NULL;
	value = secret_value_new((const char *)text.data, (gssize)text.length, CONTENT_TYPE);
	encoded = secret_service_encode_dbus_secret(keyring_link_service(link), value);
	secret_value_unref(value);
	return encoded;
}

static char *item_label(const char *label)
{
	return g_strdup_printf(ITEM_LABEL_FORMAT, label ? label : "");
}

/* The object that a call made: its own answer, or what its prompt brought. */
static gboolean take_object(struct keyring_link *link, struct keyring_bound *bound, GVariant *reply,
			    char **path, GError **error)
{
	g_autoptr(GVariant) result = NULL;
	const char *object, *prompt;

	g_variant_get(reply, "(&o&o)", &object, &prompt);
	if (!keyring_prompt(link, bound, prompt, &result, error))
		return FALSE;
	if (g_str_equal(object, NO_OBJECT) && result &&
	    g_variant_is_of_type(result, G_VARIANT_TYPE_OBJECT_PATH))
		object = g_variant_get_string(result, NULL);
	if (g_str_equal(object, NO_OBJECT)) {
		devid_error_set(error, DEVID_IO, NULL, NULL, "keyring: it made nothing");
		return FALSE;
	}
	*path = g_strdup(object);
	return TRUE;
}

gboolean keyring_item_create(struct keyring_link *link, struct keyring_bound *bound,
			     const char *collection, const char *spki_hash_hex, const char *label,
			     const struct secret *pkcs8, char **path, GError **error)
{
	g_autofree char *title = item_label(label);
	g_autoptr(GVariant) reply = NULL;
	GVariantBuilder properties;
	GVariant *encoded;

	if (!keyring_link_reach(link, LINK_SESSION, bound, error))
		return FALSE;
	encoded = encode(link, pkcs8);
	if (!encoded) {
		devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "keyring: no memory");
		return FALSE;
	}
	g_variant_builder_init(&properties, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&properties, "{sv}", ITEM_INTERFACE ".Label",
			      g_variant_new_string(title));
	g_variant_builder_add(&properties, "{sv}", ITEM_INTERFACE ".Attributes",
			      attributes(spki_hash_hex, TRUE));
	reply = keyring_call(link, bound, collection, COLLECTION_INTERFACE, "CreateItem",
			     g_variant_new("(a{sv}@(oayays)b)", &properties, encoded, TRUE), "(oo)",
			     error);
	return reply && take_object(link, bound, reply, path, error);
}

gboolean keyring_item_delete(struct keyring_link *link, struct keyring_bound *bound,
			     const char *path, GError **error)
{
	g_autoptr(GVariant) reply =
		keyring_call(link, bound, path, ITEM_INTERFACE, "Delete", NULL, "(o)", error);
	const char *prompt;

	if (!reply)
		return FALSE;
	g_variant_get(reply, "(&o)", &prompt);
	return keyring_prompt(link, bound, prompt, NULL, error);
}

gboolean keyring_item_label(struct keyring_link *link, struct keyring_bound *bound,
			    const char *path, const char *label, GError **error)
{
	g_autofree char *title = item_label(label);
	g_autoptr(GVariant) reply = keyring_call(
		link, bound, path, PROPERTIES_INTERFACE, "Set",
		g_variant_new("(ssv)", ITEM_INTERFACE, "Label", g_variant_new_string(title)), NULL,
		error);

	return reply != NULL;
}

gboolean keyring_collection_default(struct keyring_link *link, struct keyring_bound *bound,
				    char **path, GError **error)
{
	g_autoptr(GVariant) reply =
		keyring_call(link, bound, SERVICE_PATH, SERVICE_INTERFACE, "ReadAlias",
			     g_variant_new("(s)", "default"), "(o)", error);
	const char *object;

	if (!reply)
		return FALSE;
	g_variant_get(reply, "(&o)", &object);
	*path = g_str_equal(object, NO_OBJECT) ? NULL : g_strdup(object);
	return TRUE;
}

gboolean keyring_collection_locked(struct keyring_link *link, struct keyring_bound *bound,
				   const char *path, gboolean *locked, GError **error)
{
	g_autoptr(GVariant) reply =
		keyring_call(link, bound, path, PROPERTIES_INTERFACE, "Get",
			     g_variant_new("(ss)", COLLECTION_INTERFACE, "Locked"), "(v)", error);
	g_autoptr(GVariant) value = NULL;

	if (!reply)
		return FALSE;
	g_variant_get(reply, "(v)", &value);
	*locked = !g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN) ||
		  g_variant_get_boolean(value);
	return TRUE;
}

gboolean keyring_collection_create(struct keyring_bound *bound, char **path, GError **error)
{
	struct keyring_link *link = keyring_link_for_prompt(bound, error);
	g_autoptr(GVariant) reply = NULL;
	GVariantBuilder properties;
	gboolean made;

	if (!link)
		return FALSE;
	g_variant_builder_init(&properties, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&properties, "{sv}", COLLECTION_INTERFACE ".Label",
			      g_variant_new_string(COLLECTION_LABEL));
	reply = keyring_call(link, bound, SERVICE_PATH, SERVICE_INTERFACE, "CreateCollection",
			     g_variant_new("(a{sv}s)", &properties, "default"), "(oo)", error);
	made = reply && take_object(link, bound, reply, path, error);
	keyring_link_close(link);
	return made;
}
