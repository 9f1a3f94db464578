/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether command, module and agent are of one installation. */
#include <config.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <p11-kit/pkcs11.h>
#include <internal/client.h>
#include <internal/path.h>

#include "base/json-value.h"
#include "identity/agent-look.h"
#include "identity/token.h"
#include "support.h"

#define MANUFACTURER "devid"

/* The module's own answer; false with *why (static). */
static bool ask_module(CK_INFO *info, const char **why)
{
	void *module = token_module_may_load(NULL)
			       ? dlopen(token_module_path(), RTLD_NOW | RTLD_LOCAL)
			       : NULL;
	CK_C_GetFunctionList get_list;
	CK_FUNCTION_LIST *functions = NULL;

	*why = "it can't be loaded";
	if (!module)
		return false;
	*why = "it is no PKCS#11 module";
	*(void **)&get_list = dlsym(module, "C_GetFunctionList");
	if (!get_list || get_list(&functions) != CKR_OK || !functions)
		return false;
	*why = "it does not start";
	if (functions->C_Initialize(NULL) != CKR_OK)
		return false;
	return functions->C_GetInfo(info) == CKR_OK;
}

static void look_at_module(struct doctor *doctor)
{
	CK_INFO info = { 0 };
	const char *why;
	char *rest;
	unsigned long major = strtoul(DEVID_VERSION, &rest, 10),
		      minor = strtoul(rest + 1, NULL, 10);

	if (!ask_module(&info, &why))
		doctor_tell(doctor, OUTCOME_FAIL, DOCTOR_REINSTALL, "module %s: %s",
			    token_module_path(), why);
	else if (strncmp((const char *)info.manufacturerID, MANUFACTURER " ",
			 strlen(MANUFACTURER) + 1) != 0)
		doctor_tell(doctor, OUTCOME_FAIL, DOCTOR_REINSTALL, "module %s: another maker's",
			    token_module_path());
	else if (info.libraryVersion.major != major || info.libraryVersion.minor != minor)
		doctor_tell(doctor, OUTCOME_FAIL, DOCTOR_REINSTALL,
			    "module %s is %u.%u, the command %s", token_module_path(),
			    info.libraryVersion.major, info.libraryVersion.minor, DEVID_VERSION);
	else
		doctor_tell(doctor, OUTCOME_PASS, NULL, "command %s, module %u.%u", DEVID_VERSION,
			    info.libraryVersion.major, info.libraryVersion.minor);
}

/* An agent goes on with its old program after an update, until it leaves. */
static void compare_agent(struct doctor *doctor, const char *title, const struct agent_look *look)
{
	const char *version = json_value_text(look->status, "version");
	gint64 pid = json_value_number(look->status, "pid", 0);
	g_autofree char *hint = g_strdup_printf(
		"end the old one, a new one starts when it is needed: kill %" G_GINT64_FORMAT, pid);

	if (g_strcmp0(version, DEVID_VERSION) != 0)
		doctor_tell(doctor, OUTCOME_FAIL, hint, "%s is %s, the command %s", title,
			    !version ? "unknown" : version, DEVID_VERSION);
	else
		doctor_tell(doctor, OUTCOME_PASS, NULL, "%s %s", title, version);
}

/* One that is not well is the subject of the examination of agents. */
void doctor_versions(struct doctor *doctor)
{
	static const char *const titles[] = { "agent", "the machine's agent" };

	look_at_module(doctor);
	for (int scope = SCOPE_USER; scope <= SCOPE_SYSTEM; scope++) {
		AUTO_AGENT_LOOK struct agent_look look = { .running = false };

		agent_look((enum scope)scope, CLIENT_NO_START, &look);
		if (look.result == DEVID_TIMEOUT)
			doctor_note(doctor, scope == SCOPE_USER ? "silent" : "silent-system", "");
		if (look.status)
			compare_agent(doctor, titles[scope], &look);
		if (scope == SCOPE_USER && look.running)
			doctor_note(doctor, "ran", "");
	}
}
