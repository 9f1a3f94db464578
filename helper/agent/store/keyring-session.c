/* libsecret's session, on a connection of our own.
 *
 * SecretService takes the process's shared bus connection and loads and follows properties that are
 * of no use here; libsecret's signal handler is not safe without them. The subclass puts that
 * right: its own connection, no properties, no signals. And libsecret's prompts, which can wait for
 * ever, never run.
 */
#include "keyring-private.h"

#define PROXY_FLAGS                                                                              \
	(G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES | G_DBUS_PROXY_FLAGS_DO_NOT_CONNECT_SIGNALS | \
	 G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START)

GType session_service_get_type(void);

typedef SecretService SessionService;
typedef SecretServiceClass SessionServiceClass;

G_DEFINE_TYPE(SessionService, session_service, SECRET_TYPE_SERVICE)

static GObject *session_service_constructor(GType type, guint count,
					    GObjectConstructParam *properties)
{
	GObject *object =
		G_OBJECT_CLASS(session_service_parent_class)->constructor(type, count, properties);

	/* The parent's constructor has set these for the shared connection. */
	g_object_set(object, "g-bus-type", G_BUS_TYPE_NONE, "g-flags", PROXY_FLAGS, NULL);
	for (guint i = 0; i < count; i++)
		if (g_str_equal(properties[i].pspec->name, "g-name"))
			g_object_set_property(object, "g-name", properties[i].value);
	return object;
}

static GVariant *never_prompt(SecretService *service, SecretPrompt *prompt, GCancellable *cancel,
			      const GVariantType *type, GError **error)
{
	(void)service;
	(void)prompt;
	(void)cancel;
	(void)type;
	g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "prompts are not run here");
	return NULL;
}

static void session_service_class_init(SessionServiceClass *class)
{
	G_OBJECT_CLASS(class)->constructor = session_service_constructor;
	class->prompt_sync = never_prompt;
}

static void session_service_init(SessionService *service)
{
	(void)service;
}

/* `owner`: the daemon's unique name, which saves the proxy from asking for it. */
SecretService *keyring_session_open(GDBusConnection *connection, const char *owner,
				    GCancellable *cancel, GError **error)
{
	SecretService *service = g_initable_new(
		session_service_get_type(), cancel, error, "g-connection", connection, "g-name",
		owner, "g-object-path", SERVICE_PATH, "g-interface-name", SERVICE_INTERFACE, NULL);

	if (service && !secret_service_ensure_session_sync(service, cancel, error))
		g_clear_object(&service);
	return service;
}
