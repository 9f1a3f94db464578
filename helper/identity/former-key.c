/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The former keys of an identity, from the folder of its token. */
#include <string.h>
#include "base/certificate.h"
#include "base/moment.h"
#include "former-key.h"

static void former_free(void *data)
{
	struct former_key *former = data;

	g_free(former->key);
	g_free(former->serial);
	g_free(former->fingerprint);
	g_free(former);
}

time_t former_key_replaced(const struct identity *identity)
{
	return moment_read(identity->record->imported);
}

static void add(GPtrArray *formers, const struct record *record)
{
	gnutls_x509_crt_t leaf = certificate_from_der(record->leaf.data, record->leaf.length);
	struct former_key *former;

	if (!leaf)
		return;
	former = g_new0(struct former_key, 1);
	former->key = certificate_key(leaf);
	former->serial = certificate_serial(leaf);
	former->fingerprint = certificate_fingerprint(leaf);
	former->until = moment_read(record->until);
	gnutls_x509_crt_deinit(leaf);
	g_ptr_array_add(formers, former);
}

/* A replacement that was cut short leaves one of the key that is still the present one. */
static bool is_of(const struct record *former, const struct record *record)
{
	return strcmp(former->name, record->name) == 0 &&
	       memcmp(former->spki_hash, record->spki_hash, sizeof(former->spki_hash)) != 0 &&
	       moment_read(former->until) > time(NULL);
}

GPtrArray *former_key_list(const struct identity *identity)
{
	GPtrArray *formers = g_ptr_array_new_with_free_func(former_free);
	char folder[PATH_BUFFER];
	struct record_list list;

	if (identity->foreign || identity->user || !path_data(identity->scope, folder) ||
	    record_load_former(folder, &list, NULL, NULL) != DEVID_OK)
		return formers;
	for (size_t i = 0; i < list.count; i++)
		if (is_of(&list.records[i], identity->record))
			add(formers, &list.records[i]);
	record_list_clear(&list);
	return formers;
}
