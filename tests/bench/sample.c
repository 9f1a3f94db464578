/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One measurement in a fresh process: what a client pays for a PKCS#11 module, and what a command
 * costs as a whole. Prints one number: microseconds, KiB, or operations a second.
 *
 *	sample load MODULE                                     dlopen and C_Initialize
 *	sample memory MODULE                                   growth after that and a listing
 *	sample list MODULE TOKEN                               label, id and value of each
 *certificate sample find MODULE TOKEN LABEL                         one certificate by label, warm
 *	sample first MODULE TOKEN LABEL rsa|ec COUNT [PIN]     from dlopen to the COUNTth signature
 *	sample sign MODULE TOKEN LABEL rsa|ec SECONDS [PIN]    signatures a second, one thread
 *	sample time COMMAND...                                 a process, from its start to its end
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <p11-kit/pkcs11.h>

#define FINDS	     400
#define CERTIFICATES 200

extern char **environ;

static CK_FUNCTION_LIST *p11;

static void __attribute__((noreturn)) give_up(const char *what, unsigned long code)
{
	fprintf(stderr, "sample: %s: 0x%lx\n", what, code);
	exit(1);
}

static void must(CK_RV rv, const char *what)
{
	if (rv != CKR_OK)
		give_up(what, rv);
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void load(const char *path)
{
	CK_C_INITIALIZE_ARGS arguments = { .flags = CKF_OS_LOCKING_OK };
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get_list;

	if (!handle) {
		fprintf(stderr, "sample: %s\n", dlerror());
		exit(1);
	}
	*(void **)&get_list = dlsym(handle, "C_GetFunctionList");
	if (!get_list)
		give_up("no C_GetFunctionList", 0);
	must(get_list(&p11), "C_GetFunctionList");
	must(p11->C_Initialize(&arguments), "C_Initialize");
}

/* Labels of tokens are padded with blanks. */
static bool has_label(const CK_TOKEN_INFO *info, const char *label)
{
	char padded[sizeof(info->label) + 1];

	snprintf(padded, sizeof(padded), "%-32s", label);
	return memcmp(padded, info->label, sizeof(info->label)) == 0;
}

static CK_SESSION_HANDLE open_token(const char *label)
{
	CK_SLOT_ID slots[64];
	CK_ULONG count = 64;
	CK_SESSION_HANDLE session;

	must(p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info;

		if (p11->C_GetTokenInfo(slots[i], &info) != CKR_OK || !has_label(&info, label))
			continue;
		must(p11->C_OpenSession(slots[i], CKF_SERIAL_SESSION, NULL, NULL, &session),
		     "C_OpenSession");
		return session;
	}
	give_up("no such token", 0);
}

static CK_ULONG list_certificates(CK_SESSION_HANDLE session)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE wanted = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE objects[256];
	CK_ULONG total = 0, got;

	must(p11->C_FindObjectsInit(session, &wanted, 1), "C_FindObjectsInit");
	while (p11->C_FindObjects(session, objects, 256, &got) == CKR_OK && got > 0) {
		for (CK_ULONG i = 0; i < got; i++) {
			unsigned char label[256], id[256], value[8192];
			CK_ATTRIBUTE attributes[] = {
				{ CKA_LABEL, label, sizeof(label) },
				{ CKA_ID, id, sizeof(id) },
				{ CKA_VALUE, value, sizeof(value) },
			};

			must(p11->C_GetAttributeValue(session, objects[i], attributes, 3),
			     "C_GetAttributeValue");
			total++;
		}
	}
	must(p11->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	return total;
}

static CK_OBJECT_HANDLE find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, char *label)
{
	CK_ATTRIBUTE wanted[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, label, strlen(label) },
	};
	CK_OBJECT_HANDLE object;
	CK_ULONG got;

	must(p11->C_FindObjectsInit(session, wanted, 2), "C_FindObjectsInit");
	must(p11->C_FindObjects(session, &object, 1, &got), "C_FindObjects");
	must(p11->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	if (got == 0)
		give_up("no such object", 0);
	return object;
}

static void sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, bool ec, unsigned counter)
{
	/* DigestInfo of SHA-256, RFC 8017 section 9.2. */
	unsigned char data[51] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				   0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
	CK_MECHANISM mechanism = { ec ? CKM_ECDSA : CKM_RSA_PKCS, NULL, 0 };
	unsigned char signature[1024];
	CK_ULONG length = sizeof(signature);

	memcpy(data + 19, &counter, sizeof(counter));
	must(p11->C_SignInit(session, &mechanism, key), "C_SignInit");
	must(p11->C_Sign(session, ec ? data + 19 : data, ec ? 32 : 51, signature, &length),
	     "C_Sign");
}

static CK_SESSION_HANDLE open_key(char **argv, CK_OBJECT_HANDLE *key)
{
	CK_SESSION_HANDLE session = open_token(argv[1]);
	char *pin = argv[5];

	if (pin)
		must(p11->C_Login(session, CKU_USER, (unsigned char *)pin, strlen(pin)), "C_Login");
	*key = find(session, CKO_PRIVATE_KEY, argv[2]);
	return session;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double measure_load(char **argv)
{
	double start = now_us();

	load(argv[0]);
	return now_us() - start;
}

static double value_in(const char *file, const char *name)
{
	FILE *status = fopen(file, "re");
	double value = -1;
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtod(line + strlen(name), NULL);
	if (status)
		fclose(status);
	return value;
}

/* VmRSS of /proc/self/status is off by some hundred KiB on kernels since 6.2; this one is exact. */
static double resident(void)
{
	return value_in("/proc/self/smaps_rollup", "Rss:");
}

static int look_for_heavy(struct dl_phdr_info *info, size_t size, void *data)
{
	static const char *const names[] = { "libglib",	  "libgobject", "libgio",  "libgnutls",
					     "libcrypto", "libsecret",	"libdbus", "libpthread-" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strstr(info->dlpi_name, names[i]))
			*(const char **)data = names[i];
	return 0;
}

/* Fails where there is a thread or a library that has no business in a client. */
static double measure_memory(char **argv)
{
	const char *heavy = NULL;
	CK_SLOT_ID slots[64];
	CK_ULONG count = 64;
	double before;

	(void)resident(); /* reading it takes memory, too */
	before = resident();
	load(argv[0]);
	must(p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
	for (CK_ULONG i = 0; i < count; i++) {
		CK_SESSION_HANDLE session;

		if (p11->C_OpenSession(slots[i], CKF_SERIAL_SESSION, NULL, NULL, &session) ==
		    CKR_OK)
			list_certificates(session);
	}
	dl_iterate_phdr(look_for_heavy, &heavy);
	if (heavy) {
		fprintf(stderr, "sample: %s is mapped\n", heavy);
		exit(1);
	}
	if (value_in("/proc/self/status", "Threads:") != 1)
		give_up("threads", 2);
	return resident() - before;
}

static double measure_list(char **argv)
{
	CK_ULONG count;
	double start;

	load(argv[0]);
	start = now_us();
	count = list_certificates(open_token(argv[1]));
	if (count != CERTIFICATES)
		give_up("certificates", count);
	return now_us() - start;
}

static double measure_find(char **argv)
{
	CK_SESSION_HANDLE session;
	double times[FINDS];

	load(argv[0]);
	session = open_token(argv[1]);
	for (size_t i = 0; i < FINDS; i++) {
		double start = now_us();

		find(session, CKO_CERTIFICATE, argv[2]);
		times[i] = now_us() - start;
	}
	qsort(times, FINDS, sizeof(times[0]), compare);
	return times[FINDS / 2];
}

static double measure_first(char **argv)
{
	unsigned count = (unsigned)atoi(argv[4]);
	CK_SESSION_HANDLE session;
	double start = now_us();
	CK_OBJECT_HANDLE key;

	load(argv[0]);
	session = open_key(argv, &key);
	for (unsigned i = 0; i < count; i++)
		sign(session, key, strcmp(argv[3], "ec") == 0, i);
	return now_us() - start;
}

static double measure_sign(char **argv)
{
	bool ec = strcmp(argv[3], "ec") == 0;
	double start, end, now;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	unsigned count = 0;

	load(argv[0]);
	session = open_key(argv, &key);
	sign(session, key, ec, 0);
	start = now_us();
	end = start + strtod(argv[4], NULL) * 1e6;
	do {
		for (unsigned i = 0; i < 10; i++)
			sign(session, key, ec, count++);
		now = now_us();
	} while (now < end);
	return count / ((now - start) / 1e6);
}

static double measure_time(char **argv)
{
	posix_spawn_file_actions_t actions;
	double start;
	pid_t child;
	int status;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	start = now_us();
	if (posix_spawnp(&child, argv[0], &actions, NULL, argv, environ) != 0 ||
	    waitpid(child, &status, 0) != child)
		give_up(argv[0], 0);
	if (status != 0)
		give_up(argv[0], (unsigned long)status);
	return now_us() - start;
}

static const struct mode {
	const char *name;
	double (*measure)(char **argv);
	int arguments;
} modes[] = {
	{ "load", measure_load, 1 }, { "memory", measure_memory, 1 }, { "list", measure_list, 2 },
	{ "find", measure_find, 3 }, { "first", measure_first, 5 },   { "sign", measure_sign, 5 },
	{ "time", measure_time, 1 },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (argc < 2 || strcmp(argv[1], modes[i].name) != 0 ||
		    argc - 2 < modes[i].arguments)
			continue;
		printf("%.1f\n", modes[i].measure(argv + 2));
		fflush(stdout);
		_exit(0); /* what a module does at exit is not what is measured */
	}
	fprintf(stderr, "sample: the words are off; see the head of tests/bench/sample.c\n");
	return 2;
}
