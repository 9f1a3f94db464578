/* The subcommands: each is the file of its name. */
#ifndef COMMAND_H
#define COMMAND_H

#include "command/cli/report.h"

enum exit_status command_account(int argc, char **argv);
enum exit_status command_connect(int argc, char **argv);
enum exit_status command_disconnect(int argc, char **argv);
enum exit_status command_import_cert(int argc, char **argv);
enum exit_status command_inspect(int argc, char **argv);
enum exit_status command_list(int argc, char **argv);
enum exit_status command_show(int argc, char **argv);
enum exit_status command_check(int argc, char **argv);
enum exit_status command_verify(int argc, char **argv);
enum exit_status command_ca(int argc, char **argv);
enum exit_status command_remove(int argc, char **argv);
enum exit_status command_rename(int argc, char **argv);
enum exit_status command_export(int argc, char **argv);
enum exit_status command_doctor(int argc, char **argv);
enum exit_status command_policy(int argc, char **argv);
enum exit_status command_posture(int argc, char **argv);
enum exit_status command_profile(int argc, char **argv);
enum exit_status command_reset_cred(int argc, char **argv);
enum exit_status command_status(int argc, char **argv);
enum exit_status command_events(int argc, char **argv);
enum exit_status command_version(int argc, char **argv);

#endif
