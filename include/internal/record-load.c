/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records from their folder: which files count, and in what order. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <internal/cleanup.h>
#include <internal/record.h>

#define GENERATION_FILE	  "generation"
#define GENERATION_DIGITS 16

static enum devid_result fail(const char **why, enum devid_result result, const char *words)
{
	*why = words;
	return result;
}

bool record_is_file(const char *file)
{
	uint8_t bytes[RECORD_NAME_LENGTH / 2];

	return strlen(file) == RECORD_NAME_LENGTH + strlen(RECORD_SUFFIX) &&
	       hex_decode(file, RECORD_NAME_LENGTH, bytes) &&
	       strcmp(file + RECORD_NAME_LENGTH, RECORD_SUFFIX) == 0;
}

void record_former_file(const char *name, const uint8_t spki_hash[32],
			char file[RECORD_FORMER_SIZE])
{
	char hex[65];

	hex_encode(spki_hash, 32, hex);
	snprintf(file, RECORD_FORMER_SIZE, "%s.%s" RECORD_FORMER_SUFFIX, name, hex);
}

bool record_is_former(const char *folder, const char *name, const uint8_t spki_hash[32])
{
	char file[RECORD_FORMER_SIZE];
	AUTO_CLOSE int dirfd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	record_former_file(name, spki_hash, file);
	return dirfd >= 0 && faccessat(dirfd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* By its name; whether it is that of the key inside is looked at when it is read. */
static bool is_former_file(const char *file)
{
	uint8_t bytes[32];
	const char *hex = file + RECORD_NAME_LENGTH + 1;

	return strlen(file) == RECORD_FORMER_SIZE - 1 &&
	       hex_decode(file, RECORD_NAME_LENGTH, bytes) && hex[-1] == '.' &&
	       hex_decode(hex, 64, bytes) && strcmp(hex + 64, RECORD_FORMER_SUFFIX) == 0;
}

static enum devid_result open_record(int dirfd, const char *file, uid_t owner, int *fd,
				     size_t *size, const char **why)
{
	struct stat status;

	/* O_NONBLOCK: a pipe in a record's place must not hold us up. */
	*fd = openat(dirfd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (*fd < 0 && errno == ENOENT)
		return fail(why, DEVID_NOT_FOUND, "it is not there");
	if (*fd < 0 && errno == ELOOP)
		return fail(why, DEVID_BAD_DATA, "it is a symbolic link");
	if (*fd < 0)
		return fail(why, DEVID_IO, "it can't be opened");
	if (fstat(*fd, &status) != 0)
		return fail(why, DEVID_IO, "it can't be read");
	if (!S_ISREG(status.st_mode))
		return fail(why, DEVID_BAD_DATA, "it is not a regular file");
	if (status.st_uid != owner)
		return fail(why, DEVID_BAD_DATA, "it belongs to another user than its folder");
	if (status.st_mode & (S_IWGRP | S_IWOTH))
		return fail(why, DEVID_BAD_DATA, "others can write to it");
	if (status.st_size > RECORD_SIZE_MAX)
		return fail(why, DEVID_BAD_DATA, "it is too large");
	*size = (size_t)status.st_size;
	return DEVID_OK;
}

/* Reads no more than `size` bytes: what grows in the meantime is another record. */
static bool read_all(int fd, char *text, size_t size, size_t *length)
{
	*length = 0;
	while (*length < size) {
		ssize_t n = read(fd, text + *length, size - *length);

		if (n == 0)
			break;
		if (n > 0)
			*length += (size_t)n;
		else if (errno != EINTR)
			return false;
	}
	return true;
}

enum devid_result record_read(int dirfd, const char *file, uid_t owner, char **text, size_t *length,
			      const char **why)
{
	AUTO_CLOSE int fd = -1;
	AUTO_FREE char *made = NULL;
	enum devid_result result;
	size_t size;

	result = open_record(dirfd, file, owner, &fd, &size, why);
	if (result != DEVID_OK)
		return result;
	made = malloc(size + 1);
	if (!made)
		return fail(why, DEVID_NO_MEMORY, "no memory");
	if (!read_all(fd, made, size, length))
		return fail(why, DEVID_IO, "it can't be read");
	*text = made;
	made = NULL;
	return DEVID_OK;
}

/* `line` and `why`: where in the text, and words for a person. */
static enum devid_result load_file(int dirfd, const char *file, uid_t owner, struct record *record,
				   unsigned *line, const char **why)
{
	AUTO_FREE char *text = NULL;
	size_t length;
	enum devid_result result = record_read(dirfd, file, owner, &text, &length, why);

	*line = 0;
	if (result != DEVID_OK)
		return result;
	result = record_parse(text, length, record, line);
	if (result == DEVID_UNSUPPORTED)
		return fail(why, result, "a newer devid wrote it");
	if (result != DEVID_OK)
		return fail(why, result, "it is damaged or was edited wrongly");
	memcpy(record->name, file, RECORD_NAME_LENGTH);
	return DEVID_OK;
}

/* A former record of another key than its name says, or without an end, is none. */
static bool is_sound_former(const char *file, const struct record *record)
{
	char name[RECORD_FORMER_SIZE];

	record_former_file(record->name, record->spki_hash, name);
	return record->until && strcmp(name, file) == 0;
}

enum devid_result record_load(int dirfd, const char *name, struct record *record)
{
	char file[RECORD_NAME_LENGTH + sizeof(RECORD_SUFFIX)];
	struct stat folder;
	const char *why;
	unsigned line;

	memset(record, 0, sizeof(*record));
	if (strlen(name) != RECORD_NAME_LENGTH)
		return DEVID_NOT_FOUND;
	snprintf(file, sizeof(file), "%s%s", name, RECORD_SUFFIX);
	if (!record_is_file(file))
		return DEVID_NOT_FOUND;
	if (fstat(dirfd, &folder) != 0)
		return DEVID_IO;
	return load_file(dirfd, file, folder.st_uid, record, &line, &why);
}

static uint64_t read_generation(int dirfd)
{
	char digits[GENERATION_DIGITS];
	uint8_t bytes[GENERATION_DIGITS / 2];
	AUTO_CLOSE int fd = openat(dirfd, GENERATION_FILE,
				   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	uint64_t generation = 0;
	size_t length;

	if (fd < 0 || !read_all(fd, digits, sizeof(digits), &length) || length != sizeof(digits) ||
	    !hex_decode(digits, sizeof(digits), bytes))
		return 0;
	for (size_t i = 0; i < sizeof(bytes); i++)
		generation = generation << 8 | bytes[i];
	return generation;
}

uint64_t record_generation(const char *folder)
{
	AUTO_CLOSE int dirfd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return dirfd < 0 ? 0 : read_generation(dirfd);
}

static int compare_records(const void *left, const void *right)
{
	const struct record *a = left, *b = right;
	int order = strcmp(a->label, b->label);

	return order ? order : strcmp(a->name, b->name);
}

/* Each record file of the folder, read, handed out and cleared again. */
static enum devid_result walk_entries(DIR *folder, uid_t owner, const struct record_walk *walk)
{
	const struct dirent *entry;

	while ((errno = 0, entry = readdir(folder)) != NULL) {
		enum devid_result result;
		struct record record;
		const char *why;
		unsigned line;

		if (walk->former ? !is_former_file(entry->d_name) : !record_is_file(entry->d_name))
			continue;
		memset(&record, 0, sizeof(record));
		result = load_file(dirfd(folder), entry->d_name, owner, &record, &line, &why);
		if (result == DEVID_OK && walk->former &&
		    !is_sound_former(entry->d_name, &record)) {
			record_clear(&record);
			result = fail(&why, DEVID_BAD_DATA, "it is not what its name says");
		}
		if (result == DEVID_OK) {
			result = walk->each(&record, walk->data);
			record_clear(&record);
			if (result != DEVID_OK)
				return result;
		} else if (result == DEVID_NO_MEMORY) {
			return result;
		} else if (result != DEVID_NOT_FOUND && walk->skipped) { /* still there */
			walk->skipped(entry->d_name, line, why, walk->data);
		}
	}
	return errno == 0 ? DEVID_OK : DEVID_IO;
}

enum devid_result record_walk_folder(const char *folder, uint64_t *generation,
				     const struct record_walk *walk)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum devid_result result = DEVID_IO;
	struct stat status;
	DIR *directory;

	*generation = 0;
	if (fd < 0)
		return errno == ENOENT ? DEVID_OK : DEVID_IO;
	directory = fstat(fd, &status) == 0 ? fdopendir(fd) : NULL;
	if (!directory) {
		close(fd);
		return DEVID_IO;
	}
	/* Before the records: what changes from here on makes them look old, not new. */
	*generation = read_generation(fd);
	result = walk_entries(directory, status.st_uid, walk);
	closedir(directory);
	return result;
}

struct list_load {
	struct record_list *list;
	size_t room;
	void (*warn)(const char *file, unsigned line, const char *why, void *data);
	void *data;
};

static enum devid_result list_record(struct record *record, void *data)
{
	struct list_load *load = data;
	struct record_list *list = load->list;
	struct record *records =
		make_room(list->records, list->count, &load->room, sizeof(*records));

	if (!records)
		return DEVID_NO_MEMORY;
	list->records = records;
	records[list->count++] = *record;
	memset(record, 0, sizeof(*record)); /* the list's now */
	return DEVID_OK;
}

static void list_skipped(const char *file, unsigned line, const char *why, void *data)
{
	struct list_load *load = data;

	load->list->skipped++;
	if (load->warn)
		load->warn(file, line, why, load->data);
}

/* Adds them to the list; after a failure it is empty. */
static enum devid_result load_list(const char *folder, bool former, struct list_load *load)
{
	struct record_walk walk = { former, list_record, list_skipped, load };
	struct record_list *list = load->list;
	enum devid_result result = record_walk_folder(folder, &list->generation, &walk);

	if (result != DEVID_OK)
		record_list_clear(list);
	else if (list->count > 1)
		qsort(list->records, list->count, sizeof(*list->records), compare_records);
	return result;
}

enum devid_result record_load_folder(const char *folder, struct record_list *list,
				     void (*warn)(const char *file, unsigned line, const char *why,
						  void *data),
				     void *data)
{
	struct list_load load = { list, 0, warn, data };

	memset(list, 0, sizeof(*list));
	return load_list(folder, false, &load);
}

enum devid_result record_load_former(const char *folder, struct record_list *list,
				     void (*warn)(const char *file, unsigned line, const char *why,
						  void *data),
				     void *data)
{
	struct list_load load = { list, 0, warn, data };

	memset(list, 0, sizeof(*list));
	return load_list(folder, true, &load);
}

enum devid_result record_load_all(const char *folder, struct record_list *list)
{
	struct list_load load = { list, 0, NULL, NULL };
	enum devid_result result;

	memset(list, 0, sizeof(*list));
	result = load_list(folder, false, &load);
	return result == DEVID_OK ? load_list(folder, true, &load) : result;
}

void record_list_clear(struct record_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		record_clear(&list->records[i]);
	free(list->records);
	memset(list, 0, sizeof(*list));
}
