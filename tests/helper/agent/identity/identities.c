/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of identities share. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <internal/test-hook.h>
#include "agent/identity/identity-desk.h"
#include "agent/identity/identity-import.h"
#include "agent/identity/identity-mark.h"
#include "agent/identity/identity-undo.h"
#include "agent/identity/identity-write.h"
#include "agent/identity/identity-writer.h"
#include "agent/identity/identity.h"
#include "agent/key/encode.h"
#include "agent/store/store.h"
#include "base/error.h"
#include "identities.h"

static char *folder;

static gnutls_x509_privkey_t read_key(const struct made *made)
{
	gnutls_datum_t der = { made->pkcs8.data, (unsigned)made->pkcs8.length };
	gnutls_x509_privkey_t key;

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_import_pkcs8(key, &der, GNUTLS_X509_FMT_DER, NULL,
							  GNUTLS_PKCS_PLAIN),
			 0);
	return key;
}

void make_key(struct made *made)
{
	gnutls_x509_privkey_t key;
	size_t size = 4096;

	memset(made, 0, sizeof(*made));
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(
		gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
					     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
		0);
	assert_int_equal(secret_resize(&made->pkcs8, size), DEVID_OK);
	assert_int_equal(gnutls_x509_privkey_export_pkcs8(key, GNUTLS_X509_FMT_DER, NULL,
							  GNUTLS_PKCS_PLAIN, made->pkcs8.data,
							  &size),
			 0);
	assert_int_equal(secret_resize(&made->pkcs8, size), DEVID_OK);
	gnutls_x509_privkey_deinit(key);
}

int leaf_days = 30;

void make_leaf(struct made *made, const char *name, int serial, size_t filler, bool authority)
{
	gnutls_x509_privkey_t key = read_key(made);
	gnutls_datum_t der = { NULL, 0 };
	guint8 number[4] = { 1, (guint8)(serial >> 16), (guint8)(serial >> 8), (guint8)serial };
	g_autofree guint8 *extension = g_malloc0(filler + 1);
	gnutls_x509_crt_t crt;

	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, number, sizeof(number));
	gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
				      (unsigned)strlen(name));
	gnutls_x509_crt_set_activation_time(crt, time(NULL) - 3600);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + leaf_days * 86400);
	gnutls_x509_crt_set_basic_constraints(crt, authority, -1);
	if (filler)
		gnutls_x509_crt_set_extension_by_oid(crt, "1.3.6.1.4.1.99999.1", extension, filler,
						     0);
	gnutls_x509_crt_set_key(crt, key);
	assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der), 0);
	g_clear_pointer(&made->leaf, g_bytes_unref);
	made->leaf = g_bytes_new(der.data, der.size);
	gnutls_free(der.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

void made_clear(struct made *made)
{
	secret_clear(&made->pkcs8);
	g_clear_pointer(&made->leaf, g_bytes_unref);
}

GBytes *made_spki(const struct made *made)
{
	GBytes *spki = key_spki_from_pkcs8(&made->pkcs8, NULL);

	assert_non_null(spki);
	return spki;
}

int folder_setup(void **state)
{
	/* In memory where there is such a place: each try syncs a dozen times. */
	folder = g_strdup(g_file_test("/dev/shm", G_FILE_TEST_IS_DIR)
				  ? "/dev/shm/devid-identities-XXXXXX"
				  : "/tmp/devid-identities-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	g_setenv("DEVID_DATA_DIR", folder, true);
	g_setenv("DEVID_CONFIG_DIR", "/nonexistent/devid", true);
	return 0;
}

int system_setup(void **state)
{
	int status = folder_setup(state);

	g_setenv("DEVID_SYSTEM_DIR", data_folder(), true);
	return status;
}

int folder_teardown(void **state)
{
	g_autofree char *command =
		g_strdup_printf("chmod -R u+rwX %s && rm -rf %s", folder, folder);

	test_hook_fault = NULL;
	g_unsetenv("DEVID_DATA_DIR");
	if (system(command) != 0)
		return -1;
	g_clear_pointer(&folder, g_free);
	return 0;
}

const char *data_folder(void)
{
	return folder;
}

const struct store *test_store(void)
{
	const char *name = getenv("TEST_STORE");

	return store_find(name ? name : "file");
}

const struct devid_account *test_account(void)
{
	static struct devid_account *account;

	if (!account)
		assert_int_equal(devid_account_load(NULL, false, &account), DEVID_OK);
	return account;
}

bool import_made(const struct made *made, const char *label, guint32 flags, bool with_key,
		 GBytes *const *chain, struct identity_result *result, struct identity_undo **undo,
		 GError **error)
{
	g_autoptr(GPtrArray) certificates = g_ptr_array_new();
	struct identity_import import = {
		.scope = SCOPE_USER,
		.label = label,
		.certificates = certificates,
		.pkcs8 = with_key ? &made->pkcs8 : NULL,
		.store = test_store(),
		.flags = flags,
		.account = test_account(),
	};

	g_ptr_array_add(certificates, made->leaf);
	for (size_t i = 0; chain && chain[i]; i++)
		g_ptr_array_add(certificates, chain[i]);
	return identity_import(&import, NULL, result, undo, error);
}

char *import_kept(const struct made *made, const char *label, guint32 flags)
{
	struct identity_result result;
	struct identity_undo *undo;
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	char *name;

	if (!import_made(made, label, flags, true, NULL, &result, &undo, &error))
		fail_msg("import %s: %s", label, error->message);
	assert_true(identity_keep(undo, NULL, warnings, &error));
	assert_int_equal(warnings->len, 0);
	name = g_strdup(result.name);
	identity_result_clear(&result);
	return name;
}

bool write_object(struct wire_frame *frame, enum wire_object object, const char *label,
		  const char *id, struct identity_result *result, GError **error)
{
	wire_put_u32(frame, TAG_OBJECT, object);
	wire_put_text(frame, TAG_LABEL, label);
	if (id)
		wire_put(frame, TAG_ID, id, strlen(id));
	assert_int_equal(wire_finish(frame), DEVID_OK);
	return identity_write(SCOPE_SYSTEM, frame, test_account(), NULL, result, error);
}

bool write_certificate(const struct made *made, const char *label, const char *id,
		       struct identity_result *result, GError **error)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	wire_begin(&frame, WIRE_WRITE);
	wire_put(&frame, TAG_CERTIFICATE, g_bytes_get_data(made->leaf, NULL),
		 g_bytes_get_size(made->leaf));
	return write_object(&frame, OBJECT_CERTIFICATE, label, id, result, error);
}

bool write_key(const struct made *made, const char *label, const char *id,
	       struct identity_result *result, GError **error)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	wire_begin(&frame, WIRE_WRITE);
	wire_put_u32(&frame, TAG_KEY_TYPE, KEY_EC);
	wire_put(&frame, TAG_PKCS8, made->pkcs8.data, made->pkcs8.length);
	return write_object(&frame, OBJECT_PRIVATE_KEY, label, id, result, error);
}

bool write_public(const struct made *made, const char *label, struct identity_result *result,
		  GError **error)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	g_autoptr(GBytes) spki = made_spki(made);
	gnutls_datum_t der, params, point;
	gnutls_pubkey_t key;

	der.data = (unsigned char *)g_bytes_get_data(spki, NULL);
	der.size = (unsigned)g_bytes_get_size(spki);
	assert_int_equal(gnutls_pubkey_init(&key), 0);
	assert_int_equal(gnutls_pubkey_import(key, &der, GNUTLS_X509_FMT_DER), 0);
	assert_int_equal(gnutls_pubkey_export_ecc_x962(key, &params, &point), 0);
	wire_begin(&frame, WIRE_WRITE);
	wire_put_u32(&frame, TAG_KEY_TYPE, KEY_EC);
	wire_put(&frame, TAG_EC_PARAMS, params.data, params.size);
	wire_put(&frame, TAG_EC_POINT, point.data, point.size);
	gnutls_free(params.data);
	gnutls_free(point.data);
	gnutls_pubkey_deinit(key);
	return write_object(&frame, OBJECT_PUBLIC_KEY, label, NULL, result, error);
}

void assert_fails(bool done, GError **error, enum devid_result why)
{
	assert_false(done);
	if (devid_error_result(*error) != why)
		fail_msg("%s", (*error)->message);
	g_clear_error(error);
}

static bool is_half_of(const char *file, const struct record_list *list)
{
	char hex[SPKI_HEX_SIZE];

	for (size_t i = 0; i < list->count; i++) {
		hex_encode(list->records[i].spki_hash, 32, hex);
		if (g_str_has_prefix(file, hex) && strcmp(list->records[i].store, "file") == 0)
			return true;
	}
	return false;
}

static bool is_left_over(const char *file, const struct record_list *list,
			 const struct record_list *formers)
{
	if (g_str_has_suffix(file, ".tmp") || g_str_has_suffix(file, ".pending"))
		return true;
	return g_str_has_suffix(file, ".key") && !is_half_of(file, list) &&
	       !is_half_of(file, formers);
}

/* The next writer, which changes nothing; then the first file that should not be there. */
static char *left_over(void)
{
	AUTO_WRITER struct desk desk = DESK_INIT;
	struct record_list list, formers;
	const struct dirent *entry;
	char *found = NULL;
	DIR *listing;

	assert_true(writer_open(SCOPE_USER, true, NULL, &desk, NULL));
	writer_close(&desk);
	assert_int_equal(record_load_folder(folder, &list, NULL, NULL), DEVID_OK);
	assert_int_equal(record_load_former(folder, &formers, NULL, NULL), DEVID_OK);
	listing = opendir(folder);
	assert_non_null(listing);
	while (!found && (entry = readdir(listing)) != NULL)
		if (is_left_over(entry->d_name, &list, &formers))
			found = g_strdup(entry->d_name);
	closedir(listing);
	record_list_clear(&list);
	record_list_clear(&formers);
	return found;
}

static void assert_half(const struct record *record)
{
	g_autoptr(GBytes) spki = g_bytes_new(record->spki.data, record->spki.length);
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	g_autoptr(GError) error = NULL;
	char hex[SPKI_HEX_SIZE];

	hex_encode(record->spki_hash, 32, hex);
	if (!store_find(record->store)->read(SCOPE_USER, hex, NULL, &pkcs8, &error))
		fail_msg("%s: its key: %s", record->label, error->message);
	if (!key_matches_spki(&pkcs8, spki, &error))
		fail_msg("%s: its key: %s", record->label, error->message);
}

size_t assert_formers(void)
{
	struct record_list list;
	size_t count;

	assert_int_equal(record_load_former(folder, &list, NULL, NULL), DEVID_OK);
	assert_int_equal(list.skipped, 0);
	for (size_t i = 0; i < list.count; i++)
		assert_half(&list.records[i]);
	count = list.count;
	record_list_clear(&list);
	return count;
}

size_t assert_whole(void)
{
	gint64 until = g_get_monotonic_time() + 10 * G_TIME_SPAN_SECOND;
	struct record_list list;
	size_t count;
	char *file;

	/* What was left behind is taken out beside the writer. */
	while ((file = left_over()) != NULL && g_get_monotonic_time() < until) {
		g_free(file);
		g_usleep(5000);
	}
	if (file)
		fail_msg("left over: %s", file);
	assert_int_equal(record_load_folder(folder, &list, NULL, NULL), DEVID_OK);
	assert_int_equal(list.skipped, 0);
	for (size_t i = 0; i < list.count; i++)
		if (record_has_key(&list.records[i]))
			assert_half(&list.records[i]);
	count = list.count;
	record_list_clear(&list);
	(void)assert_formers();
	return count;
}

void find_record(const char *label, struct record *record)
{
	struct record_list list;

	assert_int_equal(record_load_folder(folder, &list, NULL, NULL), DEVID_OK);
	for (size_t i = 0; i < list.count; i++) {
		if (strcmp(list.records[i].label, label) != 0)
			continue;
		*record = list.records[i];
		memset(&list.records[i], 0, sizeof(list.records[i]));
		record_list_clear(&list);
		return;
	}
	fail_msg("no record %s", label);
}

bool has_record(const char *label)
{
	struct record_list list;
	bool has = false;

	assert_int_equal(record_load_folder(folder, &list, NULL, NULL), DEVID_OK);
	for (size_t i = 0; i < list.count; i++)
		has = has || strcmp(list.records[i].label, label) == 0;
	record_list_clear(&list);
	return has;
}

guint64 generation(void)
{
	return record_generation(folder);
}
