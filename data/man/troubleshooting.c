/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes devid-troubleshooting(7) when the tree is built: copies the page's frame to standard output
 * and puts what helper/base/reason.c says in the place of its lines "@causes@" and "@also@", and
 * below in that of
 * "@pasted@".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <devid/reason.h>

/* Text of a line of its own, as roff takes it. */
static void print_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\'')
			fputs("\\(aq", stdout);
		else
			putchar(*text);
	}
}

/* An argument of a macro: quoted. No text of the table has a quote in it. */
static void print_argument(const char *macro, const char *text)
{
	printf("%s \"", macro);
	print_text(text);
	puts("\"");
}

static void print_causes(void)
{
	size_t count;
	const struct devid_reason *rows = devid_reasons(&count);

	for (size_t i = 0; i < count; i++) {
		puts(".TP");
		print_argument(".B", rows[i].word);
		print_text(rows[i].cause);
		putchar('\n');
		if (rows[i].hint) {
			puts(".br");
			print_argument(".I", "hint:");
			print_text(rows[i].hint);
			putchar('\n');
		}
	}
}

/* Each text of other clients once, with the words that it can mean here. */
static void print_also(void)
{
	size_t count;
	const struct devid_reason *rows = devid_reasons(&count);

	for (size_t i = 0; i < count; i++) {
		const char *between = "";
		size_t first = 0;

		if (!rows[i].also)
			continue;
		while (!rows[first].also || strcmp(rows[first].also, rows[i].also) != 0)
			first++;
		if (first < i)
			continue;
		puts(".TP");
		print_argument(".B", rows[i].also);
		for (size_t k = i; k < count; k++) {
			if (!rows[k].also || strcmp(rows[k].also, rows[i].also) != 0)
				continue;
			fputs(between, stdout);
			print_text(rows[k].word);
			between = ",\n";
		}
		putchar('\n');
	}
}

/* Lines as they stand on the screens of other systems, letter for letter: whoever pastes one must
 * find it, by man -K or in the page. No dash and no quote in them: roff would write those
 * otherwise. Each with the words that it can mean here.
 */
static const struct {
	const char *system;
	const char *message;
	const char *words[5];
} pasted[] = {
	/* raserror.h, ERROR_NO_EAPTLS_CERTIFICATE; learn.microsoft.com, point to site
	   troubleshooting */
	{ "Windows, error 798",
	  "A certificate could not be found that can be used with this Extensible Authentication Protocol.",
	  { "no-certificate", "key-missing" } },
	/* winerror.h, ERROR_IPSEC_IKE_AUTH_FAIL; github.com/jawj/IKEv2-setup, issue 126 */
	{ "Windows, error 13801",
	  "IKE authentication credentials are unacceptable",
	  { "gateway-untrusted", "gateway-refused", "issuer-unknown", "eku-missing" } },
	/* winerror.h, ERROR_IPSEC_IKE_NO_CERT; learn.microsoft.com, system error codes 12000 to
	   15999 */
	{ "Windows, error 13806",
	  "IKE failed to find valid machine certificate.",
	  { "no-certificate", "eku-missing", "key-missing", "system-user" } },
	/* winerror.h: CERT_E_EXPIRED, CERT_E_CHAINING, CERT_E_UNTRUSTEDROOT, CERT_E_REVOKED,
	 * NTE_BAD_KEYSET, ERROR_INVALID_PASSWORD */
	{ "Windows, 0x800B0101",
	  "A required certificate is not within its validity period when verifying against the current "
	  "system clock or the timestamp in the signed file.",
	  { "expired", "not-yet-valid", "chain-expired" } },
	{ "Windows, 0x800B010A",
	  "A certificate chain could not be built to a trusted root authority.",
	  { "issuer-unknown", "no-signing-certificate" } },
	{ "Windows, 0x800B0109",
	  "A certificate chain processed, but terminated in a root certificate which is not trusted by "
	  "the trust provider.",
	  { "issuer-unknown", "gateway-untrusted" } },
	{ "Windows, 0x800B010C",
	  "A certificate was explicitly revoked by its issuer.",
	  { "revoked" } },
	{ "Windows, 0x80090016", "Keyset does not exist", { "key-missing" } },
	{ "Windows, 0x80070056",
	  "The specified network password is not correct.",
	  { "wrong-password", "password-or-damaged", "algorithm-unsupported" } },
	/* Security framework, SecBase.h: errSecPkcs12VerifyFailure, errSecItemNotFound,
	 * errSecInteractionNotAllowed, errSecAuthFailed */
	{ "macOS, error 25264",
	  "MAC verification failed during PKCS12 import (wrong password?)",
	  { "wrong-password", "password-or-damaged", "algorithm-unsupported" } },
	{ "macOS, error 25300",
	  "The specified item could not be found in the keychain.",
	  { "no-certificate", "key-missing" } },
	{ "macOS, error 25308",
	  "User interaction is not allowed.",
	  { "store-locked", "store-missing" } },
	{ "macOS, error 25293",
	  "The user name or passphrase you entered is not correct.",
	  { "store-locked", "store-dismissed", "sign-in-wrong" } },
	/* Cisco's client, on the command line as in its window (a log of it in a public blog) */
	{ "AnyConnect, Secure Client",
	  "No valid certificates available for authentication.",
	  { "no-certificate", "key-missing", "issuer-unknown", "expired" } },
	{ "AnyConnect, Secure Client",
	  "Certificate Validation Failure",
	  { "gateway-refused", "server-refused", "issuer-unknown", "expired", "revoked" } },
	/* GlobalProtect's portal, in the answer that open clients of it look for */
	{ "GlobalProtect",
	  "Valid client certificate is required",
	  { "no-certificate", "gateway-refused", "issuer-unknown" } },
};

#define WORDS_MAX (sizeof(pasted[0].words) / sizeof(pasted[0].words[0]))

/* In one line each, however long: a line that is broken isn't found. */
static void print_pasted(void)
{
	for (size_t i = 0; i < sizeof(pasted) / sizeof(pasted[0]); i++) {
		puts(".PP\n.nf");
		print_argument(".B", pasted[i].message);
		puts(".fi\n.RS 4");
		print_text(pasted[i].system);
		putchar(':');
		for (size_t k = 0; k < WORDS_MAX && pasted[i].words[k]; k++) {
			if (!devid_reason_find(pasted[i].words[k])) {
				fprintf(stderr, "%s: no such cause\n", pasted[i].words[k]);
				exit(EXIT_FAILURE);
			}
			fputs(k ? ",\n" : "\n", stdout);
			print_text(pasted[i].words[k]);
		}
		puts("\n.RE");
	}
}

static const struct {
	const char *line;
	void (*print)(void);
} places[] = {
	{ "@causes@\n", print_causes },
	{ "@also@\n", print_also },
	{ "@pasted@\n", print_pasted },
};

int main(int argc, char **argv)
{
	size_t used = 0;
	char line[512];
	FILE *frame;

	if (argc != 2 || !(frame = fopen(argv[1], "re")))
		return EXIT_FAILURE;
	while (fgets(line, sizeof(line), frame)) {
		size_t i = 0;

		while (i < sizeof(places) / sizeof(places[0]) && strcmp(line, places[i].line) != 0)
			i++;
		if (i < sizeof(places) / sizeof(places[0])) {
			places[i].print();
			used++;
		} else {
			fputs(line, stdout);
		}
	}
	fclose(frame);
	return used == sizeof(places) / sizeof(places[0]) && fflush(stdout) == 0 ? EXIT_SUCCESS
										 : EXIT_FAILURE;
}
