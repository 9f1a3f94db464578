/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events: what happened, as one JSON object a line and as one line of the system's log. */
#include <pwd.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <devid/event.h>
#include <devid/reason.h>
#include "config.h"
#include "base/certificate.h"
#include "base/json-build.h"
#include "base/moment.h"
#include "event-journal.h"
#include "event-log.h"

#define FIELDS_MAX 25

static const char *const type_names[] = {
	[DEVID_EVENT_CONNECTIVITY] = "Connectivity",
	[DEVID_EVENT_DEVICE_CERTIFICATE] = "Device Certificate",
};

/* An event on its way: its fields, and what has to be freed after it. */
struct draft {
	struct event_field fields[FIELDS_MAX];
	gsize count;
	GPtrArray *owned;
};

static void add(struct draft *draft, const char *name, const char *value)
{
	if (!value || draft->count == FIELDS_MAX)
		return;
	draft->fields[draft->count++] = (struct event_field){ name, value, false };
}

static void add_owned(struct draft *draft, const char *name, char *value)
{
	if (value)
		g_ptr_array_add(draft->owned, value);
	add(draft, name, value);
}

/* Text from outside goes through the same escapes as on a terminal: logs are read there. */
static void add_foreign(struct draft *draft, const char *name, const char *value)
{
	if (value)
		add_owned(draft, name, devid_text_escape(value, strlen(value)));
}

/* When it is written, to the millisecond: events of one second lie in several files. */
static char *stamp_now(void)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *seconds = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S");

	return g_strdup_printf("%s.%03dZ", seconds, g_date_time_get_microsecond(now) / 1000);
}

/* The common name where there is one, else the whole subject. */
static char *certificate_name(gnutls_x509_crt_t certificate)
{
	g_autofree char *name = certificate_common_name(certificate);

	return name ? devid_text_escape(name, strlen(name)) : devid_subject_to_string(certificate);
}

static char *user_name(void)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (getpwuid_r(geteuid(), &entry, buffer, sizeof(buffer), &found) == 0 && found)
		return g_strdup(found->pw_name);
	return g_strdup_printf("%u", (unsigned)geteuid());
}

/* The fields in the order in which they are written. */
static void fill(struct draft *draft, const struct devid_event *event)
{
	gnutls_x509_crt_t certificate = event->certificate;

	add_owned(draft, "time", stamp_now());
	add(draft, "event_type", type_names[event->type]);
	add_foreign(draft, "event_sub_type", event->sub_type);
	add_foreign(draft, "action", event->action);
	add_foreign(draft, "reason", event->reason);
	add_foreign(draft, "label", event->label);
	if (event->validated >= 0)
		add(draft, "device_certificate", event->validated ? "Validated" : "Not Validated");
	if (certificate) {
		add_owned(draft, "client_cert_name", certificate_name(certificate));
		add_owned(draft, "client_cert_expires",
			  moment_utc(gnutls_x509_crt_get_expiration_time(certificate)));
		add_owned(draft, "client_cert_serial", certificate_serial_trimmed(certificate));
		add_owned(draft, "client_cert_issuer", devid_issuer_to_string(certificate));
	}
	add_foreign(draft, "issuer_key_id", event->issuer_key_id);
	add_foreign(draft, "failure_reason", event->failure_reason);
	add_foreign(draft, "rule_name", event->rule_name);
	add(draft, "os_type", "Linux");
	add_owned(draft, "os_version", g_get_os_info(G_OS_INFO_KEY_PRETTY_NAME));
	if (event->user_name)
		add_foreign(draft, "user_name", event->user_name);
	else
		add_owned(draft, "user_name", user_name());
	add_foreign(draft, "device_name", g_get_host_name());
	add(draft, "client_version", DEVID_VERSION);
	add_foreign(draft, "program", event->program);
	add_foreign(draft, "client_address", event->client_address);
	add(draft, "token", event->token);
	if (event->count > 1) {
		add_owned(draft, "first", moment_utc(event->first));
		add_owned(draft, "last", moment_utc(event->last));
		add_owned(draft, "count", g_strdup_printf("%u", event->count));
		draft->fields[draft->count - 1].number = true;
	}
}

static char *to_json_line(const struct draft *draft, gsize *length)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	for (gsize i = 0; i < draft->count; i++) {
		const struct event_field *field = &draft->fields[i];

		if (field->number)
			json_number(builder, field->name, g_ascii_strtoll(field->value, NULL, 10));
		else
			json_text(builder, field->name, field->value);
	}
	json_builder_end_object(builder);
	return json_line(json_builder_get_root(builder), length);
}

static void append_safe(GString *text, const char *before, const char *part)
{
	g_autofree char *safe = part ? devid_text_escape(part, strlen(part)) : NULL;

	if (safe)
		g_string_append_printf(text, "%s%s", before, safe);
}

/* "Local Check Failed: laptop-042: expired: the device certificate expired on …" */
static char *to_sentence(const struct devid_event *event)
{
	GString *text = g_string_new(event->sub_type ? event->sub_type : type_names[event->type]);
	g_autofree char *name = NULL;

	append_safe(text, " ", event->action);
	append_safe(text, ": ", event->label);
	/* A gateway knows no label; the name is escaped already. */
	if (!event->label && event->certificate)
		name = certificate_name(event->certificate);
	if (name)
		g_string_append_printf(text, ": %s", name);
	append_safe(text, ": ", event->reason);
	append_safe(text, ": ", event->failure_reason);
	append_safe(text, ": ", event->program);
	append_safe(text, ": ", event->client_address);
	if (event->count > 1)
		g_string_append_printf(text, ": %u times", event->count);
	return g_string_free(text, false);
}

/* Once a process: a full disk must not fill the system's log as well. */
static void tell_unwritable(bool system, bool no_owner)
{
	static gsize told;

	if (!g_once_init_enter(&told))
		return;
	event_journal_send(NULL, 0,
			   no_owner ? "the machine's event log can't be written before there is a "
				      "user devid: systemd-sysusers makes it"
			   : system ? "the machine's event log can't be written"
				    : "the user's event log can't be written",
			   LOG_WARNING);
	g_once_init_leave(&told, 1);
}

void devid_event_from_verdict(struct devid_event *event, const struct devid_verdict *verdict)
{
	event->action = verdict->result == DEVID_OK ? "Succeeded" : "Failed";
	event->reason = verdict->reason;
	event->failure_reason = verdict->message;
	event->issuer_key_id = verdict->issuer_key_id;
	event->validated = verdict->result == DEVID_OK;
}

/* What a program, a gateway's client or a timer can bring about as often as it likes goes into
 * files of its own. */
static enum event_file file_for(const struct devid_event *event)
{
	static const char *const often[] = { "Key Use", "Gateway", "Local Check", NULL };
	static const char *const good[] = { "Allowed", "Succeeded", NULL };

	if (!event->sub_type || !g_strv_contains(often, event->sub_type))
		return EVENT_CHANGES;
	return event->action && g_strv_contains(good, event->action) ? EVENT_USES : EVENT_REFUSALS;
}

enum devid_result devid_event_write(bool system, const struct devid_event *event)
{
	struct draft draft = { .owned = g_ptr_array_new_with_free_func(g_free) };
	const struct devid_reason *row = devid_reason_find(event->reason);
	bool good = !row || row->result == DEVID_OK;
	g_autofree char *line = NULL;
	g_autofree char *sentence = to_sentence(event);
	enum devid_result result;
	gsize length = 0;

	fill(&draft, event);
	line = to_json_line(&draft, &length);
	result = event_log_append(system, file_for(event), line, length);
	event_journal_send(draft.fields, draft.count, sentence, good ? LOG_INFO : LOG_WARNING);
	if (result != DEVID_OK)
		tell_unwritable(system, result == DEVID_NOT_FOUND);
	g_ptr_array_unref(draft.owned);
	return result == DEVID_NOT_FOUND ? DEVID_IO : result;
}
