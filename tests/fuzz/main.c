/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target without libFuzzer: every file of the corpus, then so many mutations of them,
 *the same in each run. A failing input is written to the folder it is run in.
 *
 *	fuzz-NAME MUTATIONS FOLDER|FILE…
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"

#define INPUT_MAX (512 * 1024)

struct input {
	uint8_t *data;
	size_t size;
};

static struct input corpus[4096];
static size_t corpus_count;
static struct input current; /* for the one who looks at a crash */
static uint64_t state = 0x9e3779b97f4a7c15u;

/* xorshift64*: small and the same everywhere. */
static uint32_t number_below(size_t limit)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return limit ? (uint32_t)((state * 0x2545f4914f6cdd1du >> 32) % limit) : 0;
}

static void keep_input(int signal_number)
{
	FILE *file = fopen("fuzz-crash", "w");

	if (file) {
		fwrite(current.data, 1, current.size, file);
		fclose(file);
	}
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* In a buffer of its exact size, so that the sanitizer sees the first byte beyond it. */
static void run(const uint8_t *data, size_t size)
{
	current.data = malloc(size ? size : 1);
	if (!current.data)
		exit(2);
	memcpy(current.data, data, size);
	current.size = size;
	LLVMFuzzerTestOneInput(current.data, size);
	free(current.data);
}

static void read_file(const char *path)
{
	struct input input = { malloc(INPUT_MAX), 0 };
	FILE *file = fopen(path, "re");

	if (!input.data || !file) {
		fprintf(stderr, "%s: can't be read\n", path);
		exit(2);
	}
	input.size = fread(input.data, 1, INPUT_MAX, file);
	fclose(file);
	if (corpus_count < sizeof(corpus) / sizeof(corpus[0]))
		corpus[corpus_count++] = input;
}

static void read_argument(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);

	if (count < 0)
		read_file(path);
	for (int i = 0; i < count; i++) {
		char file[4096];

		if (entries[i]->d_name[0] != '.') {
			snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
			read_file(file);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void flip_bit(uint8_t *data, size_t *size)
{
	if (*size)
		data[number_below(*size)] ^= (uint8_t)(1u << number_below(8));
}

static void set_byte(uint8_t *data, size_t *size)
{
	static const uint8_t bytes[] = { 0,    1,   0x7f, 0x80, 0xff, '\n',
					 '\r', '-', ':',  ' ',	'=',  0x30 };

	if (*size)
		data[number_below(*size)] = bytes[number_below(sizeof(bytes))];
}

static void set_length(uint8_t *data, size_t *size)
{
	static const uint32_t values[] = { 0,	   1,	    0xff,	0x100,
					   0xffff, 0x10000, 0x7fffffff, 0xffffffff };
	size_t width = number_below(2) ? 4 : 2;

	if (*size >= width)
		memcpy(data + number_below(*size - width + 1), &values[number_below(8)], width);
}

static void cut_end(uint8_t *data, size_t *size)
{
	*size = number_below(*size + 1);
}

static void cut_middle(uint8_t *data, size_t *size)
{
	size_t from = number_below(*size), length = number_below(*size - from + 1);

	if (*size == 0)
		return;
	memmove(data + from, data + from + length, *size - from - length);
	*size -= length;
}

static void repeat_part(uint8_t *data, size_t *size)
{
	size_t from = number_below(*size), length = number_below(*size - from + 1);

	if (*size == 0 || *size + length > INPUT_MAX)
		return;
	memmove(data + from + length, data + from, *size - from);
	*size += length;
}

static void splice(uint8_t *data, size_t *size)
{
	const struct input *other = &corpus[number_below(corpus_count)];
	size_t from = number_below(other->size), length = number_below(other->size - from + 1);
	size_t at = number_below(*size + 1);

	if (length == 0 || at + length > INPUT_MAX)
		return;
	memcpy(data + at, other->data + from, length);
	if (at + length > *size)
		*size = at + length;
}

static void (*const mutations[])(uint8_t *data, size_t *size) = {
	flip_bit, set_byte, set_length, cut_end, cut_middle, repeat_part, splice,
};

static void mutate(uint8_t *data)
{
	const struct input *seed = &corpus[number_below(corpus_count)];
	size_t size = seed->size;

	memcpy(data, seed->data, size);
	for (uint32_t left = 1 + number_below(4); left > 0; left--)
		mutations[number_below(sizeof(mutations) / sizeof(mutations[0]))](data, &size);
	run(data, size);
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 0;
	uint8_t *data = malloc(INPUT_MAX);

	if (!data || argc < 3) {
		fprintf(stderr, "usage: %s MUTATIONS FOLDER|FILE...\n", argv[0]);
		return 2;
	}
	signal(SIGABRT, keep_input);
	signal(SIGSEGV, keep_input);
	for (int i = 2; i < argc; i++)
		read_argument(argv[i]);
	run((const uint8_t *)"", 0);
	for (size_t i = 0; i < corpus_count; i++)
		run(corpus[i].data, corpus[i].size);
	for (long i = 0; i < count && corpus_count > 0; i++)
		mutate(data);
	printf("%zu files, %ld mutations\n", corpus_count, count);
	for (size_t i = 0; i < corpus_count; i++)
		free(corpus[i].data);
	free(data);
	return corpus_count == 0;
}
