/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The posture checks that there are: one row each, one file a subject beside this one. */
#include "posture-table.h"

static const struct posture_check checks[] = {
	{ { "DeviceCertificate", "yes", "the check of the certificate in use" },
	  posture_certificate_accept,
	  posture_certificate_run },
	{ { "AntiMalware", "clamav[>=VERSION] | unit:NAME | package:NAME[>=VERSION] …",
	    "systemd over D-Bus; /var/lib/dpkg/status or rpm" },
	  posture_malware_accept,
	  posture_malware_run },
	{ { "Firewall", "any | nftables; ufw; firewalld",
	    "the kernel's ruleset, by nft; systemd over D-Bus, /etc/ufw/ufw.conf" },
	  posture_firewall_accept,
	  posture_firewall_run },
	{ { "DiskEncryption", "root; home", "/proc/self/mountinfo, /proc/1/mountinfo, /sys" },
	  posture_disk_accept,
	  posture_disk_run },
	{ { "OperatingSystem", "ID[>=VERSION]; …", "/etc/os-release" },
	  posture_os_accept,
	  posture_os_run },
	{ { "ClientVersion", "VERSION", "devid's own version" },
	  posture_client_accept,
	  posture_client_run },
	{ { "Unit", "NAME.service[:active|inactive|enabled|disabled|masked]; …",
	    "systemd over D-Bus" },
	  posture_unit_accept,
	  posture_unit_run },
};

const struct posture_check *posture_check(gsize index)
{
	return index < G_N_ELEMENTS(checks) ? &checks[index] : NULL;
}

const struct devid_posture_kind *devid_posture_kind(size_t index)
{
	return index < G_N_ELEMENTS(checks) ? &checks[index].kind : NULL;
}
