/* The table of causes: every stable word that --json and events carry, its result, its words, and
 * what clients of comparable services show for it. The build makes devid-troubleshooting(7) of it.
 *
 * The first row of a result is the one that stands for it when nothing more is known. A word is
 * never changed once it has been released: scripts and event filters match it.
 */
#include <string.h>
#include <devid/reason.h>

static const struct devid_reason reasons[] = {
	/* one row for each result, in the order of enum devid_result */
	{ "ok", DEVID_OK, "done", NULL },
	{ "failed", DEVID_FAILED, "it failed", "see what happened before: devid events" },
	{ "usage", DEVID_USAGE, "the words of the command are off", "see: devid help" },
	{ "no-memory", DEVID_NO_MEMORY, "there is not enough memory",
	  "end other programs, or raise the service's limit, and try again" },
	{ "not-found", DEVID_NOT_FOUND, "there is no such thing", "see what is there: devid list" },
	{ "exists", DEVID_EXISTS, "it is already there",
	  "see what is there: devid list, devid ca list" },
	{ "bad-data", DEVID_BAD_DATA,
	  "the data can't be read: damaged, cut short or of another kind",
	  "put an intact copy in its place, or import the identity again" },
	{ "too-large", DEVID_TOO_LARGE, "it is larger than the limit",
	  "use a smaller one; the limits that can be raised are in devid-account(5)" },
	{ "unsupported", DEVID_UNSUPPORTED, "it is not supported",
	  "what is supported is in devid(1)" },
	{ "password", DEVID_PASSWORD, "the password is wrong",
	  "try again with the right password" },
	{ "check-failed", DEVID_CHECK_FAILED, "the certificate failed the check",
	  "see what is wrong with each: devid check", "Device certificate check failed" },
	{ "blocked", DEVID_BLOCKED, "a rule of the account blocks it",
	  "ask your administrator which rule it is" },
	{ "store-locked", DEVID_STORE_LOCKED, "the keyring is locked and nobody can be asked",
	  "unlock the keyring (log in to the desktop) and try again",
	  "Access to the private key was refused" },
	{ "store-dismissed", DEVID_STORE_DISMISSED, "the keyring's question was dismissed",
	  "try again and answer the keyring's question", "Access to the private key was refused" },
	{ "store-missing", DEVID_STORE_MISSING, "no keyring can be reached",
	  "log in to a desktop with a keyring, or choose another store with --store" },
	{ "store-timeout", DEVID_STORE_TIMEOUT, "the keyring did not answer in time",
	  "try again; if it stays so, restart the keyring" },
	{ "no-account", DEVID_NO_ACCOUNT, "there is no account to check against",
	  "add a signing certificate: devid ca add --name NAME FILE" },
	{ "account-broken", DEVID_ACCOUNT_BROKEN, "the account can't be read as it must be",
	  "correct the file that is named; see devid-account(5)" },
	{ "denied", DEVID_DENIED, "that is not allowed to this user",
	  "ask root, or whoever it belongs to", "Access to the private key was refused" },
	{ "agent-gone", DEVID_AGENT_GONE, "the agent is not there or went away", "try again" },
	{ "timeout", DEVID_TIMEOUT, "there was no answer in time", "try again" },
	{ "key-missing", DEVID_KEY_MISSING, "the certificate is there and its private key is not",
	  "import the identity again: devid import-cert FILE" },
	{ "mismatch", DEVID_MISMATCH, "key and certificate do not belong together",
	  "import the identity again with the key that belongs to the certificate: "
	  "devid import-cert FILE --replace" },
	{ "io", DEVID_IO, "a file or folder could not be read or written",
	  "the message names it: look at its owner, its mode and the space on its disk" },

	/* the machine's identity */
	{ "system-user", DEVID_DENIED,
	  "the account does not let this user use the machine's identity",
	  "name the user in SystemUsers= of account.conf (by default: the group devid)",
	  "Access to the private key was refused" },

	/* the account's policy */
	{ "os-blocked", DEVID_BLOCKED, "the account blocks this operating system",
	  "see [DeviceAuthentication] in account.conf: devid policy show",
	  "Operating system not supported" },
	{ "rule-blocked", DEVID_BLOCKED, "a rule of the account blocks this connection",
	  "see why: devid policy test", "Device not compliant" },
	{ "no-rule", DEVID_BLOCKED, "no rule of the account lets this device in",
	  "see why each rule did not match: devid policy test", "Device not compliant" },
	{ "posture-failed", DEVID_BLOCKED,
	  "this computer is not in the state that the account asks for",
	  "see what each check found: devid posture", "Device not compliant" },

	/* the chain check */
	{ "no-certificate", DEVID_CHECK_FAILED, "there is no device certificate",
	  "import one: devid import-cert FILE", "No matching device certificate" },
	{ "no-signing-certificate", DEVID_CHECK_FAILED, "the account has no signing certificate",
	  "add one: devid ca add --name NAME FILE", "Device certificate not trusted" },
	{ "issuer-unknown", DEVID_CHECK_FAILED,
	  "not issued by any signing certificate of the account",
	  "ask for a certificate from one of the CAs above, or add its issuer: "
	  "devid ca add --name NAME FILE",
	  "Device certificate not trusted" },
	{ "issuer-key-mismatch", DEVID_CHECK_FAILED,
	  "issued by a CA that has a signing certificate's name and another key",
	  "ask for a certificate from one of the CAs above, or add its issuer: "
	  "devid ca add --name NAME FILE",
	  "Device certificate not trusted" },
	{ "issuer-ended-before", DEVID_CHECK_FAILED,
	  "the signing certificate had expired before the device certificate began",
	  "add the CA's renewed certificate: devid ca add --name NAME FILE",
	  "Device certificate not trusted" },
	{ "leaf-is-signing", DEVID_CHECK_FAILED,
	  "this is a signing certificate of the account, not a device certificate",
	  "import a certificate that was issued by it" },
	{ "expired", DEVID_CHECK_FAILED, "the device certificate has expired",
	  "ask for a new one and import it with --replace", "Device certificate check failed" },
	{ "not-yet-valid", DEVID_CHECK_FAILED, "the device certificate is not valid yet",
	  "compare the clock of this machine with the certificate's dates",
	  "Device certificate check failed" },
	{ "chain-expired", DEVID_CHECK_FAILED,
	  "a certificate between the device's and the signing certificate has expired",
	  "import the identity again with a current chain", "Device certificate not trusted" },
	{ "chain-not-yet-valid", DEVID_CHECK_FAILED,
	  "a certificate between the device's and the signing certificate is not valid yet",
	  "compare the clock of this machine with the certificate's dates" },
	{ "chain-not-ca", DEVID_CHECK_FAILED,
	  "a certificate of the chain may not issue certificates",
	  "ask for the CA certificates that issued it, one above the other" },
	{ "chain-too-long", DEVID_CHECK_FAILED,
	  "the chain is longer than one of its certificates allows",
	  "ask for the CA certificates that issued it, one above the other" },
	{ "name-constraints", DEVID_CHECK_FAILED,
	  "the device certificate bears a name that its CA may not certify",
	  "ask for a certificate with a name within the CA's constraints" },
	{ "critical-extension", DEVID_CHECK_FAILED,
	  "a certificate has a critical extension that is not understood",
	  "ask for a certificate without that extension" },
	{ "weak-signature", DEVID_CHECK_FAILED,
	  "the certificate is signed with a broken hash (MD5, SHA-1)",
	  "ask for a certificate that is signed with SHA-256 or better" },
	{ "weak-key", DEVID_CHECK_FAILED, "the key is too short",
	  "ask for a certificate with an RSA key of 2048 bits or more, or a NIST P curve" },
	{ "revoked", DEVID_CHECK_FAILED, "the certificate has been revoked",
	  "ask for a new one and import it with --replace", "Device certificate check failed" },
	{ "crl-missing", DEVID_CHECK_FAILED,
	  "the account asks for revocation lists and none is from the certificate's issuer",
	  "add the issuer's list: CRL= in account.conf" },
	{ "crl-untrusted", DEVID_CHECK_FAILED,
	  "the issuer's revocation list is not signed by the issuer",
	  "fetch the list again from the CA" },
	{ "crl-stale", DEVID_CHECK_FAILED, "the issuer's revocation list is out of date",
	  "fetch the current list from the CA" },
	{ "eku-missing", DEVID_CHECK_FAILED,
	  "the certificate lacks an extended key usage that the account asks for",
	  "ask for a certificate with that usage" },
	{ "extension-missing", DEVID_CHECK_FAILED,
	  "the certificate lacks an extension or value that the account asks for",
	  "ask for a certificate with that extension" },
	{ "protection", DEVID_BLOCKED,
	  "the account asks for a key that is better protected against copying",
	  "see RequireProtection= in account.conf; the machine's token (--system) protects better "
	  "than a user's, a hardware token (--store URI) best",
	  "Device not compliant" },

	/* limits and signing certificates */
	{ "device-too-large", DEVID_TOO_LARGE, "the device certificate is larger than the limit",
	  "ask for a smaller one (fewer or shorter extensions, an EC key)" },
	{ "signing-too-large", DEVID_TOO_LARGE, "the signing certificate is larger than the limit",
	  "upload the certificate without text before it, or a smaller one" },
	{ "signing-too-many", DEVID_TOO_LARGE, "there are as many signing certificates as allowed",
	  "remove one first: devid ca remove NAME" },
	{ "signing-duplicate", DEVID_EXISTS, "this signing certificate is already there",
	  "see under which name: devid ca list" },
	{ "signing-not-ca", DEVID_BAD_DATA, "this is not a CA certificate",
	  "use the certificate of the CA that issues device certificates" },
	{ "signing-weak-key", DEVID_BAD_DATA, "the CA's key is too short",
	  "use a CA with an RSA key of 2048 bits or more, or EC of 224 or more" },
	{ "signing-key-type", DEVID_UNSUPPORTED,
	  "the account takes no signing certificate with a key of that kind",
	  "use an RSA CA, or change SigningKeyTypes= in account.conf" },
	{ "several-certificates", DEVID_BAD_DATA, "there is more than one certificate in the file",
	  "put one certificate in a file" },
	{ "revoke-ca", DEVID_UNSUPPORTED, "this is the certificate of a CA, not a device's",
	  "take a signing certificate out: devid ca remove NAME" },
	{ "private-key-inside", DEVID_BAD_DATA, "there is a private key in the file",
	  "put the certificate alone in a file, and keep the CA's key where it belongs" },
	/* what a server says to a certificate: devid check --server */
	{ "server-refused", DEVID_CHECK_FAILED, "the server refused the certificate",
	  "the server's log says why" },
	{ "server-handshake", DEVID_FAILED, "the TLS handshake failed",
	  "the server's log says why" },
	{ "server-unreachable", DEVID_IO, "the server can't be reached",
	  "compare name and port, and see whether name service and firewall let it through" },
	{ "server-silent", DEVID_TIMEOUT, "the server did not answer in time",
	  "see whether a TLS server listens there, and what its log says" },

	{ "key-unsupported", DEVID_UNSUPPORTED, "keys of that kind can't be used",
	  "use RSA of 2048 to 4096 bits, or NIST P-256, P-384 or P-521" },

	/* files of keys and certificates, and their passwords */
	{ "wrong-password", DEVID_PASSWORD, "the password is wrong",
	  "try again with the right password" },
	{ "password-or-damaged", DEVID_PASSWORD, "the password is wrong, or the file is damaged",
	  "try the password again; if it stays so, get the file again from where it came" },
	{ "password-missing", DEVID_PASSWORD, "a password is needed and none was given",
	  "name one: --password-file FILE or --password-fd N" },
	{ "damaged", DEVID_BAD_DATA, "the file is damaged", "get it again from where it came" },
	{ "not-a-certificate", DEVID_BAD_DATA,
	  "the file is neither PKCS#12 nor a certificate or key in PEM or DER",
	  "export it again as PKCS#12 or PEM" },
	{ "file-too-large", DEVID_TOO_LARGE, "the file is larger than any identity",
	  "name the file that holds the identity alone" },
	{ "iterations", DEVID_TOO_LARGE, "the file asks for too many iterations",
	  "export it again with fewer iterations" },
	{ "algorithm-unsupported", DEVID_UNSUPPORTED,
	  "the file uses an algorithm that can't be read here",
	  "export it again with AES-256 and SHA-256" },
	{ "no-key", DEVID_NOT_FOUND, "there is no private key in the file",
	  "export it again with its private key, or name the key's file: --key FILE" },
	{ "certificate-missing", DEVID_NOT_FOUND,
	  "there is a private key in the file and no certificate",
	  "name both files: devid import-cert CERTIFICATE --key FILE" },
	{ "key-mismatch", DEVID_MISMATCH, "no certificate in the file belongs to the private key",
	  "export it again with the certificate that belongs to the key" },
	{ "several-keys", DEVID_USAGE, "there are several identities in the file",
	  "pick one: --friendly-name NAME" },
	{ "no-such-name", DEVID_USAGE, "no identity in the file has that name",
	  "see their names: devid inspect FILE" },
	{ "expires-soon", DEVID_OK, "the certificate expires soon",
	  "put a newer one in its place: devid import-cert FILE --replace" },
	{ "signing-expires-soon", DEVID_OK, "a signing certificate of the account expires soon",
	  "add the one that follows it: devid ca add --name NAME FILE" },
	{ "size-accepted", DEVID_OK, "taken over the limit as asked: it is within it as DER",
	  NULL },

	/* tokens of others */
	{ "token-missing", DEVID_STORE_MISSING, "no token matches the URI",
	  "p11tool --list-tokens shows what there is" },
	{ "token-ambiguous", DEVID_STORE_MISSING, "several tokens match the URI",
	  "name it by its serial number as well: p11tool --list-tokens" },
	{ "pin-wrong", DEVID_STORE_LOCKED, "the PIN is wrong or missing",
	  "a few wrong ones lock the token: make sure of it before trying again" },
	{ "pin-locked", DEVID_STORE_LOCKED, "the PIN is locked",
	  "its security officer can unlock it" },
	{ "pin-expired", DEVID_STORE_LOCKED, "the PIN has expired",
	  "set a new one with the token's own tool" },
	{ "token-full", DEVID_IO, "the token is full, was removed, or fails",
	  "see what is on it: p11tool --list-all URI" },
	{ "token-read-only", DEVID_IO, "the token can't be written",
	  "write it with the token's own tool, or choose another store with --store" },
	{ "token-refused", DEVID_UNSUPPORTED, "the token doesn't take such an object",
	  "write it with the token's own tool, or choose another store with --store" },
};

const struct devid_reason *devid_reasons(size_t *count)
{
	*count = sizeof(reasons) / sizeof(reasons[0]);
	return reasons;
}

const struct devid_reason *devid_reason_find(const char *word)
{
	for (size_t i = 0; word && i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reasons[i].word, word) == 0)
			return &reasons[i];
	return NULL;
}

const struct devid_reason *devid_reason_for(enum devid_result result)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].result == result)
			return &reasons[i];
	return &reasons[DEVID_FAILED];
}
