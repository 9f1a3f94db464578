/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock: against what is known to be past, and whether something keeps it right. */
#include <config.h>
#include <sys/stat.h>
#include <gio/gio.h>

#include "base/bus.h"
#include "base/moment.h"
#include "identity/list.h"
#include "support.h"

#define CALL_BOUND_MS 3000
#define DAY	      (24 * 60 * 60)
#define TIMEDATE      "org.freedesktop.timedate1"
#define CLOCK_HINT    "set the clock, and let a time service keep it right (systemd-timesyncd, chrony)"
#define SERVER_HINT   "see which server it asks: timedatectl timesync-status, or chronyc sources"
#define INSTALL_HINT  "install what keeps it right: systemd-timesyncd or chrony"

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

	for (size_t i = 0; list && i < identity_list_count(list); i++)
		if (identity_list_get(list, i)->chain_count > 0)
			newest = MAX(newest, gnutls_x509_crt_get_activation_time(
						     identity_list_get(list, i)->chain[0]));
	return newest;
}

static bool clock_is_plausible(struct doctor *doctor)
{
	time_t now = time(NULL), newest, begins = newest_beginning(doctor);
	const char *which = NULL;
	g_autofree char *shown = moment_utc(now), *other = NULL;

	newest = newest_file(&which);
	if (now < DEVID_RELEASED) {
		doctor_tell(doctor, OUTCOME_FAIL, CLOCK_HINT,
			    "it shows %s, which is before devid %s was released", shown,
			    DEVID_VERSION);
	} else if (newest > now + DAY) {
		other = moment_utc(newest);
		doctor_tell(doctor, OUTCOME_FAIL, CLOCK_HINT,
			    "it shows %s, and %s was written on %s", shown, which, other);
	} else if (begins > now) {
		other = moment_utc(begins);
		doctor_tell(doctor, OUTCOME_FAIL, CLOCK_HINT,
			    "it shows %s, and a device certificate begins on %s", shown, other);
	} else {
		return true;
	}
	return false;
}

/* NULL: nobody there who could say. */
static GVariant *ask_timedate(const char *property)
{
	g_autoptr(GDBusConnection) bus = NULL;
	g_autoptr(GVariant) reply = NULL;
	GVariant *value = NULL;
	struct bus_bound bound;

	bus_bound_begin(&bound, CALL_BOUND_MS);
	bus = bus_open_system(bound.cancel, NULL);
	/* It is started by its bus when asked, and leaves by itself. */
	if (bus)
		reply = g_dbus_connection_call_sync(bus, TIMEDATE, "/org/freedesktop/timedate1",
						    "org.freedesktop.DBus.Properties", "Get",
						    g_variant_new("(ss)", TIMEDATE, property),
						    G_VARIANT_TYPE("(v)"), G_DBUS_CALL_FLAGS_NONE,
						    CALL_BOUND_MS, bound.cancel, NULL);
	bus_bound_end(&bound);
	if (reply)
		g_variant_get(reply, "(v)", &value);
	return value;
}

/* Neither where nobody says. */
static bool timedate_says(const char *property, bool wanted)
{
	g_autoptr(GVariant) value = ask_timedate(property);

	return value && g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN) &&
	       !g_variant_get_boolean(value) == !wanted;
}

/* timedatectl can't switch on what isn't installed, nor what is on. */
static void tell_not_kept(struct doctor *doctor)
{
	if (timedate_says("CanNTP", false))
		doctor_tell(doctor, OUTCOME_WARN, INSTALL_HINT,
			    "it is not kept right by a time server, and no service for it is "
			    "installed");
	else if (timedate_says("NTP", true))
		doctor_tell(doctor, OUTCOME_WARN, SERVER_HINT,
			    "it is not kept right yet: the service for it is on, and no time "
			    "server has answered");
	else
		doctor_tell(doctor, OUTCOME_WARN, "as root: timedatectl set-ntp true",
			    "it is not kept right by a time server");
}

void doctor_clock(struct doctor *doctor)
{
	g_autoptr(GVariant) kept = NULL;

	if (!clock_is_plausible(doctor))
		return;
	/* Told before a bus is asked, which may not answer. */
	doctor_tell(doctor, OUTCOME_PASS, NULL,
		    "it agrees with the dates of files and certificates");
	kept = ask_timedate("NTPSynchronized");
	if (!kept || !g_variant_is_of_type(kept, G_VARIANT_TYPE_BOOLEAN))
		doctor_tell(doctor, OUTCOME_SKIP, NULL,
			    "whether it is kept right can't be told: timedated does not answer");
	else if (g_variant_get_boolean(kept))
		doctor_tell(doctor, OUTCOME_PASS, NULL, "it is kept right by a time server");
	else
		tell_not_kept(doctor);
}
