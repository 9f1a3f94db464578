/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A .module file as p11-kit reads it: "name: value" lines, empty ones and comments
 * (pkcs11.conf(5)). */
#pragma once

#include <stdbool.h>
#include <glib.h>

struct module_file {
	guint bad_line; /* 0: none */
	char *module;	/* its value, or NULL */
	bool critical;
};
#define MODULE_FILE_INIT ((struct module_file){ 0, NULL, false })
void module_file_read(GBytes *bytes, struct module_file *file);
void module_file_clear(struct module_file *file);
#define AUTO_MODULE_FILE __attribute__((cleanup(module_file_clear)))
