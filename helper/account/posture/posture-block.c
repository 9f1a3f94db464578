/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block devices as /sys shows them: whether what is stored on one passes through dm-crypt. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/text.h"
#include "posture-block.h"
#include "posture-support.h"

/* More than any real stack of devices has; where it ends nothing is told. */
#define DEPTH_MAX   16
#define DEVICES_MAX 1024
#define WORD_MAX    256

/* The kinds of mapping that encrypt. CRYPT-VERITY- and CRYPT-INTEGRITY- are named alike and do
 * not. */
static const char *const encrypting[] = {
	"CRYPT-LUKS1-",	 "CRYPT-LUKS2-", "CRYPT-PLAIN-",   "CRYPT-LOOPAES-",
	"CRYPT-TCRYPT-", "CRYPT-BITLK-", "CRYPT-FVAULT2-",
};

struct walk {
	struct posture_place place;
	guint seen;
};

/* A file of one short line; NULL: there is none. */
static char *read_word(const struct walk *walk, const char *device, const char *name)
{
	g_autofree char *path = g_build_filename(device, name, NULL);
	int error;
	g_autoptr(GBytes) bytes = posture_read(&walk->place, path, WORD_MAX, &error);

	return bytes ? g_strchomp(text_from_bytes(bytes)) : NULL;
}

static bool exists(const struct walk *walk, const char *device, const char *name)
{
	g_autofree char *path = g_build_filename(walk->place.root, device, name, NULL);

	return access(path, F_OK) == 0;
}

/* What people know it by: the mapping's name, else the kernel's. */
static char *device_name(const struct walk *walk, const char *device)
{
	g_autofree char *path = g_build_filename(walk->place.root, device, NULL);
	g_autofree char *folder = realpath(path, NULL);
	char *mapping = read_word(walk, device, "dm/name");

	return mapping ? mapping : g_path_get_basename(folder ? folder : device);
}

static enum devid_answer look(struct walk *walk, const char *device, guint depth, char **found);

/* All of the devices that a folder names must be encrypted. *any: there is one. */
static enum devid_answer look_at_all(struct walk *walk, const char *folder, guint depth, bool *any,
				     char **found)
{
	g_autofree char *path = g_build_filename(walk->place.root, folder, NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	struct posture_sum sum = { { NULL } };
	const char *name;

	*any = false;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *device = g_build_filename("/sys/class/block", name, NULL);
		char *words;
		enum devid_answer answer = look(walk, device, depth + 1, &words);

		*any = true;
		posture_sum_add(&sum, answer, words);
		if (answer != DEVID_ANSWER_PASS)
			break;
	}
	return posture_sum_all(&sum, found);
}

static enum devid_answer look(struct walk *walk, const char *device, guint depth, char **found)
{
	g_autofree char *name = device_name(walk, device);
	g_autofree char *uuid = read_word(walk, device, "dm/uuid");
	g_autofree char *below = g_build_filename(device, "slaves", NULL);
	enum devid_answer answer;
	bool any;

	if (depth > DEPTH_MAX || walk->seen++ > DEVICES_MAX || !exists(walk, device, "dev")) {
		*found = g_strdup_printf("/sys does not tell what %s lies on", name);
		return DEVID_ANSWER_UNKNOWN;
	}
	for (gsize i = 0; uuid && i < G_N_ELEMENTS(encrypting); i++)
		if (g_str_has_prefix(uuid, encrypting[i])) {
			*found = g_strdup_printf("%s is encrypted", name);
			return DEVID_ANSWER_PASS;
		}
	/* A partition's folder lies in that of its disk. */
	if (exists(walk, device, "partition")) {
		g_autofree char *disk = g_build_filename(device, "..", NULL);

		answer = look(walk, disk, depth + 1, found);
		any = answer != DEVID_ANSWER_FAIL;
	} else {
		answer = look_at_all(walk, below, depth, &any, found);
	}
	if (any)
		return answer;
	g_free(*found);
	if (exists(walk, device, "loop")) {
		*found = g_strdup_printf("%s is a file, and does not tell", name);
		return DEVID_ANSWER_UNKNOWN;
	}
	*found = g_strdup_printf("%s is not encrypted", name);
	return DEVID_ANSWER_FAIL;
}

enum devid_answer posture_block_encrypted(const char *root, unsigned major, unsigned minor,
					  char **found)
{
	struct walk walk = { { .root = root }, 0 };
	g_autofree char *device = g_strdup_printf("/sys/dev/block/%u:%u", major, minor);

	return look(&walk, device, 0, found);
}

/* Whether a device of a btrfs is the one that was mounted: by the kernel's name or the
 * mapping's. */
static bool is_source(const struct walk *walk, const char *name, const char *source)
{
	g_autofree char *device = g_build_filename("/sys/class/block", name, NULL);
	g_autofree char *mapping = read_word(walk, device, "dm/name");

	return (g_str_has_prefix(source, "/dev/mapper/") &&
		g_strcmp0(mapping, source + strlen("/dev/mapper/")) == 0) ||
	       (g_str_has_prefix(source, "/dev/") && strcmp(name, source + strlen("/dev/")) == 0);
}

/* A btrfs has no device number that means one: its own folder in /sys names its devices. */
static char *btrfs_folder(const struct walk *walk, const char *source)
{
	g_autofree char *path = g_build_filename(walk->place.root, "/sys/fs/btrfs", NULL);
	g_autoptr(GDir) all = g_dir_open(path, 0, NULL);
	const char *uuid;

	while (all && (uuid = g_dir_read_name(all))) {
		g_autofree char *devices = g_build_filename("/sys/fs/btrfs", uuid, "devices", NULL);
		g_autofree char *below = g_build_filename(walk->place.root, devices, NULL);
		g_autoptr(GDir) dir = g_dir_open(below, 0, NULL);
		const char *name;

		while (dir && (name = g_dir_read_name(dir)))
			if (is_source(walk, name, source))
				return g_steal_pointer(&devices);
	}
	return NULL;
}

enum devid_answer posture_btrfs_encrypted(const char *root, const char *source, char **found)
{
	struct walk walk = { { .root = root }, 0 };
	g_autofree char *folder = btrfs_folder(&walk, source);
	bool any;

	if (folder)
		return look_at_all(&walk, folder, 0, &any, found);
	*found = g_strdup_printf("/sys does not tell the devices of the btrfs on %s", source);
	return DEVID_ANSWER_UNKNOWN;
}
