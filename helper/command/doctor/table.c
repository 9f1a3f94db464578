/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of what `devid doctor` examines, in the order in which a connection needs it. */
#include <glib.h>

#include "doctor.h"

const struct examination doctor_examinations[] = {
	{ "versions", "versions", doctor_versions,
	  "the command's version, C_GetInfo of the module, the agents' STATUS" },
	{ "module", "PKCS#11 module", doctor_module,
	  "the .module files of p11-kit, and the modules and slots that it loads of them" },
	{ "agent", "agent", doctor_agent, "the agent's folder, socket and unit, and its answer" },
	{ "keyring", "keyring", doctor_keyring, "the session bus, and the agent's STATUS" },
	{ "tpm", "TPM", doctor_tpm, "the TPM, by the agent that has keys in it" },
	{ "identity", "identity", doctor_identity,
	  "the records of both tokens, their certificates and keys' files" },
	{ "key", "key", doctor_key, "a signature by each key, verified with its certificate" },
	{ "size", "size", doctor_size, "the certificates, and the account's limits" },
	{ "chain", "chain", doctor_chain, "the certificates, and the account" },
	{ "dates", "dates", doctor_dates, "the certificates' dates" },
	{ "clock", "clock", doctor_clock,
	  "the clock, dates of certificates and files, org.freedesktop.timedate1" },
	{ "account", "account", doctor_account_file,
	  "account.conf, signing/*.pem and rules.d/*.conf" },
	{ "signing", "signing certs", doctor_signing, "the account's signing certificates" },
	{ "office", "office", doctor_office, "the account's [Office] sections, the network" },
	{ "rule", "rule", doctor_rule, "the account's settings and rules, this device's state" },
	{ "system", "machine's agent", doctor_system,
	  "the machine's agent, its socket and unit, SystemUsers= of the account" },
	{ "log", "event log", doctor_log,
	  "the folders of both event logs and their files: whose they are" },
	{ "denials", "denials", doctor_denials, "/dev/kmsg, /var/log/audit/audit.log" },
	{ "stale", "running programs", doctor_stale, "the events of the last day" },
	{ "leftovers", "leftovers", doctor_leftovers,
	  "the folders of both tokens, the keyring's items" },
	{ "copies", "copies of keys", doctor_copies,
	  "the home folder and its usual places, /tmp, the files of NetworkManager" },
	/* A home that hangs costs a few seconds. */
	{ "users", "all users", doctor_users,
	  "with --all-users, as root: the records of every user, the machine's account", true,
	  120 },
};
const size_t doctor_examination_count = G_N_ELEMENTS(doctor_examinations);
