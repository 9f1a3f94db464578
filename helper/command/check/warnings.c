/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* check --notify: see notify.h. What was told is noted in the state folder, by the day: a timer
 * that runs more often, or a person, brings up no second notification.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <internal/cleanup.h>
#include <internal/path.h>
#include <devid/event.h>

#include "account/event/notify.h"
#include "base/certificate.h"
#include "base/error.h"
#include "base/moment.h"
#include "command/cli/report.h"
#include "identity/describe.h"
#include "warnings.h"

#define STATE_FILE     "notified"
#define STATE_SIZE_MAX 65536
#define DAY	       (24 * 60 * 60)

struct warning {
	char *key; /* a hash: nothing of a certificate stands in the file as it is */
	const char *summary;
	enum notify_urgency urgency;
	GError *error;
	char *label;
	gnutls_x509_crt_t certificate; /* borrowed, or NULL */
	char *issuer_key_id;
	bool ends; /* an event of its own; a failed check is one already */
};

struct warnings {
	GPtrArray *list;	       /* struct warning */
	GHashTable *logged, *notified; /* keys, of today */
	guint today;
};

static void warning_free(void *data)
{
	struct warning *warning = data;

	g_free(warning->key);
	g_free(warning->label);
	g_free(warning->issuer_key_id);
	g_clear_error(&warning->error);
	g_free(warning);
}

struct warnings *warnings_new(void)
{
	struct warnings *warnings = g_new0(struct warnings, 1);

	warnings->list = g_ptr_array_new_with_free_func(warning_free);
	warnings->logged = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	warnings->notified = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	warnings->today = (guint)(time(NULL) / DAY);
	return warnings;
}

void warnings_free(struct warnings *warnings)
{
	if (!warnings)
		return;
	g_ptr_array_unref(warnings->list);
	g_hash_table_unref(warnings->logged);
	g_hash_table_unref(warnings->notified);
	g_free(warnings);
}

/* The same thing, in the same state. */
static char *key_of(const char *kind, const char *label, gnutls_x509_crt_t certificate,
		    const char *reason)
{
	g_autofree char *fingerprint =
		!certificate ? g_strdup("") : certificate_fingerprint(certificate);
	g_autofree char *text = g_strdup_printf("%s\n%s\n%s\n%s", kind, label, fingerprint, reason);

	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

static struct warning *add(struct warnings *warnings, char *key)
{
	struct warning *warning;

	for (guint i = 0; i < warnings->list->len; i++) {
		warning = g_ptr_array_index(warnings->list, i);
		if (strcmp(warning->key, key) == 0) {
			g_free(key);
			return NULL;
		}
	}
	warning = g_new0(struct warning, 1);
	warning->key = key;
	g_ptr_array_add(warnings->list, warning);
	return warning;
}

static void add_failure(struct warnings *warnings, const struct identity *identity,
			const GError *failure)
{
	const char *label = identity->record->label;
	struct warning *warning =
		add(warnings,
		    key_of("identity", label, identity->chain_count > 0 ? identity->chain[0] : NULL,
			   devid_error_reason(failure)));

	if (!warning)
		return;
	warning->summary = notify_summary(devid_error_result(failure));
	warning->urgency = NOTIFY_CRITICAL;
	warning->error = g_error_copy(failure);
	warning->label = g_strdup(label);
}

void warnings_identity(struct warnings *warnings, const struct identity *identity,
		       const struct devid_account *account, const struct devid_verdict *verdict,
		       const GError *failure)
{
	time_t now = time(NULL), ends;
	g_autofree char *date = NULL, *days = NULL;
	struct warning *warning;

	if (verdict->result == DEVID_NO_ACCOUNT)
		return;
	if (failure) {
		add_failure(warnings, identity, failure);
		return;
	}
	ends = gnutls_x509_crt_get_expiration_time(identity->chain[0]);
	if (!describe_ends_soon(ends, now, account))
		return;
	warning = add(warnings, key_of("identity", identity->record->label, identity->chain[0],
				       "expires-soon"));
	if (!warning)
		return;
	date = moment_date(ends);
	days = moment_days(ends, now);
	warning->summary = "Device certificate expires soon";
	warning->urgency = NOTIFY_NORMAL;
	warning->label = g_strdup(identity->record->label);
	warning->certificate = identity->chain[0];
	warning->issuer_key_id = g_strdup(verdict->issuer_key_id);
	warning->ends = true;
	devid_error_set(&warning->error, DEVID_OK, "expires-soon", NULL, "%s: %s; it ends on %s",
			warning->label, days, date);
}

void warnings_signing(struct warnings *warnings, const struct devid_account *account)
{
	time_t now = time(NULL);

	for (size_t i = 0; i < devid_account_signing_count(account); i++) {
		const struct devid_signing *signing = devid_account_signing(account, i);
		time_t ends = gnutls_x509_crt_get_expiration_time(signing->certificate);
		g_autofree char *date = moment_date(ends), *days = moment_days(ends, now);
		struct warning *warning;

		if (!describe_ends_soon(ends, now, account))
			continue;
		warning = add(warnings, key_of("signing", signing->name, signing->certificate,
					       "signing-expires-soon"));
		if (!warning)
			continue;
		warning->summary = moment_days_left(ends, now) < 0
					   ? "Signing certificate has expired"
					   : "Signing certificate expires soon";
		warning->urgency = NOTIFY_NORMAL;
		warning->certificate = signing->certificate;
		warning->issuer_key_id = g_strdup(signing->key_id);
		warning->ends = true;
		devid_error_set(&warning->error, DEVID_OK, "signing-expires-soon", NULL,
				"signing certificate %s: %s; it ends on %s", signing->name, days,
				date);
	}
}

/* The file of what was told, locked. -1: there is none to be had; `busy`: another run is
 * telling. */
static int open_state(bool *busy)
{
	char folder[PATH_BUFFER];
	AUTO_CLOSE int directory = -1, fd = -1;
	struct stat status;

	if (!path_state(SCOPE_USER, folder) || g_mkdir_with_parents(folder, 0700) < 0)
		return -1;
	directory = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return -1;
	fd = openat(directory, STATE_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
		    0600);
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    status.st_uid != geteuid() || status.st_nlink > 1)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		*busy = errno == EWOULDBLOCK;
		return -1;
	}
	return take_fd(&fd);
}

/* Lines "DAY WHAT KEY"; what can't be read counts as not told. */
static void read_state(struct warnings *warnings, int fd)
{
	g_autofree char *text = g_malloc0(STATE_SIZE_MAX + 1);
	ssize_t length = read(fd, text, STATE_SIZE_MAX);
	g_auto(GStrv) lines = g_strsplit(length > 0 ? text : "", "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		g_auto(GStrv) words = g_strsplit(*line, " ", -1);
		guint64 day;

		if (g_strv_length(words) != 3 ||
		    !g_ascii_string_to_unsigned(words[0], 10, 0, G_MAXUINT, &day, NULL) ||
		    day != warnings->today)
			continue;
		if (strcmp(words[1], "logged") == 0)
			g_hash_table_add(warnings->logged, g_strdup(words[2]));
		else if (strcmp(words[1], "notified") == 0)
			g_hash_table_add(warnings->notified, g_strdup(words[2]));
	}
}

static void add_lines(GString *text, guint day, const char *what, GHashTable *keys)
{
	GHashTableIter iterator;
	gpointer key;

	g_hash_table_iter_init(&iterator, keys);
	while (g_hash_table_iter_next(&iterator, &key, NULL))
		g_string_append_printf(text, "%u %s %s\n", day, what, (const char *)key);
}

/* In place: a file that was cut short by a crash costs one notification more. */
static void write_state(const struct warnings *warnings, int fd)
{
	g_autoptr(GString) text = g_string_new(NULL);

	add_lines(text, warnings->today, "logged", warnings->logged);
	add_lines(text, warnings->today, "notified", warnings->notified);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text->str, text->len, 0) != (ssize_t)text->len)
		report_warning("what was notified of can't be noted: %s", g_strerror(errno));
}

static void log_warning(const struct warning *warning)
{
	struct devid_event event = {
		.type = DEVID_EVENT_DEVICE_CERTIFICATE,
		.sub_type = "Expiry",
		.action = "Warning",
		.reason = devid_error_reason(warning->error),
		.failure_reason = warning->error->message,
		.label = warning->label,
		.certificate = warning->certificate,
		.issuer_key_id = warning->issuer_key_id,
		.validated = -1,
	};

	(void)devid_event_write(false, &event);
}

/* Whether somebody shows notifications: after one that could not be shown, the rest are not
 * tried. */
static bool notify(const struct warning *warning)
{
	g_autofree char *body = notify_text(warning->label, warning->error);
	struct notice notice = { warning->summary, body, warning->urgency };

	return notify_show(&notice);
}

void warnings_tell(struct warnings *warnings)
{
	AUTO_CLOSE int fd = -1;
	bool shown = true, busy = false;

	if (warnings->list->len == 0)
		return;
	fd = open_state(&busy);
	if (busy)
		return;
	/* Where nothing can be noted, it is better told again than not at all. */
	if (fd >= 0)
		read_state(warnings, fd);
	for (guint i = 0; i < warnings->list->len; i++) {
		const struct warning *warning = g_ptr_array_index(warnings->list, i);

		if (warning->ends && g_hash_table_add(warnings->logged, g_strdup(warning->key)))
			log_warning(warning);
		if (shown && !g_hash_table_contains(warnings->notified, warning->key)) {
			shown = notify(warning);
			if (shown)
				g_hash_table_add(warnings->notified, g_strdup(warning->key));
		}
	}
	if (fd >= 0)
		write_state(warnings, fd);
}
