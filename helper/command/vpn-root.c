/* The way to root, for what makes a tunnel: sudo where a rule lets it without a password, else pkexec, which asks.
 * `sudo -l` may say yes of words for which sudo itself wants a password (sudoers(5), listpw): then it is pkexec's turn.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "vpn.h"

#define ASK_SUDO_MS 5000

static bool sudo_allowed_ahead, sudo_refused;

static gboolean sudo_allows(GPtrArray *argv)
{
	g_autoptr(GPtrArray) asking = g_ptr_array_new();
	int status = 0;

	g_ptr_array_add(asking, (gpointer) "sudo");
	g_ptr_array_add(asking, (gpointer) "-n");
	g_ptr_array_add(asking, (gpointer) "-l");
	g_ptr_array_add(asking, (gpointer) "--");
	for (guint i = 0; i < argv->len; i++)
		g_ptr_array_add(asking, g_ptr_array_index(argv, i));
	g_ptr_array_add(asking, NULL);
	return vpn_process_run(&(struct vpn_command){ .argv = (const char *const *)asking->pdata },
			       ASK_SUDO_MS, &status, NULL) &&
	       WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void put_before(GPtrArray *argv, const char *const *words)
{
	for (gint i = 0; words[i] != NULL; i++)
		g_ptr_array_insert(argv, i, g_strdup(words[i]));
}

gboolean vpn_as_root(GPtrArray *argv, bool *terminal)
{
	static const char *const sudo[] = { "sudo", "-n", "--", NULL };
	static const char *const pkexec[] = { "pkexec", "--disable-internal-agent", NULL };
	g_autofree char *has_sudo = vpn_program("sudo"), *has_pkexec = vpn_program("pkexec");

	*terminal = geteuid() != 0;
	if (geteuid() == 0)
		return TRUE;
	if (has_sudo != NULL &&
	    (has_pkexec == NULL || (!sudo_refused && (sudo_allowed_ahead || sudo_allows(argv)))))
		put_before(argv, sudo);
	else if (has_pkexec != NULL)
		put_before(argv, pkexec);
	else
		return FALSE;
	return TRUE;
}

void vpn_root_needed(const struct vpn_session *session, GError **error)
{
	devid_error_set(error, DEVID_DENIED, "root-needed", NULL, "%s: %s",
			session->connection->gateway, devid_reason_find("root-needed")->cause);
}

struct vpn_process *vpn_process_start_as_root(struct vpn_session *session, GPtrArray *argv,
					      struct vpn_command *command, GError **error)
{
	g_clear_pointer(&session->lines, g_ptr_array_unref);
	if (!vpn_as_root(argv, &command->terminal)) {
		vpn_root_needed(session, error);
		return NULL;
	}
	session->as_root = command->terminal;
	g_ptr_array_add(argv, NULL);
	command->argv = (const char *const *)argv->pdata;
	return vpn_process_start(command, error);
}

void vpn_as_root_ahead(GPtrArray *argv)
{
	g_autofree char *has_sudo = vpn_program("sudo"), *has_pkexec = vpn_program("pkexec");

	if (geteuid() != 0 && has_sudo != NULL && has_pkexec != NULL)
		sudo_allowed_ahead = sudo_allows(argv);
}

bool vpn_root_otherwise(const struct vpn_session *session)
{
	static const char *const words[] = { "sudo: a password is required", "sudo: a terminal is",
					     "is not allowed to execute", "may not run sudo" };
	g_autofree char *has_pkexec = vpn_program("pkexec");

	if (!session->as_root || sudo_refused || has_pkexec == NULL || session->lines == NULL)
		return false;
	for (guint i = 0; i < session->lines->len; i++)
		for (size_t k = 0; k < G_N_ELEMENTS(words); k++)
			if (strstr(g_ptr_array_index(session->lines, i), words[k]) != NULL)
				sudo_refused = true;
	return sudo_refused;
}
