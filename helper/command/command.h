/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The subcommands: each is the file of its name. */
#pragma once

#include "command/cli/row.h"

extern const struct command command_account;
extern const struct command command_ca;
extern const struct command command_check;
extern const struct command command_connect;
extern const struct command command_disconnect;
extern const struct command command_doctor;
extern const struct command command_events;
extern const struct command command_export;
extern const struct command command_import_cert;
extern const struct command command_inspect;
extern const struct command command_list;
extern const struct command command_move;
extern const struct command command_policy;
extern const struct command command_posture;
extern const struct command command_profile;
extern const struct command command_proxy;
extern const struct command command_remove;
extern const struct command command_rename;
extern const struct command command_renew;
extern const struct command command_request;
extern const struct command command_reset_cred;
extern const struct command command_retire;
extern const struct command command_show;
extern const struct command command_status;
extern const struct command command_verify;
extern const struct command command_version;
extern const struct command command_wrap;
