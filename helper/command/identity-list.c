/* The identities of both tokens, read from their records without the agent. */
#include <stdlib.h>
#include <string.h>

#include "identity-list.h"

/* RFC 7512 section 2.3: what a path attribute's value may hold unescaped, but for reserved
 * characters that some readers stumble over.
 */
#define URI_UNRESERVED "-._~"

struct identity_list {
	struct record_list records[2]; /* by enum half */
	GArray *identities;	       /* struct identity */
	GPtrArray *foreign; /* struct record* that others made (foreign.c, all-users.c) */
};

static const char *const token_labels[] = {
	[HALF_USER] = "Device Identity",
	[HALF_SYSTEM] = "Device Identity (system)",
};

static void warn_skipped(const char *file, unsigned line, const char *why, void *data)
{
	const char *folder = data;

	if (line != 0)
		report_warning("%s/%s:%u: %s; skipped", folder, file, line, why);
	else
		report_warning("%s/%s: %s; skipped", folder, file, why);
}

static void identity_clear(void *data)
{
	struct identity *identity = data;

	for (size_t i = 0; i < identity->chain_count; i++)
		gnutls_x509_crt_deinit(identity->chain[i]);
	g_free(identity->chain);
	g_free(identity->uri);
	g_free(identity->query);
	g_free(identity->user);
}

static char *escape_attribute(const char *text)
{
	return g_uri_escape_string(text, NULL, FALSE);
}

char *identity_uri(enum half half, const char *label)
{
	g_autofree char *token = escape_attribute(token_labels[half]);
	g_autofree char *object = escape_attribute(label);

	return g_strdup_printf("pkcs11:token=%s;object=%s", token, object);
}

const char *identity_token_label(enum half half)
{
	return token_labels[half];
}

static void record_free(void *data)
{
	record_clear(data);
	free(data);
}

static bool import_certificate(const struct record_bytes *der, gnutls_x509_crt_t *certificate)
{
	gnutls_datum_t datum = { der->data, (unsigned)der->length };

	if (gnutls_x509_crt_init(certificate) < 0)
		return false;
	if (gnutls_x509_crt_import(*certificate, &datum, GNUTLS_X509_FMT_DER) >= 0)
		return true;
	gnutls_x509_crt_deinit(*certificate);
	return false;
}

/* A record holds its certificates as bytes; one that GnuTLS can't read leaves the identity without
 * a chain, and the check of it fails.
 */
static bool import_chain(struct identity *identity)
{
	struct record *record = identity->record;

	if (record->leaf.length == 0)
		return true;
	identity->chain = g_new0(gnutls_x509_crt_t, record->chain_count + 1);
	if (!import_certificate(&record->leaf, &identity->chain[0]))
		return false;
	identity->chain_count = 1;
	for (size_t i = 0; i < record->chain_count; i++) {
		if (!import_certificate(&record->chain[i].certificate,
					&identity->chain[identity->chain_count]))
			return false;
		identity->chain_count++;
	}
	return true;
}

static gboolean load_half(struct identity_list *list, enum half half, GError **error)
{
	struct record_list *records = &list->records[half];
	char folder[PATH_BUFFER];
	enum devid_result result;

	if (!path_data(half, folder)) {
		devid_error_set(error, DEVID_IO, NULL, "set HOME or XDG_DATA_HOME",
				"data folder: there is no home folder for this user");
		return FALSE;
	}
	result = record_load_folder(folder, records, warn_skipped, folder);
	if (result != DEVID_OK) {
		devid_error_set(error, result, NULL, NULL, "%s: identities can't be read: %s",
				folder, devid_reason_for(result)->cause);
		return FALSE;
	}
	for (size_t i = 0; i < records->count; i++) {
		struct identity identity = { .half = half, .record = &records->records[i] };

		if (!import_chain(&identity))
			report_warning("%s/%s%s: a certificate in it can't be read", folder,
				       identity.record->name, RECORD_SUFFIX);
		identity.uri = identity_uri(half, identity.record->label);
		identity.token = token_labels[half];
		g_array_append_val(list->identities, identity);
	}
	return TRUE;
}

struct identity_list *identity_list_load(bool user, bool system, GError **error)
{
	struct identity_list *list = g_new0(struct identity_list, 1);

	list->foreign = g_ptr_array_new_with_free_func(record_free);
	list->identities = g_array_new(FALSE, TRUE, sizeof(struct identity));
	g_array_set_clear_func(list->identities, identity_clear);
	if ((user && !load_half(list, HALF_USER, error)) ||
	    (system && !load_half(list, HALF_SYSTEM, error)))
		g_clear_pointer(&list, identity_list_free);
	return list;
}

void identity_list_free(struct identity_list *list)
{
	if (list == NULL)
		return;
	g_array_unref(list->identities);
	g_ptr_array_unref(list->foreign);
	record_list_clear(&list->records[HALF_USER]);
	record_list_clear(&list->records[HALF_SYSTEM]);
	g_free(list);
}

void identity_list_append_foreign(struct identity_list *list, struct record *record,
				  const char *uri, const char *query, const char *token,
				  bool hardware)
{
	struct identity identity = {
		.half = HALF_USER,
		.record = record,
		.uri = g_strdup(uri),
		.query = g_strdup(query),
		.token = g_intern_string(token),
		.foreign = true,
		.hardware = hardware,
	};

	g_ptr_array_add(list->foreign, record);
	import_chain(&identity);
	g_array_append_val(list->identities, identity);
}

void identity_list_append_user(struct identity_list *list, struct record *record, const char *user)
{
	struct identity identity = {
		.half = HALF_USER,
		.record = record,
		.uri = identity_uri(HALF_USER, record->label),
		.token = token_labels[HALF_USER],
		.user = g_strdup(user),
	};

	g_ptr_array_add(list->foreign, record);
	import_chain(&identity);
	g_array_append_val(list->identities, identity);
}

size_t identity_list_count(const struct identity_list *list)
{
	return list->identities->len;
}

const struct identity *identity_list_get(const struct identity_list *list, size_t index)
{
	return &g_array_index(list->identities, struct identity, index);
}

static char *label_list(const struct identity_list *list)
{
	g_autoptr(GString) names = g_string_new(NULL);

	for (size_t i = 0; i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);

		g_string_append_printf(names, "%s%s%s", i == 0 ? "" : ", ", identity->record->label,
				       identity->half == HALF_SYSTEM ? " (system)" : "");
	}
	return g_string_free(g_steal_pointer(&names), FALSE);
}

static const struct identity *find_only(const struct identity_list *list, GError **error)
{
	g_autofree char *names = NULL;

	if (identity_list_count(list) == 1)
		return identity_list_get(list, 0);
	if (identity_list_count(list) == 0) {
		devid_error_set(error, DEVID_NOT_FOUND, NULL, "devid import-cert FILE.p12",
				"no device identity here yet");
		return NULL;
	}
	names = label_list(list);
	devid_error_set(error, DEVID_USAGE, NULL, "name one of them",
			"there are several identities: %s", names);
	return NULL;
}

const struct identity *identity_list_find(const struct identity_list *list, const char *label,
					  GError **error)
{
	g_autofree char *names = NULL, *hint = NULL;

	if (label == NULL)
		return find_only(list, error);
	/* The user's records stand before the machine's. */
	for (size_t i = 0; i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);

		if (strcmp(identity->record->label, label) == 0 ||
		    strcmp(identity->uri, label) == 0)
			return identity;
	}
	if (identity_list_count(list) == 0) {
		hint = g_strdup("no device identity here yet: devid import-cert FILE.p12");
	} else {
		names = label_list(list);
		hint = g_strdup_printf("there are: %s", names);
	}
	devid_error_set(error, DEVID_NOT_FOUND, NULL, hint, "%s: no identity has this label",
			label);
	return NULL;
}
