/* A gateway's check by libdevid: ends with 0 where the account in the folder accepts the chain, leaf first.
 *
 *	cc verify-example.c -o verify-example $(pkg-config --cflags --libs devid)
 *	./verify-example /etc/devid chain.pem
 */
#include <stdio.h>
#include <time.h>
#include <devid/devid.h>

int main(int argc, char **argv)
{
	struct devid_account *account = NULL;
	struct devid_verdict *verdict = NULL;
	gnutls_x509_crt_t *chain = NULL;
	gnutls_datum_t pem = { NULL, 0 };
	unsigned count = 0;
	int status = 1;

	if (argc != 3 || gnutls_load_file(argv[2], &pem) < 0 ||
	    gnutls_x509_crt_list_import2(&chain, &count, &pem, GNUTLS_X509_FMT_PEM, 0) < 0) {
		fprintf(stderr, "usage: verify-example FOLDER CHAIN.pem\n");
		return 2;
	}
	if (devid_account_load(argv[1], false, &account) == DEVID_OK &&
	    devid_check(account, chain, count, time(NULL), &verdict) == DEVID_OK) {
		/* No account and a broken one are verdicts too; only DEVID_OK lets in. */
		status = verdict->result != DEVID_OK;
		printf("%s: %s\n", verdict->reason,
		       verdict->message ? verdict->message : verdict->signing_name);
	}
	devid_verdict_free(verdict);
	devid_account_free(account);
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	gnutls_free(pem.data);
	return status;
}
