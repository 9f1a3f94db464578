/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module under test, and the folders that it sees. See support.h. */
#include <dirent.h>
#include <dlfcn.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support.h"

char test_folder[64];
CK_FUNCTION_LIST *p11;
static void *module;
static char folders[2][96];

const char *folder_of(enum scope scope)
{
	return folders[scope];
}

static void set_folder(const char *variable, const char *below)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", test_folder, below);
	setenv(variable, path, 1);
}

int test_setup(void **state)
{
	CK_C_GetFunctionList get;

	strcpy(test_folder, "/tmp/dmXXXXXX");
	if (!mkdtemp(test_folder))
		return -1;
	snprintf(folders[SCOPE_USER], sizeof(folders[0]), "%s/user", test_folder);
	snprintf(folders[SCOPE_SYSTEM], sizeof(folders[0]), "%s/system", test_folder);
	setenv("HOME", test_folder, 1);
	unsetenv("XDG_DATA_HOME");
	unsetenv("XDG_RUNTIME_DIR");
	set_folder("DEVID_DATA_DIR", "user");
	set_folder("DEVID_SYSTEM_DIR", "system");
	set_folder("DEVID_RUNTIME_DIR", "user-run");
	set_folder("DEVID_SYSTEM_RUNTIME_DIR", "system-run");
	setenv("DEVID_AGENT", "/nonexistent/devid-agent", 1);
	chmod(test_folder, 0755);
	module = dlopen(getenv("DEVID_MODULE"), RTLD_NOW | RTLD_LOCAL);
	if (!module) {
		fprintf(stderr, "%s\n", dlerror());
		return -1;
	}
	*(void **)&get = dlsym(module, "C_GetFunctionList");
	return get && get(&p11) == CKR_OK ? 0 : -1;
}

void *test_symbol(const char *name)
{
	return dlsym(module, name);
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *ftw)
{
	return remove(path);
}

int test_teardown(void **state)
{
	p11->C_Finalize(NULL);
	agents_end();
	dlclose(module);
	module = NULL;
	nftw(test_folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}

CK_SESSION_HANDLE open_session(CK_SLOT_ID slot, CK_FLAGS more_flags)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = p11->C_Initialize(NULL);

	assert_true(rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED);
	rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION | more_flags, NULL, NULL, &session);
	assert_int_equal(rv, CKR_OK);
	return session;
}

CK_ULONG find_all(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count,
		  CK_OBJECT_HANDLE *objects, CK_ULONG room)
{
	CK_ULONG found = 0;

	assert_int_equal(p11->C_FindObjectsInit(session, template, count), CKR_OK);
	assert_int_equal(p11->C_FindObjects(session, objects, room, &found), CKR_OK);
	assert_int_equal(p11->C_FindObjectsFinal(session), CKR_OK);
	return found;
}

CK_ULONG count_class(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE template = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE objects[512];

	return find_all(session, &template, 1, objects, 512);
}

CK_OBJECT_HANDLE find_one(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label)
{
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, (void *)label, strlen(label) },
	};
	CK_OBJECT_HANDLE objects[2];
	CK_ULONG count = find_all(session, template, 2, objects, 2);

	assert_true(count < 2);
	return count == 1 ? objects[0] : 0;
}

size_t read_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
		      void *out, size_t room)
{
	CK_ATTRIBUTE attribute = { type, out, room };

	assert_int_equal(p11->C_GetAttributeValue(session, object, &attribute, 1), CKR_OK);
	return attribute.ulValueLen;
}

int count_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}
