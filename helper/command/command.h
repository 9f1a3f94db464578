/* What subcommands share: their table's row, how they end, how they print. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stdio.h>
#include <glib.h>
#include <json-glib/json-glib.h>
#include <gnutls/abstract.h>
#include <devid/devid.h>
#include <internal/client.h>
#include <internal/record.h>
#include "../account/error.h"

/* DESIGN section 7. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_WORDS = 2,
	EXIT_CERTIFICATE = 3,
	EXIT_BLOCKED = 4,
	EXIT_STORE = 5,
	EXIT_NO_ACCOUNT = 6,
};

/* A row of the table in main.c. `run` gets argv[0] = the subcommand's name and answers an exit
 * status. main() has already replaced typographic dashes, set the locale, and handled `devid help
 * NAME`.
 */
struct command {
	const char *name;
	const char *arguments; /* "FILE" for the usage line */
	const char *summary;   /* one line for `devid help` */
	enum exit_status (*run)(int argc, char **argv);
};

/* group.c: a subcommand with actions of its own, as "ca add". An action's run() gets argv[0] = "ca add". */
struct command_group {
	const char *name;
	const char *about; /* what the actions are for: whole lines */
	const struct command *actions;
	size_t count;
};
enum exit_status group_run(const struct command_group *group, int argc, char **argv);

enum exit_status command_account(int argc, char **argv);
enum exit_status command_connect(int argc, char **argv);
enum exit_status command_disconnect(int argc, char **argv);
enum exit_status command_import_cert(int argc, char **argv);
enum exit_status command_inspect(int argc, char **argv);
enum exit_status command_list(int argc, char **argv);
enum exit_status command_show(int argc, char **argv);
enum exit_status command_check(int argc, char **argv);
enum exit_status command_verify(int argc, char **argv);
enum exit_status command_ca(int argc, char **argv);
enum exit_status command_remove(int argc, char **argv);
enum exit_status command_rename(int argc, char **argv);
enum exit_status command_export(int argc, char **argv);
enum exit_status command_doctor(int argc, char **argv);
enum exit_status command_policy(int argc, char **argv);
enum exit_status command_posture(int argc, char **argv);
enum exit_status command_reset_cred(int argc, char **argv);
enum exit_status command_status(int argc, char **argv);
enum exit_status command_events(int argc, char **argv);
enum exit_status command_version(int argc, char **argv);

/* options.c: GOption with devid's manners: unknown options are EXIT_WORDS with one clear error and
 * the hint "devid help NAME"; --help prints and sets *done. On success argv is compacted to the
 * operands.
 */
bool options_parse(int *argc, char ***argv, const char *arguments, const char *summary,
		   const char *description, const GOptionEntry *entries, bool *done,
		   enum exit_status *status);

/* report.c: how a command ends badly: the bracket line where there is one, "devid: what: why",
 * "hint: …"; with `json` an object {"result": "error", "reason": …, "message": …, "hint": …} on
 * stdout instead. Answers the exit status that belongs to the error's result; frees and clears
 * *error.
 */
enum exit_status report_error(GError **error, bool json);
enum exit_status report_usage(const char *command, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same with the hint "did you mean devid NEAREST?". */
enum exit_status report_usage_near(const char *nearest, const char *format, ...)
	G_GNUC_PRINTF(2, 3);
void report_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);
void report_hint(const char *format, ...) G_GNUC_PRINTF(1, 2);
enum exit_status exit_status_for(enum devid_result result);
/* Prints a JSON document (pretty, UTF-8, LF) on stdout; consumes `root`. */
void report_json(JsonNode *root);
/* Colour on a terminal and without NO_COLOR only. */
enum colour { COLOUR_PLAIN, COLOUR_GOOD, COLOUR_WARN, COLOUR_BAD, COLOUR_DIM, COLOUR_BOLD };
const char *colour(enum colour which, FILE *stream);

/* agent.c: the agent as a command talks to it; reply errors become GErrors. */
gboolean agent_connect(struct client *client, enum half half, enum client_start start,
		       GError **error);
gboolean agent_call(struct client *client, struct wire_frame *request, struct wire_frame *reply,
		    GError **error);

/* identity-list.c: the records of both tokens, read from disk without the agent. */
struct identity {
	enum half half;
	struct record *record;	  /* borrowed from the list */
	gnutls_x509_crt_t *chain; /* leaf first; NULL for a lone key */
	size_t chain_count;
	char *uri;	   /* pkcs11:token=…;object=… */
	const char *token; /* the token's label */
	bool foreign;	   /* on a token that isn't ours: `record` is made up from what it shows */
	bool hardware;	   /* … and that token says it is hardware */
	char *user;	   /* whose it is where that is another user (list --all-users), or NULL */
	char *query; /* … "?pin-source=…" of the URI as it was given, or NULL; never printed */
};
struct identity_list;
struct identity_list *identity_list_load(bool user, bool system, GError **error);
/* Adds what a foreign token shows without a PIN: certificates that are not a CA's, with the CA
 * certificates beside them (foreign.c). `uri` names the token, or one object on it.
 */
gboolean identity_list_add_foreign(struct identity_list *list, const char *uri, GError **error);
size_t identity_list_count(const struct identity_list *list);
const struct identity *identity_list_get(const struct identity_list *list, size_t index);
/* By label; NULL label: the only one, else an error that names them. The user's token before the
 * system's.
 */
const struct identity *identity_list_find(const struct identity_list *list, const char *label,
					  GError **error);
/* The URI that is printed and configured (RFC 7512): token and object, no id. */
char *identity_uri(enum half half, const char *label);
const char *identity_token_label(enum half half);
void identity_list_free(struct identity_list *list);
typedef struct identity_list identity_list;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(identity_list, identity_list_free)

/* agent.c: one signature by the agent itself, for what PKCS#11's error codes can't tell: why a key of
 * ours doesn't sign.
 */
gboolean agent_try_key(const struct identity *identity, GError **error);

/* token.c: our own module, or for a foreign URI every registered one, through GnuTLS. */
/* The path of our module: DEVID_MODULE, else where it was installed. */
const char *token_module_path(void);
gboolean token_load_own(GError **error);
gboolean token_load_all(GError **error);
enum devid_result token_result(int gnutls_code);
/* `uri` may be an identity's (without a type). The caller ends it with gnutls_privkey_deinit(). */
gboolean token_open_key(const char *uri, gnutls_privkey_t *key, GError **error);
/* A signature with the key behind `uri`, verified with the certificate. */
gboolean token_test_sign(const char *uri, gnutls_x509_crt_t certificate, GError **error);

/* password.c: asked on the terminal without echo, or --password-file, --password-fd, or the systemd
 * credential devid.password. `prompt` names what is asked for.
 */
gboolean password_read(const char *file, int fd, const char *prompt, struct secret *password,
		       GError **error);

#endif
