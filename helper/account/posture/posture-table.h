/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of posture checks. */
#pragma once

#include <devid/posture.h>
#include "posture-support.h"

struct posture_check {
	struct devid_posture_kind kind;
	/* NULL, or what is wrong with the value (free it) */
	char *(*accept)(const char *value);
	/* `message` is always made */
	enum devid_answer (*run)(const char *value, const struct posture_place *place,
				 char **message);
};
/* NULL after the last. */
const struct posture_check *posture_check(gsize index);

/* The rows. */
char *posture_certificate_accept(const char *value);
enum devid_answer posture_certificate_run(const char *value, const struct posture_place *place,
					  char **message);
char *posture_malware_accept(const char *value);
enum devid_answer posture_malware_run(const char *value, const struct posture_place *place,
				      char **message);
char *posture_firewall_accept(const char *value);
enum devid_answer posture_firewall_run(const char *value, const struct posture_place *place,
				       char **message);
char *posture_disk_accept(const char *value);
enum devid_answer posture_disk_run(const char *value, const struct posture_place *place,
				   char **message);
char *posture_os_accept(const char *value);
enum devid_answer posture_os_run(const char *value, const struct posture_place *place,
				 char **message);
char *posture_client_accept(const char *value);
enum devid_answer posture_client_run(const char *value, const struct posture_place *place,
				     char **message);
char *posture_unit_accept(const char *value);
enum devid_answer posture_unit_run(const char *value, const struct posture_place *place,
				   char **message);
