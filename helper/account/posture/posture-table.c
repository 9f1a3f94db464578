/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The posture checks that there are: one row each, one file a subject beside this one. */
#include <string.h>
#include "base/conf.h"
#include "posture-table.h"

#define LIST  ",;"
#define WORDS " \t,;"

static const struct posture_check checks[] = {
	{ { "DeviceCertificate", "yes", "the check of the certificate in use" },
	  posture_certificate_accept,
	  posture_certificate_run },
	{ { "AntiMalware", "clamav[>=VERSION] | unit:NAME | package:NAME[>=VERSION] …",
	    "systemd over D-Bus; /var/lib/dpkg/status or rpm" },
	  posture_malware_accept,
	  posture_malware_run,
	  WORDS },
	{ { "Firewall", "any | nftables; ufw; firewalld",
	    "the kernel's ruleset, by nft; systemd over D-Bus, /etc/ufw/ufw.conf" },
	  posture_firewall_accept,
	  posture_firewall_run,
	  LIST,
	  .alone = "any" },
	{ { "DiskEncryption", "root; home", "/proc/self/mountinfo, /proc/1/mountinfo, /sys" },
	  posture_disk_accept,
	  posture_disk_run,
	  LIST },
	{ { "OperatingSystem", "ID[>=VERSION]; …", "/etc/os-release" },
	  posture_os_accept,
	  posture_os_run,
	  LIST },
	{ { "ClientVersion", "VERSION", "devid's own version" },
	  posture_client_accept,
	  posture_client_run },
	{ { "Unit", "NAME.service[:active|inactive|enabled|disabled|masked]; …",
	    "systemd over D-Bus" },
	  posture_unit_accept,
	  posture_unit_run,
	  LIST },
};

const struct posture_check *posture_check(gsize index)
{
	return index < G_N_ELEMENTS(checks) ? &checks[index] : NULL;
}

static char **words_of(const struct posture_check *check, const char *value)
{
	return conf_split(value, check->separators ? check->separators : "");
}

char *posture_check_accept(const struct posture_check *check, const char *value)
{
	g_auto(GStrv) words = words_of(check, value);
	char *why = *words ? NULL : g_strdup("names nothing");

	if (check->alone && strcmp(value, check->alone) == 0)
		return NULL;
	for (gsize i = 0; !why && words[i]; i++)
		why = check->accept(words[i]);
	return why;
}

enum devid_answer posture_check_run(const struct posture_check *check, const char *value,
				    const struct posture_place *place, char **message)
{
	g_auto(GStrv) words = words_of(check, value);

	return check->run(words, place, message);
}

const struct devid_posture_kind *devid_posture_kind(size_t index)
{
	return index < G_N_ELEMENTS(checks) ? &checks[index].kind : NULL;
}
