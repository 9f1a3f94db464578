/* The posture checks that there are: one row each, one file a subject beside this one. */
#include "posture-private.h"

static const struct posture_check checks[] = {
	{ { "DeviceCertificate", "yes", "the check of the certificate in use" },
	  certificate_accept,
	  certificate_run },
	{ { "AntiMalware", "clamav[>=VERSION] | unit:NAME | package:NAME[>=VERSION] …",
	    "systemd over D-Bus; /var/lib/dpkg/status or rpm" },
	  malware_accept,
	  malware_run },
	{ { "Firewall", "any | nftables; ufw; firewalld",
	    "systemd over D-Bus; for ufw /etc/ufw/ufw.conf" },
	  firewall_accept,
	  firewall_run },
	{ { "DiskEncryption", "root; home", "/proc/self/mountinfo and /sys" },
	  disk_accept,
	  disk_run },
	{ { "OperatingSystem", "ID[>=VERSION]; …", "/etc/os-release" }, os_accept, os_run },
	{ { "ClientVersion", "VERSION", "devid's own version" }, client_accept, client_run },
	{ { "Unit", "NAME.service[:active|inactive|enabled|disabled|masked]; …",
	    "systemd over D-Bus" },
	  unit_accept,
	  unit_run },
};

const struct posture_check *posture_check(gsize index)
{
	return index < G_N_ELEMENTS(checks) ? &checks[index] : NULL;
}

const struct devid_posture_kind *devid_posture_kind(size_t index)
{
	return index < G_N_ELEMENTS(checks) ? &checks[index].kind : NULL;
}
