/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record with certificates that are no more than the right shape of DER. */
#include <stdio.h>
#include <stdlib.h>
#include "unit.h"

#define SEQUENCE    "MAMCAQE=" /* SEQUENCE { INTEGER 1 } */
#define CERTIFICATE "-----BEGIN CERTIFICATE-----\n" SEQUENCE "\n-----END CERTIFICATE-----\n"
#define HASH	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

char *sample_record(const char *label, const char *id, size_t chain)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	assert_non_null(stream);
	fprintf(stream,
		"Devid-Identity: 1\nLabel: %s\nID: %s\nStore: keyring\nSPKI-SHA256: " HASH "\n"
		"SPKI: " SEQUENCE "\nImported: 2026-11-22T10:00:00Z\nCheck-Value: 1a2b3c\n",
		label, id);
	for (size_t i = 0; i < chain; i++)
		fprintf(stream,
			"Chain-ID: c0%02zx\nChain-Label: CA %zu\nChain-Check-Value: 00000%zx\n", i,
			i, i & 15);
	fprintf(stream, "\n" CERTIFICATE);
	for (size_t i = 0; i < chain; i++)
		fprintf(stream, CERTIFICATE);
	fclose(stream);
	return text;
}
