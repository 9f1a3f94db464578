/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of libdevid share: a folder of their own, an account in it, certificates from
 * make.sh. */
#ifndef TEST_ACCOUNT_HARNESS_H
#define TEST_ACCOUNT_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>
#include <glib.h>
#include <gnutls/x509.h>
#include <devid/devid.h>

/* For group_setup and group_teardown. */
int harness_begin(void **state);
int harness_end(void **state);

/* A new empty folder (0755) below the test's own; the caller frees the path. */
char *harness_folder(void);
/* Writes a file (0644), making the folders above it. `length` -1: up to the NUL. */
void harness_write(const char *folder, const char *name, const void *data, gssize length);
/* The path of a file that make.sh made, static until the next call; and its bytes. */
const char *harness_pki(const char *name);
GBytes *harness_read(const char *name);
void harness_copy(const char *folder, const char *name, const char *pki_name);
/* Each under its own name; `files` separated by blanks. */
void harness_copy_files(const char *folder, const char *files);

/* An account folder: account.conf (NULL: none) and signing certificates, names of .crt files
 * separated by blanks.
 */
char *harness_account(const char *conf, const char *signing);
struct devid_account *harness_load(const char *folder);
/* Spoils one line "KEY=VALUE" (from 0) of a configuration file's text, in the `how` manieth way:
 * doubled, without a value, oversized, in Latin-1, with CR LF, a NUL, …; false: there are no more
 * ways. *problem (free it) is "LINE: what is told", or NULL where the key's own setter has the
 * words.
 */
bool harness_spoil(const char *text, gsize line, gsize how, GString *spoiled, char **problem);
/* A chain: names of .crt files separated by blanks, leaf first. */
struct harness_chain {
	gnutls_x509_crt_t certificates[24];
	size_t count;
};
void harness_chain_load(struct harness_chain *chain, const char *names);
void harness_chain_clear(struct harness_chain *chain);
/* 2024-06-15 12:00:00 UTC: most certificates of make.sh are valid from 2020 to 2049. */
#define HARNESS_NOON 1718452800
/* Checks the chain of these names by the account in the folder; the caller frees the verdict. */
struct devid_verdict *harness_verdict(const char *folder, const char *names, time_t at);

#endif
