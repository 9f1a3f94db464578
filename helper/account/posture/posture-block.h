/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block devices. */
#pragma once

#include <devid/policy.h>

/* Whether what is stored on a block device is encrypted on its way there. */
enum devid_answer posture_block_encrypted(const char *root, unsigned major, unsigned minor,
					  char **found);
/* … and on all devices of the btrfs that was mounted from `source`. */
enum devid_answer posture_btrfs_encrypted(const char *root, const char *source, char **found);
