/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stores there are. */
#include <string.h>
#include "file.h"
#include "keyring.h"
#include "store.h"
#include "tpm.h"

static const struct store *const stores[] = { &store_keyring, &store_file, &store_tpm };

const struct store *store_table(size_t *count)
{
	static struct store table[G_N_ELEMENTS(stores)];
	static gsize filled;

	if (g_once_init_enter(&filled)) {
		for (size_t i = 0; i < G_N_ELEMENTS(stores); i++)
			table[i] = *stores[i];
		g_once_init_leave(&filled, 1);
	}
	*count = G_N_ELEMENTS(stores);
	return table;
}

const struct store *store_find(const char *name)
{
	size_t count;
	const struct store *table = store_table(&count);

	for (size_t i = 0; name && i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}
