/* The table of causes: every stable word that --json and events carry, its result, its words.
 *
 * The first row of a result is the one that stands for it when nothing more is known. A word is
 * never changed once it has been released: scripts and event filters match it.
 */
#include <string.h>
#include <devid/reason.h>

static const struct devid_reason reasons[] = {
	/* one row for each result, in the order of enum devid_result */
	{ "ok", DEVID_OK, "done", NULL },
	{ "failed", DEVID_FAILED, "it failed", NULL },
	{ "usage", DEVID_USAGE, "the words of the command are off", "see: devid help" },
	{ "no-memory", DEVID_NO_MEMORY, "there is not enough memory", NULL },
	{ "not-found", DEVID_NOT_FOUND, "there is no such thing", "see what is there: devid list" },
	{ "exists", DEVID_EXISTS, "it is already there", NULL },
	{ "bad-data", DEVID_BAD_DATA,
	  "the data can't be read: damaged, cut short or of another kind", NULL },
	{ "too-large", DEVID_TOO_LARGE, "it is larger than the limit", NULL },
	{ "unsupported", DEVID_UNSUPPORTED, "it is not supported", NULL },
	{ "password", DEVID_PASSWORD, "the password is wrong",
	  "try again with the right password" },
	{ "check-failed", DEVID_CHECK_FAILED, "the certificate failed the check", NULL },
	{ "blocked", DEVID_BLOCKED, "a rule of the account blocks it",
	  "ask your administrator which rule it is" },
	{ "store-locked", DEVID_STORE_LOCKED, "the keyring is locked and nobody can be asked",
	  "unlock the keyring (log in to the desktop) and try again" },
	{ "store-dismissed", DEVID_STORE_DISMISSED, "the keyring's question was dismissed",
	  "try again and answer the keyring's question" },
	{ "store-missing", DEVID_STORE_MISSING, "no keyring can be reached",
	  "log in to a desktop with a keyring, or choose another store with --store" },
	{ "store-timeout", DEVID_STORE_TIMEOUT, "the keyring did not answer in time",
	  "try again; if it stays so, restart the keyring" },
	{ "no-account", DEVID_NO_ACCOUNT, "there is no account to check against",
	  "add a signing certificate: devid ca add --name NAME FILE" },
	{ "account-broken", DEVID_ACCOUNT_BROKEN, "the account can't be read as it must be",
	  "correct the file that is named; see devid-account(5)" },
	{ "denied", DEVID_DENIED, "that is not allowed to this user", NULL },
	{ "agent-gone", DEVID_AGENT_GONE, "the agent is not there or went away", "try again" },
	{ "timeout", DEVID_TIMEOUT, "there was no answer in time", "try again" },
	{ "key-missing", DEVID_KEY_MISSING, "the certificate is there and its private key is not",
	  "import the identity again: devid import-cert FILE" },
	{ "mismatch", DEVID_MISMATCH, "key and certificate do not belong together", NULL },
	{ "io", DEVID_IO, "a file or folder could not be read or written", NULL },

	/* the account's policy */
	{ "os-blocked", DEVID_BLOCKED, "the account blocks this operating system",
	  "see [DeviceAuthentication] in account.conf: devid policy show" },
	{ "rule-blocked", DEVID_BLOCKED, "a rule of the account blocks this connection",
	  "see why: devid policy test" },
	{ "no-rule", DEVID_BLOCKED, "no rule of the account lets this device in",
	  "see why each rule did not match: devid policy test" },
	{ "posture-failed", DEVID_BLOCKED,
	  "this computer is not in the state that the account asks for",
	  "bring it into the state that the checks ask for; see devid-account(5)" },

	/* the chain check */
	{ "no-certificate", DEVID_CHECK_FAILED, "there is no device certificate",
	  "import one: devid import-cert FILE" },
	{ "no-signing-certificate", DEVID_CHECK_FAILED, "the account has no signing certificate",
	  "add one: devid ca add --name NAME FILE" },
	{ "issuer-unknown", DEVID_CHECK_FAILED,
	  "not issued by any signing certificate of the account",
	  "ask for a certificate from one of the CAs above, or add its issuer: "
	  "devid ca add --name NAME FILE" },
	{ "issuer-key-mismatch", DEVID_CHECK_FAILED,
	  "issued by a CA that has a signing certificate's name and another key",
	  "ask for a certificate from one of the CAs above, or add its issuer: "
	  "devid ca add --name NAME FILE" },
	{ "issuer-ended-before", DEVID_CHECK_FAILED,
	  "the signing certificate had expired before the device certificate began",
	  "add the CA's renewed certificate: devid ca add --name NAME FILE" },
	{ "leaf-is-signing", DEVID_CHECK_FAILED,
	  "this is a signing certificate of the account, not a device certificate",
	  "import a certificate that was issued by it" },
	{ "expired", DEVID_CHECK_FAILED, "the device certificate has expired",
	  "ask for a new one and import it with --replace" },
	{ "not-yet-valid", DEVID_CHECK_FAILED, "the device certificate is not valid yet",
	  "compare the clock of this machine with the certificate's dates" },
	{ "chain-expired", DEVID_CHECK_FAILED,
	  "a certificate between the device's and the signing certificate has expired",
	  "import the identity again with a current chain" },
	{ "chain-not-yet-valid", DEVID_CHECK_FAILED,
	  "a certificate between the device's and the signing certificate is not valid yet",
	  "compare the clock of this machine with the certificate's dates" },
	{ "chain-not-ca", DEVID_CHECK_FAILED,
	  "a certificate of the chain may not issue certificates", "ask for a proper chain" },
	{ "chain-too-long", DEVID_CHECK_FAILED,
	  "the chain is longer than one of its certificates allows", "ask for a proper chain" },
	{ "name-constraints", DEVID_CHECK_FAILED,
	  "the device certificate bears a name that its CA may not certify",
	  "ask for a certificate with a name within the CA's constraints" },
	{ "critical-extension", DEVID_CHECK_FAILED,
	  "a certificate has a critical extension that is not understood", NULL },
	{ "weak-signature", DEVID_CHECK_FAILED,
	  "the certificate is signed with a broken hash (MD5, SHA-1)",
	  "ask for a certificate that is signed with SHA-256 or better" },
	{ "weak-key", DEVID_CHECK_FAILED, "the key is too short",
	  "ask for a certificate with an RSA key of 2048 bits or more, or a NIST P curve" },
	{ "revoked", DEVID_CHECK_FAILED, "the certificate has been revoked", "ask for a new one" },
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
	  "import the identity to the store that the account asks for" },

	/* limits and signing certificates */
	{ "device-too-large", DEVID_TOO_LARGE, "the device certificate is larger than the limit",
	  "ask for a smaller one (fewer or shorter extensions, an EC key)" },
	{ "signing-too-large", DEVID_TOO_LARGE, "the signing certificate is larger than the limit",
	  "upload the certificate without text before it, or a smaller one" },
	{ "signing-too-many", DEVID_TOO_LARGE, "there are as many signing certificates as allowed",
	  "remove one first: devid ca remove NAME" },
	{ "signing-duplicate", DEVID_EXISTS, "this signing certificate is already there", NULL },
	{ "signing-not-ca", DEVID_BAD_DATA, "this is not a CA certificate",
	  "use the certificate of the CA that issues device certificates" },
	{ "signing-weak-key", DEVID_BAD_DATA, "the CA's key is too short", NULL },
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
	{ "server-handshake", DEVID_FAILED, "the TLS handshake failed", NULL },
	{ "server-unreachable", DEVID_IO, "the server can't be reached", NULL },
	{ "server-silent", DEVID_TIMEOUT, "the server did not answer in time", NULL },

	/* VPN connections: devid connect */
	{ "gateway-refused", DEVID_CHECK_FAILED, "the gateway refused the sign-in",
	  "ask its administrator: the gateway's log says why" },
	{ "gateway-closed", DEVID_FAILED, "the gateway ended the connection without a word",
	  "see whose fault it is: devid connect --diagnose" },
	{ "gateway-unreachable", DEVID_IO, "the gateway can't be reached",
	  "look at the network, and at the gateway's name and port" },
	{ "gateway-untrusted", DEVID_FAILED, "the gateway's own certificate is not trusted",
	  "name the CA that issued it: CAFile= in the connection's file" },
	{ "session-ended", DEVID_FAILED, "the gateway ended the session", "connect again" },
	{ "sign-in-wrong", DEVID_PASSWORD, "the gateway refused user name or password",
	  "sign in anew: devid connect --reset-cred" },
	{ "sign-in-needed", DEVID_PASSWORD, "the gateway asks for a user name and password",
	  "sign in from a terminal, with --save to keep it: devid connect" },
	{ "key-failed", DEVID_FAILED, "the client could not use the key",
	  "devid check says why; so do devid events" },
	{ "client-missing", DEVID_NOT_FOUND, "the VPN client is not installed, or not running",
	  "install it, or name another one: Client= in the connection's file" },
	{ "client-failed", DEVID_FAILED, "the VPN client failed", NULL },
	{ "root-needed", DEVID_DENIED, "nothing here may make a tunnel for this user",
	  "run NetworkManager, or allow it by sudo or polkit; see devid(1)" },
	{ "not-connected", DEVID_NOT_FOUND, "there is no such connection now",
	  "see what there is: devid status" },
	{ "connection-busy", DEVID_EXISTS, "the connection is made or ended just now",
	  "try again in a moment, or end it first: devid disconnect" },
	{ "connection-broken", DEVID_BAD_DATA, "the connection's file can't be read as it must be",
	  "correct the file that is named" },

	{ "key-unsupported", DEVID_UNSUPPORTED, "keys of that kind can't be used",
	  "use RSA of 2048 to 4096 bits, or NIST P-256, P-384 or P-521" },

	/* files of keys and certificates, and their passwords */
	{ "wrong-password", DEVID_PASSWORD, "the password is wrong", NULL },
	{ "password-or-damaged", DEVID_PASSWORD, "the password is wrong, or the file is damaged",
	  NULL },
	{ "password-missing", DEVID_PASSWORD, "a password is needed and none was given",
	  "name one: --password-file FILE or --password-fd N" },
	{ "damaged", DEVID_BAD_DATA, "the file is damaged", "get it again from where it came" },
	{ "not-a-certificate", DEVID_BAD_DATA,
	  "the file is neither PKCS#12 nor a certificate or key in PEM or DER", NULL },
	{ "file-too-large", DEVID_TOO_LARGE, "the file is larger than any identity", NULL },
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
	  NULL },
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
	{ "pin-expired", DEVID_STORE_LOCKED, "the PIN has expired", "set a new one" },
	{ "token-full", DEVID_IO, "the token is full, was removed, or fails", NULL },
	{ "token-read-only", DEVID_IO, "the token can't be written", NULL },
	{ "token-refused", DEVID_UNSUPPORTED, "the token doesn't take such an object", NULL },
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
