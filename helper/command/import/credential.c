/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's credential for keys in the TPM: see credential.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <gnutls/crypto.h>
#include <internal/cleanup.h>
#include <internal/record.h>
#include <internal/secret.h>
#include "base/error.h"
#include "base/files.h"
#include "base/json-value.h"
#include "connection/process.h"
#include "identity/agent-look.h"
#include "identity/agent.h"
#include "credential.h"

#define RANDOM_BYTES 16
#define TEXT_LENGTH  (2 * RANDOM_BYTES) /* as many as a TPM's authorisation may have */
/* It may have a TPM make a key below which it seals. */
#define CREDS_BOUND_MS (60 * 1000)

bool credential_ask(GError **error)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	g_autoptr(JsonParser) parser = json_parser_new();
	const char *reason, *why;
	JsonObject *credential;

	wire_begin(&request, WIRE_STATUS);
	wire_put_u32(&request, TAG_FLAGS, STATUS_CREDENTIAL);
	if (!agent_connect(&client, SCOPE_SYSTEM, CLIENT_START, error) ||
	    !agent_ask(&client, &request, &reply, error))
		return false;
	credential = json_value_object(agent_status(&reply, parser), "credential");
	reason = json_value_text(credential, "reason");
	why = json_value_text(credential, "why");
	if (g_strcmp0(reason, "ok") == 0)
		return true;
	return devid_error_set(error, DEVID_STORE_MISSING, reason, NULL, "%s",
			       why ? why : "the machine's agent is of another version");
}

/* In the order in which systemd looks. */
char *credential_find(void)
{
	static const char *const folders[] = { CREDENTIAL_FOLDER, "/run/credstore.encrypted",
					       "/usr/lib/credstore.encrypted" };

	for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *file = g_build_filename(folders[i], CREDENTIAL_NAME, NULL);

		if (faccessat(AT_FDCWD, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return g_steal_pointer(&file);
	}
	return NULL;
}

/* Text: so that other programs can be given it as a password, with a copy of the key's file. */
static bool make_text(struct secret *text, GError **error)
{
	AUTO_SECRET struct secret bytes = SECRET_INIT;

	if (secret_resize(&bytes, RANDOM_BYTES) != DEVID_OK ||
	    secret_resize(text, TEXT_LENGTH + 1) != DEVID_OK ||
	    gnutls_rnd(GNUTLS_RND_KEY, bytes.data, RANDOM_BYTES) < 0)
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "credential: no memory");
	hex_encode(bytes.data, RANDOM_BYTES, (char *)text->data);
	text->length = TEXT_LENGTH;
	return true;
}

static void keep_line(const char *line, void *data)
{
	g_string_assign(data, line);
}

/* By the host's key, by the TPM, or both, as systemd sees fit; bound to no PCR, which it would do
 * by itself: an update of firmware or Secure Boot would take the machine's keys away.
 */
static bool seal(const struct secret *text, struct secret *sealed, GError **error)
{
	const char *const argv[] = { "systemd-creds",
				     "encrypt",
				     "--name=" CREDENTIAL_NAME,
				     "--tpm2-pcrs=",
				     "-",
				     "-",
				     NULL };
	g_autofree char *program = process_find(argv[0]);
	g_autoptr(GString) said = g_string_new(NULL);
	const struct process_command command = {
		.argv = argv, .input = text, .output = sealed, .line = keep_line, .data = said
	};
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction before;
	int status = 0;
	bool ran;

	if (!program)
		return devid_error_set(
			error, DEVID_UNSUPPORTED, NULL, "keep the key without it: --tpm-auth none",
			"credential: systemd-creds is not here (systemd 250 or newer "
			"has it)");
	/* One that ends before it has read. */
	sigaction(SIGPIPE, &ignore, &before);
	ran = process_run(&command, CREDS_BOUND_MS, &status, error);
	sigaction(SIGPIPE, &before, NULL);
	if (!ran)
		return false;
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0 && sealed->length > 0) ||
	       devid_error_set(error, DEVID_FAILED, NULL,
			       "keep the key without it: --tpm-auth none",
			       "credential: systemd-creds failed: %s",
			       said->len > 0 ? said->str : "it doesn't say why");
}

static bool put(const struct secret *sealed, bool *made, GError **error)
{
	AUTO_CLOSE int folder = files_open_own("/etc", "credstore.encrypted", true);

	*made = folder >= 0 && files_replace(folder, CREDENTIAL_NAME, 0600, sealed->data,
					     sealed->length, FILES_NEW);
	/* Another command was quicker. */
	if (*made || (folder >= 0 && errno == EEXIST))
		return true;
	return devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(errno), "%s: %s",
			       CREDENTIAL_FILE, g_strerror(errno));
}

static bool make(bool *made, GError **error)
{
	AUTO_SECRET struct secret text = SECRET_INIT, sealed = SECRET_INIT;

	return make_text(&text, error) && seal(&text, &sealed, error) && put(&sealed, made, error);
}

bool credential_prepare(bool *made, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autofree char *file = NULL;
	bool own = false, good;

	if (credential_ask(&local))
		return true;
	if (g_strcmp0(devid_error_reason(local), "tpm-credential") != 0) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	file = credential_find();
	if (file)
		return devid_error_set(error, DEVID_STORE_MISSING, "tpm-credential",
				       "where no key needs it any more (devid doctor), remove the "
				       "file, and try again: another is made",
				       "%s: %s", file, local->message);
	good = make(&own, error) && credential_ask(error);
	if (!good && own)
		(void)unlink(CREDENTIAL_FILE);
	if (made)
		*made = own;
	return good;
}
