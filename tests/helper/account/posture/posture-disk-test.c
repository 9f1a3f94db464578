/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The posture check DiskEncryption, on systems made for it: mountinfo, and /sys with its
 * devices. */
#include <string.h>
#include <unistd.h>
#include "base/conf.h"
#include "account/posture/posture-mount.h"
#include "account/posture/posture-support.h"
#include "account/posture/posture-table.h"
#include "tests/helper/account/harness.h"

/* A device is described by words: "sda 8:0", "sda/sda2 8:2 partition", "dm-0 253:0 dm=NAME,UUID
 * slaves=sda2", "loop0 7:0 loop". A btrfs: "btrfs sda2,dm-0". A link: "link /home /var/home". The
 * rest are mounts, behind "first " those that the first process sees.
 */
static void make_device(const char *root, char **words)
{
	g_autofree char *name = g_path_get_basename(words[0]);
	g_autofree char *folder = g_strdup_printf("sys/devices/block/%s", words[0]);
	g_autofree char *file = g_build_filename(folder, "dev", NULL);
	g_autofree char *number = g_strdup_printf("%s/sys/dev/block/%s", root, words[1]);
	g_autofree char *by_name = g_strdup_printf("%s/sys/class/block/%s", root, name);
	g_autofree char *target = g_strdup_printf("../../devices/block/%s", words[0]);
	g_autofree char *slaves = g_build_filename(folder, "slaves/.keep", NULL);

	harness_write(root, file, words[1], -1);
	assert_int_equal(symlink(target, number), 0);
	assert_int_equal(symlink(target, by_name), 0);
	for (char **word = words + 2; *word; word++) {
		g_auto(GStrv) list =
			g_strsplit(strchr(*word, '=') ? strchr(*word, '=') + 1 : "", ",", -1);

		if (g_str_has_prefix(*word, "dm=")) {
			g_autofree char *dm_name = g_build_filename(folder, "dm/name", NULL);
			g_autofree char *uuid = g_build_filename(folder, "dm/uuid", NULL);
			g_autofree char *line = g_strconcat(list[1], "\n", NULL);

			harness_write(root, dm_name, list[0], -1);
			harness_write(root, uuid, line, -1);
		} else if (g_str_has_prefix(*word, "slaves=")) {
			for (char **slave = list; *slave; slave++) {
				g_autofree char *path =
					g_build_filename(folder, "slaves", *slave, NULL);

				harness_write(root, path, "", 0);
			}
		} else {
			g_autofree char *path = g_build_filename(folder, *word, NULL);

			harness_write(root, path, "1", -1);
		}
	}
}

static char *make_system(const char *description)
{
	char *root = harness_folder();
	g_auto(GStrv) lines = g_strsplit(description, "\n", -1);
	g_autoptr(GString) mounts = g_string_new(NULL);
	g_autoptr(GString) first = g_string_new(NULL);

	harness_write(root, "sys/dev/block/.keep", "", 0);
	harness_write(root, "sys/class/block/.keep", "", 0);
	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit(*line, " ", -1);

		if (g_ascii_isdigit(**line) || g_str_has_prefix(*line, "junk")) {
			g_string_append_printf(mounts, "%s\n", *line);
		} else if (g_str_has_prefix(*line, "first ")) {
			g_string_append_printf(first, "%s\n", *line + strlen("first "));
		} else if (g_str_has_prefix(*line, "btrfs ")) {
			g_auto(GStrv) devices = g_strsplit(words[1], ",", -1);

			for (char **device = devices; *device; device++) {
				g_autofree char *path =
					g_strdup_printf("sys/fs/btrfs/0b-1c/devices/%s", *device);

				harness_write(root, path, "", 0);
			}
		} else if (g_str_has_prefix(*line, "link ")) {
			g_autofree char *from = g_strconcat(root, words[1], NULL);
			g_autofree char *to = g_strdup_printf("%s/.keep", words[2]);

			harness_write(root, to, "", 0);
			assert_int_equal(symlink(words[2] + 1, from), 0);
		} else if (**line) {
			make_device(root, words);
		}
	}
	harness_write(root, "proc/self/mountinfo", mounts->str, -1);
	if (first->len > 0)
		harness_write(root, "proc/1/mountinfo", first->str, -1);
	return root;
}

#define PLAIN	   "sda 8:0\nsda/sda1 8:1 partition\nsda/sda2 8:2 partition\n"
#define LUKS(uuid) PLAIN "dm-0 253:0 dm=root_crypt," uuid " slaves=sda2\n"
#define ROOT(dev)  "22 1 " dev " / / rw,relatime shared:1 - ext4 /dev/x rw\n"
#define AT(id, dev, root, point, type, source) \
	id " 22 " dev " " root " " point " rw shared:2 - " type " " source " rw\n"
#define CRYPT "CRYPT-LUKS2-0123-root_crypt"

static const struct {
	const char *what;
	const char *system;
	const char *value;
	enum devid_answer answer;
	const char *words; /* a part of what was found */
} cases[] = {
	{ "a plain partition fails", PLAIN ROOT("8:2"), "root", DEVID_ANSWER_FAIL,
	  "sda2 is not encrypted" },
	{ "a plain disk fails", PLAIN ROOT("8:0"), "root", DEVID_ANSWER_FAIL,
	  "sda is not encrypted" },
	{ "LUKS2 passes", LUKS(CRYPT) ROOT("253:0"), "root; home", DEVID_ANSWER_PASS,
	  "root_crypt is encrypted" },
	{ "LUKS1 passes", LUKS("CRYPT-LUKS1-0-r") ROOT("253:0"), "root", DEVID_ANSWER_PASS, "" },
	{ "plain dm-crypt passes", LUKS("CRYPT-PLAIN-r") ROOT("253:0"), "root", DEVID_ANSWER_PASS,
	  "" },
	{ "dm-verity is no encryption", LUKS("CRYPT-VERITY-0-r") ROOT("253:0"), "root",
	  DEVID_ANSWER_FAIL, "is not encrypted" },
	{ "dm-integrity is no encryption", LUKS("CRYPT-INTEGRITY-r") ROOT("253:0"), "root",
	  DEVID_ANSWER_FAIL, "is not encrypted" },
	{ "dm-verity on LUKS passes",
	  LUKS(CRYPT) "dm-1 253:1 dm=v,CRYPT-VERITY-0-v slaves=dm-0\n" ROOT("253:1"), "root",
	  DEVID_ANSWER_PASS, "" },
	{ "a mapping with a name like it fails", LUKS("LVM-CRYPT-LUKS2-") ROOT("253:0"), "root",
	  DEVID_ANSWER_FAIL, "" },
	{ "LVM on LUKS passes",
	  LUKS(CRYPT) "dm-1 253:1 dm=vg-root,LVM-abc slaves=dm-0\n" ROOT("253:1"), "root; home",
	  DEVID_ANSWER_PASS, "" },
	{ "LUKS on LVM passes",
	  PLAIN "dm-0 253:0 dm=vg-root,LVM-abc slaves=sda2\n"
		"dm-1 253:1 dm=c," CRYPT " slaves=dm-0\n" ROOT("253:1"),
	  "root", DEVID_ANSWER_PASS, "" },
	{ "LVM over one encrypted and one plain device fails",
	  LUKS(CRYPT) "sdb 8:16\ndm-1 253:1 dm=vg-root,LVM-abc slaves=dm-0,sdb\n" ROOT("253:1"),
	  "root", DEVID_ANSWER_FAIL, "sdb is not encrypted" },
	{ "LVM without LUKS fails",
	  PLAIN "dm-0 253:0 dm=vg-root,LVM-abc slaves=sda2\n" ROOT("253:0"), "root",
	  DEVID_ANSWER_FAIL, "sda2 is not encrypted" },
	{ "a mapping on nothing fails", "dm-0 253:0 dm=zero,0\n" ROOT("253:0"), "root",
	  DEVID_ANSWER_FAIL, "" },
	{ "RAID of encrypted devices passes",
	  LUKS(CRYPT) "md0 9:0 slaves=dm-0\nmd0/md0p1 259:0 partition\n" ROOT("259:0"), "root",
	  DEVID_ANSWER_PASS, "" },
	{ "a partition of a plain RAID fails",
	  PLAIN "md0 9:0 slaves=sda1,sda2\nmd0/md0p1 259:0 partition\n" ROOT("259:0"), "root",
	  DEVID_ANSWER_FAIL, "md0p1 is not encrypted" },
	{ "a partition that device mapper made on LUKS passes",
	  LUKS(CRYPT) "dm-1 253:1 dm=p1,part1-" CRYPT " slaves=dm-0\n" ROOT("253:1"), "root",
	  DEVID_ANSWER_PASS, "" },
	{ "a circle of devices does not tell",
	  "dm-0 253:0 dm=a,LVM-a slaves=dm-1\ndm-1 253:1 dm=b,LVM-b slaves=dm-0\n" ROOT("253:0"),
	  "root", DEVID_ANSWER_UNKNOWN, "does not tell" },
	{ "a device that /sys has not does not tell", ROOT("8:2"), "root", DEVID_ANSWER_UNKNOWN,
	  "does not tell" },
	{ "a slave that /sys has not does not tell",
	  "dm-0 253:0 dm=a,LVM-a slaves=sdz\n" ROOT("253:0"), "root", DEVID_ANSWER_UNKNOWN, "sdz" },
	{ "a loop device does not tell", "loop0 7:0 loop\n" ROOT("7:0"), "root",
	  DEVID_ANSWER_UNKNOWN, "loop0 is a file" },

	{ "btrfs on LUKS passes",
	  LUKS(CRYPT) "btrfs dm-0\n22 1 0:30 /@ / rw - btrfs /dev/mapper/root_crypt rw\n", "root",
	  DEVID_ANSWER_PASS, "" },
	{ "btrfs by the kernel's name fails on a plain device",
	  PLAIN "btrfs sda2\n22 1 0:30 /@ / rw - btrfs /dev/sda2 rw\n", "root", DEVID_ANSWER_FAIL,
	  "sda2 is not encrypted" },
	{ "btrfs over one encrypted and one plain device fails",
	  LUKS(CRYPT) "btrfs dm-0,sda1\n22 1 0:30 /@ / rw - btrfs /dev/mapper/root_crypt rw\n",
	  "root", DEVID_ANSWER_FAIL, "sda1" },
	{ "btrfs from elsewhere does not tell",
	  LUKS(CRYPT) "btrfs dm-0\n22 1 0:30 /@ / rw - btrfs /dev/mapper/other rw\n", "root",
	  DEVID_ANSWER_UNKNOWN, "devices of the btrfs on /dev/mapper/other" },
	{ "btrfs without its folder does not tell",
	  LUKS(CRYPT) "22 1 0:30 / / rw - btrfs /dev/mapper/root_crypt rw\n", "root",
	  DEVID_ANSWER_UNKNOWN, "" },

	{ "home lies on the root where nothing is mounted there", LUKS(CRYPT) ROOT("253:0"), "home",
	  DEVID_ANSWER_PASS, "/home: root_crypt" },
	{ "a plain home of its own fails",
	  LUKS(CRYPT) ROOT("253:0") AT("30", "8:1", "/", "/home", "ext4", "/dev/sda1"),
	  "root; home", DEVID_ANSWER_FAIL, "/home: sda1 is not encrypted" },
	{ "and is not looked at where the root is asked for",
	  LUKS(CRYPT) ROOT("253:0") AT("30", "8:1", "/", "/home", "ext4", "/dev/sda1"), "root",
	  DEVID_ANSWER_PASS, "" },
	{ "an encrypted home on a plain root passes for home",
	  LUKS(CRYPT) ROOT("8:1") AT("30", "253:0", "/", "/home", "xfs", "/dev/mapper/x"), "home",
	  DEVID_ANSWER_PASS, "" },
	{ "and fails for both",
	  LUKS(CRYPT) ROOT("8:1") AT("30", "253:0", "/", "/home", "xfs", "/dev/mapper/x"),
	  "home; root", DEVID_ANSWER_FAIL, "/: sda1" },
	{ "the mount on top counts",
	  LUKS(CRYPT) ROOT("253:0") AT("30", "253:0", "/home", "/home", "ext4", "/dev/x")
		  AT("31", "8:1", "/", "/home", "ext4", "/dev/sda1"),
	  "home", DEVID_ANSWER_FAIL, "sda1" },
	{ "where systemd hides home nothing is told, not of the root beneath",
	  LUKS(CRYPT) ROOT("253:0")
		  AT("30", "0:25", "/systemd/inaccessible/dir", "/home", "tmpfs", "tmpfs"),
	  "home", DEVID_ANSWER_UNKNOWN, "/home: what is mounted there is hidden" },
	{ "nor of a home of its own beneath",
	  LUKS(CRYPT) ROOT("253:0") AT("29", "8:1", "/", "/home", "ext4", "/dev/sda1")
		  AT("30", "0:25", "/systemd/inaccessible/dir", "/home", "tmpfs", "tmpfs"),
	  "home", DEVID_ANSWER_UNKNOWN, "hidden" },
	{ "nor where one person's home is hidden",
	  LUKS(CRYPT) ROOT("253:0")
		  AT("30", "0:25", "/systemd/inaccessible/dir", "/home/jo", "tmpfs", "tmpfs"),
	  "home", DEVID_ANSWER_UNKNOWN, "/home/jo: what is mounted there is hidden" },
	{ "of the root it is told all the same",
	  LUKS(CRYPT) ROOT("253:0")
		  AT("30", "0:25", "/systemd/inaccessible/dir", "/home", "tmpfs", "tmpfs"),
	  "root", DEVID_ANSWER_PASS, "root_crypt" },
	{ "a home that lies below what was mounted over it does not count",
	  LUKS(CRYPT) "link /home /var/home\n" ROOT("253:0")
		  AT("30", "253:0", "/", "/var/home", "ext4", "/dev/x")
			  AT("31", "8:1", "/", "/var", "ext4", "/dev/sda1"),
	  "home", DEVID_ANSWER_FAIL, "sda1" },
	{ "a home that the first process alone sees does not tell",
	  LUKS(CRYPT) ROOT("253:0") "first " ROOT("253:0") "first " AT("30", "8:1", "/", "/home",
								       "ext4", "/dev/sda1"),
	  "home", DEVID_ANSWER_UNKNOWN, "hidden" },
	{ "nor does one that only this process sees",
	  LUKS(CRYPT) ROOT("8:1")
		  AT("30", "253:0", "/", "/home", "ext4", "/dev/x") "first " ROOT("8:1"),
	  "home", DEVID_ANSWER_UNKNOWN, "hidden" },
	{ "nor another folder of the same file system",
	  LUKS(CRYPT) ROOT("253:0")
		  AT("30", "253:0", "/srv", "/home", "ext4", "/dev/x") "first " ROOT("253:0"),
	  "home", DEVID_ANSWER_UNKNOWN, "hidden" },
	{ "nor a person's home that the first process alone sees",
	  LUKS(CRYPT) ROOT("253:0") "first " ROOT("253:0") "first " AT("30", "8:1", "/", "/home/jo",
								       "ext4", "/dev/sda1"),
	  "home", DEVID_ANSWER_UNKNOWN, "/home/jo: what is mounted there is hidden" },
	{ "nor a root that isn't the first process's",
	  LUKS(CRYPT) ROOT("253:0") "first " ROOT("8:1"), "root", DEVID_ANSWER_UNKNOWN, "hidden" },
	{ "a home that is only laid over itself is the same",
	  LUKS(CRYPT) ROOT("253:0") AT("30", "253:0", "/home", "/home", "ext4", "/dev/x")
		  AT("31", "8:1", "/", "/tmp", "ext4", "/dev/sda1") "first " ROOT("253:0"),
	  "root; home", DEVID_ANSWER_PASS, "/home: root_crypt" },
	{ "a first process whose mounts can't be read does not tell",
	  LUKS(CRYPT) ROOT("253:0") "first junk\n", "root", DEVID_ANSWER_UNKNOWN,
	  "/proc/1/mountinfo can't be read" },
	{ "a tmpfs on home does not tell",
	  LUKS(CRYPT) ROOT("253:0") AT("30", "0:40", "/", "/home", "tmpfs", "tmpfs"), "home",
	  DEVID_ANSWER_UNKNOWN, "tmpfs" },
	{ "nor does NFS",
	  LUKS(CRYPT) ROOT("253:0") AT("30", "0:41", "/", "/home", "nfs4", "srv:/home"), "home",
	  DEVID_ANSWER_UNKNOWN, "nfs4" },
	{ "a person's home on a plain device of its own fails",
	  LUKS(CRYPT) ROOT("253:0") AT("30", "8:1", "/", "/home/jo", "ext4", "/dev/sda1"), "home",
	  DEVID_ANSWER_FAIL, "/home/jo: sda1" },
	{ "what is mounted deeper is not a home",
	  LUKS(CRYPT) ROOT("253:0") AT("30", "8:1", "/", "/home/jo/usb", "ext4", "/dev/sda1"),
	  "home", DEVID_ANSWER_PASS, "" },
	{ "a folder that is named alike is not home",
	  LUKS(CRYPT) ROOT("253:0") AT("30", "8:1", "/", "/homes", "ext4", "/dev/sda1"), "home",
	  DEVID_ANSWER_PASS, "" },
	{ "home that is a link is followed",
	  LUKS(CRYPT) "link /home /var/home\n" ROOT("253:0")
		  AT("30", "8:1", "/", "/var", "ext4", "/dev/sda1"),
	  "home", DEVID_ANSWER_FAIL, "sda1" },

	{ "an overlay does not tell", "22 1 0:50 / / rw - overlay overlay rw\n", "root",
	  DEVID_ANSWER_UNKNOWN, "overlay" },
	{ "nor does ZFS", "22 1 0:50 / / rw - zfs rpool/ROOT rw\n", "root", DEVID_ANSWER_UNKNOWN,
	  "zfs" },
	{ "without mounts nothing is told", PLAIN, "root", DEVID_ANSWER_UNKNOWN,
	  "no file system is mounted" },
	{ "a failure goes before what does not tell",
	  PLAIN ROOT("8:2") AT("30", "0:41", "/", "/home", "nfs4", "srv:/home"), "root; home",
	  DEVID_ANSWER_FAIL, "sda2" },
	{ "a line that is no mount spoils all", LUKS(CRYPT) ROOT("253:0") "junk\n", "root",
	  DEVID_ANSWER_UNKNOWN, "can't be read" },
	{ "so does one cut short", LUKS(CRYPT) ROOT("253:0") "30 22 8:1 / /home rw shared:2\n",
	  "root", DEVID_ANSWER_UNKNOWN, "can't be read" },
};

static void run_case(void **state)
{
	const gsize i = (gsize)*state;
	g_autofree char *root = make_system(cases[i].system);
	const struct posture_place place = { .root = root };
	g_autofree char *message = NULL;
	g_auto(GStrv) words = conf_split(cases[i].value, ";");
	enum devid_answer answer = posture_disk_run(words, &place, &message);

	if (answer != cases[i].answer || !strstr(message, cases[i].words))
		fail_msg("%s: %s", devid_answer_name(answer), message);
}

static void point_with_blanks_is_read(void **state)
{
	static const char text[] = "22 1 8:1 / / rw - ext4 /dev/a\\040b rw\n"
				   "23 22 8:2 / /mnt/a\\040\\134b\\ rw - ext4 x rw\n";
	GArray *mounts = posture_mounts_parse(text, strlen(text));

	assert_non_null(mounts);
	assert_string_equal(g_array_index(mounts, struct mount, 0).source, "/dev/a b");
	assert_string_equal(g_array_index(mounts, struct mount, 1).point, "/mnt/a \\b\\");
	assert_int_equal(posture_mounts_find(mounts, "/mnt/a \\b\\/x")->minor, 2);
	g_array_unref(mounts);
	assert_null(posture_mounts_parse("22 1 8:1 / / rw - ext4 x rw\0\n", 29));
}

static void no_mountinfo_does_not_tell(void **state)
{
	g_autofree char *root = harness_folder();
	const struct posture_place place = { .root = root };
	g_autofree char *message = NULL;
	char root_word[] = "root", *words[] = { root_word, NULL };

	assert_int_equal(posture_disk_run(words, &place, &message), DEVID_ANSWER_UNKNOWN);
	assert_non_null(strstr(message, "No such file"));
}

static const struct CMUnitTest others[] = {
	cmocka_unit_test(point_with_blanks_is_read),
	cmocka_unit_test(no_mountinfo_does_not_tell),
};

int main(void)
{
	struct CMUnitTest tests[G_N_ELEMENTS(cases) + G_N_ELEMENTS(others)];

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		tests[i] = (struct CMUnitTest){ cases[i].what, run_case, NULL, NULL, (void *)i };
	memcpy(tests + G_N_ELEMENTS(cases), others, sizeof(others));
	return cmocka_run_group_tests_name("disk encryption", tests, harness_begin, harness_end);
}
