/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report for the help desk: what was found, and what of the account, the identities and the
 * events explains it. Public parts alone: no key, no password, no environment, no file's content.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <devid/office.h>
#include <devid/policy.h>
#include <devid/posture.h>
#include <internal/cleanup.h>
#include <devid/event.h>

#include "base/certificate.h"
#include "base/error.h"
#include "base/files.h"
#include "base/moment.h"
#include "base/text.h"
#include "command/cli/account.h"
#include "identity/list.h"
#include "identity/verdict.h"
#include "results.h"
#include "report.h"

#define EVENTS_MAX 50

/* One line. It is read on somebody else's terminal: nothing in it steers that one either. */
static void G_GNUC_PRINTF(2, 3) add(GString *text, const char *format, ...)
{
	g_autofree char *line = NULL, *safe = NULL;
	va_list arguments;

	va_start(arguments, format);
	line = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	safe = text_printable(line);
	g_string_append_printf(text, "%s\n", safe);
}

static void add_machine(GString *text)
{
	const struct passwd *user = getpwuid(geteuid());
	g_autofree char *now = moment_utc(time(NULL));
	g_autofree char *os = g_get_os_info(G_OS_INFO_KEY_PRETTY_NAME);
	struct utsname kernel;

	g_string_append(text, "devid doctor: report for the help desk\n\n");
	add(text, "time     %s", now);
	add(text, "user     %s (%u)", !user ? "?" : user->pw_name, geteuid());
	if (uname(&kernel) == 0)
		add(text, "host     %s", kernel.nodename);
	add(text, "kernel   %s %s", kernel.sysname, kernel.release);
	add(text, "system   %s", !os ? "?" : os);
	add(text, "devid    %s", DEVID_VERSION);
	add(text, "GnuTLS   %s", gnutls_check_version(NULL));
}

static void add_findings(GString *text, const struct results *results)
{
	g_autofree char *summary = results_summary(results);

	g_string_append_c(text, '\n');
	add(text, "FINDINGS: %s", summary);
	for (guint i = 0; i < results->lines->len; i++) {
		const struct doctor_line *line = results_line(results, i);

		add(text, "%s  %s: %s", results_word(line->outcome), line->examination->name,
		    line->text);
		if (line->hint)
			add(text, "      hint: %s", line->hint);
	}
}

static void add_account(GString *text, const struct devid_account *account)
{
	g_string_append_c(text, '\n');
	add(text, "ACCOUNT: %s (%s)", account_state_word(account), devid_account_folder(account));
	if (devid_account_state(account) != DEVID_ACCOUNT_READY)
		return;
	add(text, "limits   device %zu bytes as %s, signing %zu bytes, %zu signing certificates",
	    devid_account_device_limit(account),
	    devid_account_size_measure(account) == DEVID_SIZE_PEM ? "PEM" : "DER",
	    devid_account_signing_limit(account), devid_account_signing_count_limit(account));
	add(text, "chain    %s",
	    devid_account_chain_mode(account) == DEVID_CHAIN_ISSUER ? "issuer" : "path");
	add(text, "policy   %s, %zu offices, %zu profiles",
	    devid_account_has_policy(account) ? "yes" : "no", devid_account_office_count(account),
	    devid_account_profile_count(account));
	for (size_t i = 0; i < devid_account_signing_count(account); i++) {
		const struct devid_signing *signing = devid_account_signing(account, i);
		g_autofree char *ends =
			moment_date(gnutls_x509_crt_get_expiration_time(signing->certificate));

		add(text, "signing  %s: %s, key id %s, %zu bytes, ends %s", signing->name,
		    signing->subject, signing->key_id, signing->pem_size, ends);
	}
}

static void add_leaf(GString *text, gnutls_x509_crt_t leaf)
{
	g_autofree char *subject = certificate_subject(leaf), *issuer = certificate_issuer(leaf);
	g_autofree char *serial = certificate_serial(leaf);
	g_autofree char *ends = moment_utc(gnutls_x509_crt_get_expiration_time(leaf));

	add(text, "  subject  %s", subject);
	add(text, "  issuer   %s", issuer);
	add(text, "  serial   %s", serial);
	add(text, "  ends     %s", ends);
}

static void add_identities(GString *text, const struct identity_list *list)
{
	g_string_append_c(text, '\n');
	add(text, "IDENTITIES: %zu", identity_list_count(list));
	for (size_t i = 0; i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);
		gnutls_x509_crt_t leaf = identity->chain_count > 0 ? identity->chain[0] : NULL;

		add(text, "%s (%s, %s)", identity->record->label,
		    identity->scope == SCOPE_SYSTEM ? "system" : "user", identity->record->store);
		if (leaf)
			add_leaf(text, leaf);
	}
}

static bool keep_last(const char *line, void *data)
{
	GQueue *lines = data;

	g_queue_push_tail(lines, g_strdup(line));
	if (lines->length > EVENTS_MAX)
		g_free(g_queue_pop_head(lines));
	return true;
}

static void add_events(GString *text, bool system)
{
	GQueue lines = G_QUEUE_INIT;
	enum devid_result result = devid_event_read(system, 0, keep_last, &lines);

	g_string_append_c(text, '\n');
	add(text, "%s EVENTS: the last %u%s", system ? "THE MACHINE'S" : "THE USER'S", lines.length,
	    result == DEVID_OK ? "" : " (the log can't be read)");
	for (GList *line = lines.head; line != NULL; line = line->next)
		add(text, "%s", (const char *)line->data);
	g_queue_clear_full(&lines, g_free);
}

static bool make_text(GString *text, const struct results *results, GError **error)
{
	AUTO_ACCOUNTS struct accounts accounts = { { NULL } };
	g_autoptr(identity_list) list = identity_list_load(true, true, NULL);
	const struct devid_account *account = verdict_accounts_get(&accounts, SCOPE_USER, error);

	if (!account)
		return false;
	add_machine(text);
	add_findings(text, results);
	add_account(text, account);
	if (list)
		add_identities(text, list);
	add_events(text, false);
	add_events(text, true);
	return true;
}

bool report_results(const struct results *results, const char *path, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	AUTO_CLOSE int fd = -1;

	if (!make_text(text, results, error))
		return false;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return devid_error_set(error, errno == EEXIST ? DEVID_EXISTS : DEVID_IO, NULL,
				       devid_errno_hint(errno), "%s: %s", path, g_strerror(errno));
	if (files_write_all(fd, text->str, text->len) && (fsync(fd) == 0 || errno == EINVAL))
		return true;
	devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(errno), "%s: %s", path,
			g_strerror(errno));
	unlink(path);
	return false;
}
