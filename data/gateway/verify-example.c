/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A gateway's own check of a client's certificate with libdevid:
 *
 *	cc verify-example.c $(pkg-config --cflags --libs devid) -o verify-example
 *	verify-example FOLDER CHAIN.pem		(a folder like /etc/devid; leaf first)
 */
#include <stdio.h>
#include <stdlib.h>
#include <devid/devid.h>

int main(int argc, char **argv)
{
	struct devid_verdict *verdict = NULL;
	struct devid_account *account = NULL;
	gnutls_x509_crt_t *chain = NULL;
	unsigned count = 0;
	gnutls_datum_t pem;
	int allowed = 0;

	if (argc != 3 || gnutls_load_file(argv[2], &pem) < 0 ||
	    gnutls_x509_crt_list_import2(&chain, &count, &pem, GNUTLS_X509_FMT_PEM, 0) < 0) {
		fputs("usage: verify-example FOLDER CHAIN.pem\n", stderr);
		return 2;
	}
	/* Whatever goes wrong from here on: nobody is let in. */
	if (devid_account_load(argv[1], true, &account) == DEVID_OK &&
	    devid_check(account, chain, count, time(NULL), &verdict) == DEVID_OK) {
		allowed = verdict->result == DEVID_OK;
		puts(allowed ? "ok" : verdict->reason);
		if (!allowed)
			fprintf(stderr, "%s\n", verdict->message);
	}
	devid_verdict_free(verdict);
	devid_account_free(account);
	while (count > 0)
		gnutls_x509_crt_deinit(chain[--count]);
	gnutls_free(chain);
	gnutls_free(pem.data);
	return allowed ? 0 : 1;
}
