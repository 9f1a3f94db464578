/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a signature is made with: one record, read once, immutable and counted. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <gnutls/x509.h>
#include <internal/record.h>
#include <internal/wire.h>
#include "agent/store/store.h"

struct subject {
	gatomicrefcount references;
	guint8 spki_hash[WIRE_SPKI_HASH];
	char spki_hash_hex[2 * WIRE_SPKI_HASH + 1];
	char *label;
	const struct store *store;
	GBytes *spki;
	GBytes *leaf;		  /* DER; NULL: a lone key */
	gnutls_x509_crt_t *chain; /* leaf first */
	guint chain_count;
	time_t until; /* of a former one: when its use ends; 0: it is the present one */
};
struct subject *subject_new(const struct record *record);
struct subject *subject_ref(struct subject *subject);
void subject_unref(struct subject *subject);
typedef struct subject gate_subject;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gate_subject, subject_unref)

/* For tables whose keys are SPKI hashes. */
guint subject_key_hash(gconstpointer spki_hash);
gboolean subject_key_equal(gconstpointer a, gconstpointer b);
