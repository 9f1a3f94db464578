/* The clock: against what is known to be past, and whether something keeps it right. */
#include <config.h>
#include <string.h>
#include <sys/stat.h>
#include <gio/gio.h>

#include "doctor.h"

#define CALL_BOUND_MS 3000
#define DAY	      (24 * 60 * 60)
#define TIMEDATE      "org.freedesktop.timedate1"
#define CLOCK_HINT    "set the clock, and let it be kept right: timedatectl set-ntp true"

/* Written while the machine runs: none can be from a time that is still to come. */
static const char *const witnesses[] = {
	"/var/lib/systemd/timesync/clock", "/var/lib/dpkg/status", "/var/log",
	"/var/lib/systemd/random-seed",	   "/etc/passwd",
};

static time_t newest_file(const char **which)
{
	time_t newest = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(witnesses); i++) {
		g_autofree char *path = doctor_path(witnesses[i]);
		struct stat status;

		if (stat(path, &status) == 0 && status.st_mtime > newest) {
			newest = status.st_mtime;
			*which = witnesses[i];
		}
	}
	return newest;
}

static time_t newest_beginning(struct doctor *doctor)
{
	const struct identity_list *list = doctor_identities(doctor);
	time_t newest = 0;

	for (size_t i = 0; list != NULL && i < identity_list_count(list); i++)
		if (identity_list_get(list, i)->chain_count > 0)
			newest = MAX(newest, gnutls_x509_crt_get_activation_time(
						     identity_list_get(list, i)->chain[0]));
	return newest;
}

static bool clock_is_plausible(struct doctor *doctor)
{
	time_t now = time(NULL), newest, begins = newest_beginning(doctor);
	const char *which = NULL;
	g_autofree char *shown = describe_moment(now), *other = NULL;

	newest = newest_file(&which);
	if (now < DEVID_RELEASED) {
		doctor_tell(doctor, OUTCOME_FAIL, CLOCK_HINT,
			    "it shows %s, which is before devid %s was released", shown,
			    DEVID_VERSION);
	} else if (newest > now + DAY) {
		other = describe_moment(newest);
		doctor_tell(doctor, OUTCOME_FAIL, CLOCK_HINT,
			    "it shows %s, and %s was written on %s", shown, which, other);
	} else if (begins > now) {
		other = describe_moment(begins);
		doctor_tell(doctor, OUTCOME_FAIL, CLOCK_HINT,
			    "it shows %s, and a device certificate begins on %s", shown, other);
	} else {
		return true;
	}
	return false;
}

/* NULL: nobody there who could say. */
static GVariant *ask_timedate(void)
{
	GCancellable *bound = doctor_bound(CALL_BOUND_MS);
	g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, bound, NULL);
	g_autoptr(GDBusConnection) bus =
		address == NULL ? NULL
				: g_dbus_connection_new_for_address_sync(
					  address,
					  G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
						  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
					  NULL, bound, NULL);
	g_autoptr(GVariant) reply = NULL;
	GVariant *value = NULL;

	/* It is started by its bus when asked, and leaves by itself. */
	if (bus != NULL)
		reply = g_dbus_connection_call_sync(
			bus, TIMEDATE, "/org/freedesktop/timedate1",
			"org.freedesktop.DBus.Properties", "Get",
			g_variant_new("(ss)", TIMEDATE, "NTPSynchronized"), G_VARIANT_TYPE("(v)"),
			G_DBUS_CALL_FLAGS_NONE, CALL_BOUND_MS, bound, NULL);
	if (reply != NULL)
		g_variant_get(reply, "(v)", &value);
	return value;
}

void doctor_clock(struct doctor *doctor)
{
	g_autoptr(GVariant) kept = NULL;

	if (!clock_is_plausible(doctor))
		return;
	/* Told before a bus is asked, which may not answer. */
	doctor_tell(doctor, OUTCOME_PASS, NULL,
		    "it agrees with the dates of files and certificates");
	kept = ask_timedate();
	if (kept == NULL || !g_variant_is_of_type(kept, G_VARIANT_TYPE_BOOLEAN))
		doctor_tell(doctor, OUTCOME_SKIP, NULL,
			    "whether it is kept right can't be told: timedated does not answer");
	else if (g_variant_get_boolean(kept))
		doctor_tell(doctor, OUTCOME_PASS, NULL, "it is kept right by a time server");
	else
		doctor_tell(doctor, OUTCOME_WARN, "timedatectl set-ntp true",
			    "it is not kept right by a time server");
}
