/* Connections: NAME.conf in the folders connections.d, the machine's and the user's own. */
#ifndef COMMAND_CONNECTION_H
#define COMMAND_CONNECTION_H

#include <glib.h>
#include <devid/result.h>

#define CONNECTION_NAME_MAX 64

struct connection {
	char *name;	/* of its file; of one that is made up, the gateway's */
	char *path;	/* NULL: made up of a gateway's name */
	char *gateway;	/* host[:port], as given */
	char *client;	/* "openconnect", … */
	char *identity; /* a label; NULL: chosen */
	char *user;	/* NULL: asked for, or not needed */
	gboolean save;	/* keep user name and password in the keyring */
	gboolean ignore_office;
	char *protocol;	  /* NULL: the client's own default */
	char **arguments; /* NULL: none */
	char *ca_file;	  /* NULL: the system's */
	char *server_pin; /* or NULL */
	char *config;	  /* openvpn's file, or the name of strongSwan's child */
	char **command;	  /* exec: its words */
	char *host;	  /* of `gateway`, in lower case … */
	guint16 port;	  /* … and 443 where it names none */
};
void connection_free(struct connection *connection);
typedef struct connection Connection;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Connection, connection_free)

/* What a file says. NULL with "LINE: what is wrong" (free it). `name` is taken as valid. */
struct connection *connection_parse(const char *name, const char *text, gsize length, char **why);
/* One that is in no file. NULL: that is no host[:port]. */
struct connection *connection_for_gateway(const char *gateway, GError **error);
/* Whether a connection can be called so: letters, digits and ._-, the first a letter or digit. */
gboolean connection_is_name(const char *name);

/* "host:port", "[address]:port"; newly allocated. */
char *connection_address(const struct connection *connection);

/* By name, else by gateway; NULL: the only one there is. The machine's file goes before the user's own. */
struct connection *connection_find(const char *operand, GError **error);
/* The names of both folders, sorted; never NULL. Files that can't be read are among them. */
GPtrArray *connection_names(void);

#endif
