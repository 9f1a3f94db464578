/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether p11-kit, and so every program that uses it, knows our module. */
#include <config.h>
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>
#include <p11-kit/p11-kit.h>

#include "base/input.h"
#include "identity/token.h"
#include "module-file.h"
#include "support.h"

#define MODULE_SUFFIX	".module"
#define MODULE_FILE_MAX 65536

struct survey {
	struct doctor *doctor;
	bool registered; /* a file names our module */
	bool broken;	 /* a file is at fault for all of them */
};

static char *module_name_path(const char *name)
{
	g_autofree char *folder = g_path_get_dirname(DEVID_MODULE_PATH);

	return *name == '/' ? g_strdup(name) : g_build_filename(folder, name, NULL);
}

static void load_alone(const char *path)
{
	CK_C_GetFunctionList get_list;
	CK_FUNCTION_LIST *functions;
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!module)
		return;
	*(void **)&get_list = dlsym(module, "C_GetFunctionList");
	if (get_list)
		(void)get_list(&functions);
}

static void look_at_file(struct survey *survey, const char *folder, const char *name)
{
	g_autofree char *at = g_build_filename(folder, name, NULL);
	AUTO_MODULE_FILE struct module_file file = MODULE_FILE_INIT;
	g_autofree char *own = g_path_get_basename(token_module_path());
	g_autoptr(GBytes) bytes = input_read(at, MODULE_FILE_MAX, NULL);

	if (!bytes) {
		doctor_tell(survey->doctor, OUTCOME_WARN, NULL, "%s can't be read", at);
		return;
	}
	module_file_read(bytes, &file);
	if (file.bad_line != 0) {
		survey->broken = true;
		doctor_tell(survey->doctor, OUTCOME_FAIL, "correct that line, or remove the file",
			    "%s:%u: not \"name: value\"; p11-kit then loads no module at all", at,
			    file.bad_line);
	} else if (file.module) {
		g_autofree char *path = module_name_path(file.module);
		g_autofree char *base = g_path_get_basename(path);
		g_autofree char *doing = g_strdup_printf("loading the module of %s", at);

		if (strcmp(base, own) == 0)
			survey->registered = true;
		/* Alone, so that one that hangs has a name. */
		doctor_doing(survey->doctor, doing);
		load_alone(path);
		doctor_doing(survey->doctor, NULL);
		if (file.critical && access(path, R_OK) < 0) {
			survey->broken = true;
			doctor_tell(survey->doctor, OUTCOME_FAIL,
				    "install that module, or set \"critical: no\"",
				    "%s: %s is not there and is critical; p11-kit then loads no "
				    "module at all",
				    at, path);
		}
	}
}

static void look_at_folder(struct survey *survey, const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)) != NULL)
		if (g_str_has_suffix(name, MODULE_SUFFIX))
			look_at_file(survey, folder, name);
}

/* p11-kit's own, in the same form. */
static void look_at_settings(struct survey *survey, const char *folder)
{
	g_autofree char *path = g_build_filename(folder, "pkcs11.conf", NULL);

	if (access(path, F_OK) == 0)
		look_at_file(survey, folder, "pkcs11.conf");
}

static void look_at_files(struct survey *survey)
{
	g_autofree char *user = g_build_filename(g_get_home_dir(), ".config/pkcs11/modules", NULL);
	g_autofree char *own = g_build_filename(g_get_home_dir(), ".config/pkcs11", NULL);

	look_at_settings(survey, "/etc/pkcs11");
	look_at_folder(survey, DEVID_MODULE_CONFIG_DIR);
	look_at_folder(survey, "/etc/pkcs11/modules");
	/* p11-kit looks there for nobody but users. */
	if (geteuid() == 0)
		return;
	look_at_settings(survey, own);
	look_at_folder(survey, user);
}

static bool is_ours(CK_FUNCTION_LIST *module)
{
	char *file = p11_kit_module_get_filename(module);
	g_autofree char *base = !file ? g_strdup("") : g_path_get_basename(file);
	g_autofree char *own = g_path_get_basename(token_module_path());

	free(file);
	return strcmp(base, own) == 0;
}

static void look_at_slots(struct doctor *doctor, CK_FUNCTION_LIST *module)
{
	CK_ULONG count = 0;
	char *only = p11_kit_config_option(module, "enable-in");

	if (p11_kit_module_initialize(module) != CKR_OK)
		doctor_tell(doctor, OUTCOME_FAIL, DOCTOR_REINSTALL,
			    "p11-kit loads the module, and it does not start");
	else if (module->C_GetSlotList(CK_TRUE, NULL, &count) != CKR_OK || count == 0)
		doctor_tell(doctor, OUTCOME_FAIL, DOCTOR_REINSTALL,
			    "p11-kit loads the module, and it shows no token");
	else if (only)
		doctor_tell(doctor, OUTCOME_WARN, "take enable-in out of devid.module",
			    "the module is registered for these programs alone: %s", only);
	else
		doctor_tell(doctor, OUTCOME_PASS, NULL,
			    "registered with p11-kit, %lu tokens visible", count);
	free(only);
}

/* The modules are loaded; of others none is started. */
static void look_at_p11_kit(struct survey *survey)
{
	CK_FUNCTION_LIST **modules, **ours;

	p11_kit_be_quiet();
	modules = p11_kit_modules_load(NULL, 0);
	if (!modules) {
		if (!survey->broken)
			doctor_tell(survey->doctor, OUTCOME_FAIL,
				    "P11_KIT_DEBUG=conf,lib p11-kit list-modules shows the file",
				    "p11-kit can't load the registered modules");
		return;
	}
	for (ours = modules; *ours && !is_ours(*ours); ours++)
		;
	if (*ours)
		look_at_slots(survey->doctor, *ours);
	else if (survey->registered)
		doctor_tell(survey->doctor, OUTCOME_FAIL, DOCTOR_REINSTALL,
			    "registered with p11-kit, which can't load it or has it switched off");
}

void doctor_module(struct doctor *doctor)
{
	struct survey survey = { .doctor = doctor };

	look_at_files(&survey);
	if (!survey.registered)
		doctor_tell(doctor, OUTCOME_FAIL, DOCTOR_REINSTALL,
			    "not registered with p11-kit: no file in %s names devid-pkcs11.so",
			    DEVID_MODULE_CONFIG_DIR);
	look_at_p11_kit(&survey);
}
