/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus between devid and devid-admin, which does as root what polkit lets a person do: names,
 * and what is said there.
 *
 * Run(COMMAND, OPTIONS, pipe) runs one of a few commands of devid on the machine's side: which are
 * known, with which options, is devid-admin's to say (helper/admin/words.c). What a command reads,
 * a certificate or an identity in PEM, comes through the pipe: no file is ever named. It answers
 * with the command's exit status, what it said on standard output, and what on standard error.
 */
#pragma once

#define ADMIN_NAME	"org.devid.Admin"
#define ADMIN_PATH	"/org/devid/Admin"
#define ADMIN_INTERFACE ADMIN_NAME

/* What polkit is asked for. */
#define ADMIN_IMPORT  "org.devid.import-system"
#define ADMIN_ACCOUNT "org.devid.account"

/* What may lie in the pipe: as much as a pipe holds. */
#define ADMIN_INPUT_MAX (60 * 1024)

/* Errors of Run(); others are the bus's. */
#define ADMIN_ERROR	  ADMIN_NAME ".Error."
#define ADMIN_NOT_ALLOWED ADMIN_ERROR "NotAllowed"
#define ADMIN_BAD_WORDS	  ADMIN_ERROR "BadWords"
#define ADMIN_BAD_INPUT	  ADMIN_ERROR "BadInput"
#define ADMIN_BUSY	  ADMIN_ERROR "Busy"
#define ADMIN_FAILED	  ADMIN_ERROR "Failed"
