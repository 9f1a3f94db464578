/* devid ca remove: takes a signing certificate out, and names the identities that hang on it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "../account/signing.h"
#include "ca.h"
#include "describe.h"
#include "input.h"

#define CA_FILE_MAX (1024 * 1024)

/* The labels of what was issued by it, directly or over the identity's own chain. */
static GPtrArray *dependants(gnutls_x509_crt_t signing, GError **error)
{
	GPtrArray *labels = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(identity_list) list = identity_list_load(true, true, error);

	for (size_t i = 0; list != NULL && signing != NULL && i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);

		for (size_t j = 0; j < identity->chain_count; j++)
			if (gnutls_x509_crt_check_issuer(identity->chain[j], signing)) {
				g_ptr_array_add(labels,
						g_strdup_printf("%s (%s)", identity->record->label,
								identity->half == HALF_SYSTEM
									? "system"
									: "user"));
				break;
			}
	}
	return labels;
}

/* The certificate in the file, if it can be read: a broken one is to be removable too. */
static gnutls_x509_crt_t read_certificate(const struct ca_folder *folder, const char *file)
{
	g_autofree char *path = g_build_filename(folder->path, file, NULL);
	g_autoptr(GBytes) bytes = input_read(path, CA_FILE_MAX, NULL);
	gnutls_x509_crt_t certificate = NULL;
	gnutls_datum_t data;
	gsize length = 0;

	if (bytes == NULL || gnutls_x509_crt_init(&certificate) < 0)
		return NULL;
	data.data = (unsigned char *)g_bytes_get_data(bytes, &length);
	data.size = (unsigned)length;
	if (gnutls_x509_crt_import(certificate, &data, GNUTLS_X509_FMT_PEM) >= 0 ||
	    gnutls_x509_crt_import(certificate, &data, GNUTLS_X509_FMT_DER) >= 0)
		return certificate;
	gnutls_x509_crt_deinit(certificate);
	return NULL;
}

static void tell(const char *name, const GPtrArray *labels, bool json)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	json_text(builder, "result", "ok");
	json_flag(builder, "changed", TRUE);
	json_text(builder, "name", name);
	json_builder_set_member_name(builder, "identities");
	json_builder_begin_array(builder);
	for (guint i = 0; i < labels->len; i++)
		json_builder_add_string_value(builder, g_ptr_array_index(labels, i));
	json_builder_end_array(builder);
	if (json) {
		json_print(builder);
		return;
	}
	printf("%s: removed\n", name);
	for (guint i = 0; i < labels->len; i++)
		report_warning("%s was issued by it: see devid check",
			       (const char *)g_ptr_array_index(labels, i));
}

static gboolean remove_file(const char *name, enum half half, bool json, GError **error)
{
	AUTO_CA_FOLDER struct ca_folder folder = CA_FOLDER_INIT;
	g_autofree char *file = g_strconcat(name, CA_SUFFIX, NULL);
	g_autoptr(GPtrArray) labels = NULL;
	gnutls_x509_crt_t certificate;
	struct stat status;

	if (!ca_folder_open(&folder, half, false, error))
		return FALSE;
	if (folder.fd < 0 || fstatat(folder.fd, file, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		devid_error_set(error, DEVID_NOT_FOUND, NULL, "see what is there: devid ca list",
				"%s: no signing certificate has this name in %s", name,
				folder.path);
		return FALSE;
	}
	certificate = S_ISREG(status.st_mode) ? read_certificate(&folder, file) : NULL;
	labels = dependants(certificate, error);
	if (certificate != NULL)
		gnutls_x509_crt_deinit(certificate);
	/* What hangs on it is told where it can be found out; it is no condition. */
	g_clear_error(error);
	if (!ca_folder_remove(&folder, file, error))
		return FALSE;
	tell(name, labels, json);
	return TRUE;
}

enum exit_status ca_remove(int argc, char **argv)
{
	gboolean user = FALSE, system = FALSE, json = FALSE;
	const GOptionEntry entries[] = {
		{ "user", 0, 0, G_OPTION_ARG_NONE, &user, "From your own account", NULL },
		{ "system", 0, 0, G_OPTION_ARG_NONE, &system,
		  "From the machine's account (root; root's default)", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
		{ NULL },
	};
	GError *error = NULL;
	enum exit_status status;
	bool done;

	if (!options_parse(&argc, &argv, "NAME",
			   "Take a signing certificate out of the account. The identities on this "
			   "computer that it issued are named.",
			   NULL, entries, &done, &status) ||
	    done)
		return status;
	if (argc < 2)
		return report_usage("ca remove", "a name is missing");
	if (argc > 2)
		return report_usage("ca remove", "%s: one name at a time", argv[2]);
	if (user && system)
		return report_usage("ca remove", "--user or --system, not both");
	if (!signing_name_valid(argv[1]))
		return report_usage("ca remove", "%s: not a signing certificate's name", argv[1]);
	if (!remove_file(argv[1], ca_half(user, system), json, &error))
		return report_error(&error, json);
	return EXIT_DONE;
}
