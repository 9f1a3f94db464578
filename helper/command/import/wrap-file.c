/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One identity for a TPM that is elsewhere: see wrap-file.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <internal/cleanup.h>
#include "base/certificate.h"
#include "base/error.h"
#include "base/files.h"
#include "command/cli/output.h"
#include "identity/agent.h"
#include "keyfile/bundle.h"
#include "wrap-file.h"

#define ENDING	   ".tpm.pem"
#define KEY_BEGIN  "-----BEGIN TSS2 PRIVATE KEY-----"
#define CERT_BEGIN "-----BEGIN CERTIFICATE-----"
/* Sixteen long certificates and a key are a tenth of it. */
#define OUTPUT_MAX (1024 * 1024)

/* --- its text */

/* What a person reads first; programs pass it over. The storage key's name tells for whom it is. */
static void add_head(GString *text, const struct wire_field *name)
{
	g_string_append(text,
			"A device identity for one computer, whose TPM alone can take its key.\n"
			"There: devid import-cert FILE\nStorage key: ");
	for (gsize i = 0; i < name->length; i++)
		g_string_append_printf(text, "%02x", name->data[i]);
	g_string_append_c(text, '\n');
}

/* Nothing is stored: no other store is a way out. */
static bool ask_agent(struct client *client, struct wire_frame *request, struct wire_frame *reply,
		      GError **error)
{
	GError *problem = NULL;

	if (agent_ask(client, request, reply, &problem))
		return true;
	if (strcmp(devid_error_reason(problem), "tpm-part") == 0)
		devid_error_set(error, devid_error_result(problem), "tpm-part",
				"install it with the TSS libraries (tpm2-tss)", "%s",
				problem->message);
	else
		g_propagate_error(error, g_steal_pointer(&problem));
	g_clear_error(&problem);
	return false;
}

/* The agent wraps the key: libcrypto and what knows TPMs are there. */
static GString *make_text(const struct import *import, const struct secret *storage_key,
			  struct client *client, GError **error)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	GString *text = NULL;
	struct wire_field pem, name;

	wire_begin(&request, WIRE_WRAP);
	wire_put(&request, TAG_PKCS8, import->candidate->pkcs8.data,
		 import->candidate->pkcs8.length);
	wire_put(&request, TAG_STORAGE_KEY, storage_key->data, storage_key->length);
	if (request.result == DEVID_TOO_LARGE)
		return devid_error_null(error, DEVID_BAD_DATA, "tpm-not-storage", NULL,
					"it is too large for a storage key");
	if (!ask_agent(client, &request, &reply, error))
		return NULL;
	if (!wire_get(&reply, TAG_DATA, &pem) || !wire_get(&reply, TAG_ID, &name))
		return devid_error_null(error, DEVID_FAILED, NULL, NULL,
					"the agent's answer lacks the key");
	text = g_string_new(NULL);
	add_head(text, &name);
	g_string_append_len(text, (const char *)pem.data, (gssize)pem.length);
	if (certificate_append_pem(import->chain, import->chain_count, text, import->options->file,
				   error))
		return text;
	g_string_free(text, true);
	return NULL;
}

/* --- its file */

static char *choose_output(const char *file, const char *folder)
{
	static const char *const endings[] = { ".p12", ".pfx", ".pem" };
	g_autofree char *name = g_path_get_basename(file);
	g_autofree char *whole = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(endings); i++)
		if (g_str_has_suffix(name, endings[i]) && strlen(name) > strlen(endings[i])) {
			name[strlen(name) - strlen(endings[i])] = '\0';
			break;
		}
	whole = g_strconcat(name, ENDING, NULL);
	return g_build_filename(folder, whole, NULL);
}

/* The same but for the wrapped key, which is another each time: same storage key, same
 * certificates, and so the same key. */
static bool is_same(const char *there, const char *text)
{
	const char *keys[] = { strstr(there, KEY_BEGIN), strstr(text, KEY_BEGIN) };
	const char *certificates[] = { strstr(there, CERT_BEGIN), strstr(text, CERT_BEGIN) };

	return keys[0] && certificates[0] && keys[0] - there == keys[1] - text &&
	       strncmp(there, text, (gsize)(keys[1] - text)) == 0 &&
	       strcmp(certificates[0], certificates[1]) == 0;
}

static bool failed(GError **error, const char *path, int number)
{
	return devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(number), "%s: %s", path,
			       g_strerror(number));
}

/* Nothing that is there is written over. */
static bool write_text(struct wrap_file *wrap, const GString *text, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(wrap->output);
	g_autofree char *name = g_path_get_basename(wrap->output);
	AUTO_CLOSE int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_autofree char *there = NULL;
	struct stat status;

	if (at < 0)
		return failed(error, folder, errno);
	if (fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
		there = files_read_own(at, name, OUTPUT_MAX);
		if (there && is_same(there, text->str))
			return true;
		return devid_error_set(error, DEVID_EXISTS, NULL,
				       "take it away, or name another place: --out",
				       "%s: something else is there already", wrap->output);
	}
	wrap->changed = files_replace(at, name, 0600, text->str, text->len, 0);
	return wrap->changed || failed(error, wrap->output, errno);
}

/* --- all of it */

static bool wrap_read(const struct wrap_file *wrap, const struct import *import,
		      struct client *client, GString **text, GError **error)
{
	AUTO_SECRET struct secret storage_key = SECRET_INIT;

	if (!import->candidate->pkcs8.length)
		return devid_error_set(error, DEVID_NOT_FOUND, "no-key",
				       "name the file that has the private key",
				       "%s: no private key is in it that could be wrapped",
				       bundle_title(wrap->file));
	if (!bundle_read_file(wrap->storage_key, &storage_key, NULL, error))
		return false;
	*text = make_text(import, &storage_key, client, error);
	if (!*text && error)
		g_prefix_error(error, "%s for %s: ", bundle_title(wrap->file),
			       bundle_title(wrap->storage_key));
	return *text != NULL;
}

bool wrap_file_run(struct wrap_file *wrap, const struct import_options *options,
		   struct password_words *password, struct client *client, GError **error)
{
	struct import_options own = *options;
	struct import import = { .options = &own,
				 .password = *password,
				 .warnings = g_ptr_array_new_with_free_func(g_free) };
	GString *text = NULL;
	bool good;

	own.file = (char *)wrap->file;
	wrap->changed = false;
	good = import_read(&import, error) && wrap_read(wrap, &import, client, &text, error);
	if (good && wrap->folder)
		wrap->output = choose_output(wrap->file, wrap->folder);
	if (good)
		good = wrap->output ? write_text(wrap, text, error)
				    : output_write(NULL, text->str, error);
	if (text)
		g_string_free(text, true);
	/* It was lent. */
	*password = import.password;
	password_words_init(&import.password, NULL);
	import_clear(&import);
	return good;
}
