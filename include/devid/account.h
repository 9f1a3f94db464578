/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account: what the administrator configured. It is a folder with the files
 *
 *	account.conf		settings, limits, groups, offices, device profiles
 *	signing/NAME.pem	the signing certificates: CAs whose device certificates it accepts
 *	rules.d/NAME.conf	the rules: who may connect
 *
 * each of which may be missing; devid-account(5) describes them.
 *
 * Search order: /etc/devid if it holds an account.conf, a file in signing/ that ends in .pem or a
 * file in rules.d/ that ends in .conf; only where it holds none of them, the user's own
 * $XDG_CONFIG_HOME/devid (~/.config/devid). The system token knows /etc/devid alone.
 *
 * A broken account is a value, not an error of the loader: it carries file, line and words, and
 * every check against it fails. Nothing is allowed by accident. An account is broken where a file
 * of it can't be read, has a key that isn't known or a value that isn't understood, or could
 * have been written by somebody else than root or, but for /etc/devid, the caller.
 *
 * Strings and structures that functions here answer belong to the account, are UTF-8, and are valid
 * until devid_account_free(). Several threads may ask one account at a time, while none of them
 * calls devid_account_set_chain_mode().
 */
#ifndef DEVID_ACCOUNT_H
#define DEVID_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <devid/result.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One account as it was read; it doesn't follow its files. */
struct devid_account;

enum devid_account_state {
	DEVID_ACCOUNT_NONE, /* no folder holds an account */
	DEVID_ACCOUNT_READY,
	DEVID_ACCOUNT_UNUSABLE, /* there is one and it is broken: see devid_account_problem() */
};

enum devid_chain_mode {
	DEVID_CHAIN_ISSUER, /* Chain=issuer: the leaf's direct issuer must be a signing certificate
			     */
	DEVID_CHAIN_PATH, /* Chain=path: a path over the identity's intermediates may end at one */
};

/* [Account] OnUse=: what a failed check means for a program that uses a key. */
enum devid_on_use {
	DEVID_ON_USE_LOG,     /* the default: a failed check is recorded, the key is used */
	DEVID_ON_USE_ENFORCE, /* a failed check refuses the use of the key */
	DEVID_ON_USE_OFF,     /* nothing is checked */
};

/* [Account] SizeMeasure=: what is measured of a device certificate. */
enum devid_size_measure {
	DEVID_SIZE_PEM, /* the default: the .crt file, 64-column lines, LF, no text before */
	DEVID_SIZE_DER,
};

/* [Certificate] RequireProtection=: by whom a key may be copied at most. */
enum devid_protection {
	DEVID_PROTECTION_NONE,
	DEVID_PROTECTION_USER,	   /* the key can be copied by its user (keyring, user's file) */
	DEVID_PROTECTION_ROOT,	   /* by root alone (system token) */
	DEVID_PROTECTION_HARDWARE, /* by nobody (a token, a TPM) */
};

/* [Limits] SigningKeyTypes=: which keys signing certificates may have. */
enum devid_signing_keys {
	DEVID_SIGNING_KEYS_ANY, /* the default */
	DEVID_SIGNING_KEYS_RSA, /* RSA alone, and not RSA that is bound to PSS */
};

/* One signing certificate. Owned by the account; valid while it lives. */
struct devid_signing {
	const char *name; /* the file's name without folder and suffix */
	const char *path;
	gnutls_x509_crt_t certificate;
	size_t pem_size;     /* bytes as PEM: the file as given */
	const char *subject; /* printable, in encoded order: devid_name_to_string() */
	/* lower-case hex of its subject key identifier, or of the SHA-1 of its key */
	const char *key_id;
};

/* Loads the account. `folder` NULL: the search order above (`system` true: /etc/devid alone); else
 * exactly that folder, as a gateway's `devid verify --config DIR` does. Never fails but for
 * DEVID_NO_MEMORY: no account and a broken one are states. The caller frees `*account` with
 * devid_account_free(), which takes NULL too.
 */
DEVID_PUBLIC enum devid_result devid_account_load(const char *folder, bool system,
						  struct devid_account **account) DEVID_MUST_USE;
DEVID_PUBLIC void devid_account_free(struct devid_account *account);

DEVID_PUBLIC enum devid_account_state devid_account_state(const struct devid_account *account);
/* The folder that was read, or would be; never NULL. */
DEVID_PUBLIC const char *devid_account_folder(const struct devid_account *account);
/* For a broken account: "FILE:LINE: what is wrong" (":LINE" where there is one); else NULL. */
DEVID_PUBLIC const char *devid_account_problem(const struct devid_account *account);

/* [Account] Name=, or NULL. */
DEVID_PUBLIC const char *devid_account_name(const struct devid_account *account);
/* [Account] DefaultLabel=, or NULL. */
DEVID_PUBLIC const char *devid_account_default_label(const struct devid_account *account);
/* [Account] Chain=. */
DEVID_PUBLIC enum devid_chain_mode devid_account_chain_mode(const struct devid_account *account);
/* In place of what the file says, as `devid verify --chain` does. */
DEVID_PUBLIC void devid_account_set_chain_mode(struct devid_account *account,
					       enum devid_chain_mode mode);
/* DEVID_ON_USE_ENFORCE where the account is broken, whatever its file says. */
DEVID_PUBLIC enum devid_on_use devid_account_on_use(const struct devid_account *account);
DEVID_PUBLIC enum devid_size_measure
devid_account_size_measure(const struct devid_account *account);
DEVID_PUBLIC enum devid_protection
devid_account_require_protection(const struct devid_account *account);
/* Of one device certificate and of one signing certificate, in bytes; default 2048 and 4096. */
DEVID_PUBLIC size_t devid_account_device_limit(const struct devid_account *account);
DEVID_PUBLIC size_t devid_account_signing_limit(const struct devid_account *account);
/* How many signing certificates there may be; default 5. */
DEVID_PUBLIC size_t devid_account_signing_count_limit(const struct devid_account *account);
DEVID_PUBLIC enum devid_signing_keys
devid_account_signing_keys(const struct devid_account *account);

/* Days for which a replaced key signs on for programs that had found it ([Account] Overlap=; 0: not
 * at all); default 7. */
DEVID_PUBLIC size_t devid_account_overlap(const struct devid_account *account);

/* Units that are to hear of a renewal of the machine's identity, NULL-ended; NULL: none
 * ([Account] AfterRenewal=). */
DEVID_PUBLIC char *const *devid_account_after_renewal(const struct devid_account *account);

/* Days before an end at which it is warned of ([Account] ExpiryWarning=); default 30. */
DEVID_PUBLIC size_t devid_account_expiry_warning(const struct devid_account *account);

/* Whether the system agent signs for `uid` (SystemUsers=: names, @group, *; default @devid; root
 * always). False for everybody, root too, where the account is broken. `gid` is the peer's primary
 * group.
 */
DEVID_PUBLIC bool devid_account_may_use_system(const struct devid_account *account, unsigned uid,
					       unsigned gid);

/* Whether the system agent lends the TPM to the agent of `uid`, for keys of its own (TPMUsers=, as
 * above). */
DEVID_PUBLIC bool devid_account_may_use_tpm(const struct devid_account *account, unsigned uid,
					    unsigned gid);

/* The signing certificates, in the order of their files' names; NULL: there is none of that
 * index. */
DEVID_PUBLIC size_t devid_account_signing_count(const struct devid_account *account);
DEVID_PUBLIC const struct devid_signing *devid_account_signing(const struct devid_account *account,
							       size_t index);

#ifdef __cplusplus
}
#endif
#endif
