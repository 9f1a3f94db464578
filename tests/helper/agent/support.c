/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A private place with identities and an account in it, and requests without a socket. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <gnutls/crypto.h>
#include <internal/cleanup.h>
#include <internal/record.h>
#include "agent/gate/ready.h"
#include "agent/identity/record-write.h"
#include "agent/request/agent.h"
#include "agent/request/request.h"
#include "agent/store/folder-open.h"
#include "agent/store/folder.h"
#include "agent/store/store.h"
#include "support.h"

static char root[64];

const char *place_path(const char *below)
{
	static char path[4][PATH_BUFFER];
	static guint turn;
	char *answer = path[turn++ % G_N_ELEMENTS(path)];

	g_snprintf(answer, PATH_BUFFER, "%s/%s", root, below);
	return answer;
}

/* An account of the machine that runs the tests would come before ours. */
static void hide_machine_account(void)
{
	static bool done;

	if (done || geteuid() != 0 || access("/etc/devid", F_OK) < 0)
		return;
	done = unshare(CLONE_NEWNS) == 0 && mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("empty", "/etc/devid", "tmpfs", 0, NULL) == 0;
}

int place_make(void **state)
{
	static const char *const folders[][2] = {
		{ "data", "DEVID_DATA_DIR" },
		{ "system", "DEVID_SYSTEM_DIR" },
		{ "config", "DEVID_CONFIG_DIR" },
		{ "state", "DEVID_STATE_DIR" },
		{ "system-state", "DEVID_SYSTEM_STATE_DIR" },
		{ "run", "DEVID_RUNTIME_DIR" },
		{ "system-run", "DEVID_SYSTEM_RUNTIME_DIR" },
	};

	hide_machine_account();
	g_strlcpy(root, "/tmp/dvXXXXXX", sizeof(root));
	if (!mkdtemp(root))
		return -1;
	for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
		if (mkdir(place_path(folders[i][0]), 0700) < 0)
			return -1;
		g_setenv(folders[i][1], place_path(folders[i][0]), true);
	}
	g_setenv("HOME", root, true);
	g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
	ready_gnutls();
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	return remove(path);
}

int place_remove(void **state)
{
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void place_write(const char *below, const char *text, mode_t mode)
{
	const char *path = place_path(below);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

char *place_read(const char *below)
{
	char *text = NULL;

	return g_file_get_contents(place_path(below), &text, NULL, NULL) ? text : g_strdup("");
}

static char *pki_text(const char *name, const char *suffix, gsize *length)
{
	const char *folder = getenv("DEVID_TEST_PKI");
	g_autofree char *path = g_strdup_printf("%s/%s%s", folder ? folder : ".", name, suffix);
	char *text = NULL;

	if (!g_file_get_contents(path, &text, length, NULL))
		fail_msg("no %s", path);
	return text;
}

static gnutls_x509_crt_t pki_certificate(const char *name)
{
	gsize length;
	g_autofree char *pem = pki_text(name, ".crt", &length);
	gnutls_datum_t datum = { (guint8 *)pem, (unsigned)length };
	gnutls_x509_crt_t certificate;

	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_PEM), 0);
	return certificate;
}

GBytes *pki_der(const char *name)
{
	gnutls_x509_crt_t certificate = pki_certificate(name);
	gnutls_datum_t der;
	GBytes *bytes;

	assert_int_equal(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, &der), 0);
	bytes = g_bytes_new(der.data, der.size);
	gnutls_free(der.data);
	gnutls_x509_crt_deinit(certificate);
	return bytes;
}

gnutls_pubkey_t pki_pubkey(const char *name)
{
	gnutls_x509_crt_t certificate = pki_certificate(name);
	gnutls_pubkey_t key;

	assert_int_equal(gnutls_pubkey_init(&key), 0);
	assert_int_equal(gnutls_pubkey_import_x509(key, certificate, 0), 0);
	gnutls_x509_crt_deinit(certificate);
	return key;
}

GBytes *pki_spki(const char *name)
{
	gnutls_pubkey_t key = pki_pubkey(name);
	gnutls_datum_t der;
	GBytes *bytes;

	assert_int_equal(gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der), 0);
	bytes = g_bytes_new(der.data, der.size);
	gnutls_free(der.data);
	gnutls_pubkey_deinit(key);
	return bytes;
}

void pki_pkcs8(const char *name, struct secret *pkcs8)
{
	gsize length;
	g_autofree char *pem = pki_text(name, ".key", &length);
	gnutls_datum_t datum = { (guint8 *)pem, (unsigned)length }, der;
	gnutls_x509_privkey_t key;

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_import2(key, &datum, GNUTLS_X509_FMT_PEM, NULL, 0), 0);
	assert_int_equal(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_DER, NULL,
							   GNUTLS_PKCS_PLAIN, &der),
			 0);
	assert_int_equal(secret_allocate(pkcs8, der.size), DEVID_OK);
	assert_int_equal(secret_append(pkcs8, der.data, der.size), DEVID_OK);
	gnutls_free(der.data);
	gnutls_x509_privkey_deinit(key);
}

static struct record_bytes borrow(GBytes *bytes)
{
	struct record_bytes borrowed = { 0 };

	borrowed.data = (guint8 *)g_bytes_get_data(bytes, &borrowed.length);
	return borrowed;
}

void identity_make(const char *label, const char *pki_name, const char *store, struct made *made)
{
	static guint64 number = 0x1000;
	g_autoptr(GBytes) leaf = pki_der(pki_name), issuer = pki_der("issuing");
	g_autoptr(GBytes) spki = pki_spki(pki_name), text = NULL;
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	AUTO_FOLDER struct folder folder = FOLDER_INIT;
	struct record record = { .label = (char *)label, .store = (char *)store };
	struct store_wait wait = { 0 };
	guint8 id[20];
	char file[32];
	bool sent = false;
	GError *error = NULL;

	gnutls_hash_fast(GNUTLS_DIG_SHA256, g_bytes_get_data(spki, NULL), g_bytes_get_size(spki),
			 made->hash);
	hex_encode(made->hash, WIRE_SPKI_HASH, made->hash_hex);
	g_snprintf(made->name, sizeof(made->name), "%016" G_GINT64_MODIFIER "x", number++);
	pki_pkcs8(pki_name, &pkcs8);
	if (store_find(store) && !store_find(store)->write(SCOPE_USER, made->hash_hex, label,
							   &pkcs8, &wait, &sent, &error))
		fail_msg("%s", error->message);
	memcpy(id, made->hash, sizeof(id));
	memcpy(record.spki_hash, made->hash, WIRE_SPKI_HASH);
	record.imported = (char *)"2026-01-01T00:00:00Z";
	record.id = (struct record_bytes){ id, sizeof(id) };
	record.spki = borrow(spki);
	record.leaf = borrow(leaf);
	record.chain[0].certificate = borrow(issuer);
	record.chain[0].id = record.id;
	record.chain[0].label = (char *)"issuing";
	record.chain_count = 1;
	text = record_format(&record, &error);
	if (!text)
		fail_msg("%s", error->message);
	g_snprintf(file, sizeof(file), "%s%s", made->name, RECORD_SUFFIX);
	if (!folder_open(SCOPE_USER, true, &folder, &error) ||
	    !folder_lock(&folder, NULL, &error) || !folder_prepare_generation(&folder, &error) ||
	    !folder_write(&folder, file, 0600, g_bytes_get_data(text, NULL), g_bytes_get_size(text),
			  &error) ||
	    !folder_publish_generation(&folder, &error))
		fail_msg("%s", error->message);
}

void identity_unmake(const struct made *made)
{
	AUTO_FOLDER struct folder folder = FOLDER_INIT;
	GError *error = NULL;
	char file[32];

	g_snprintf(file, sizeof(file), "%s%s", made->name, RECORD_SUFFIX);
	if (!folder_open(SCOPE_USER, true, &folder, &error) ||
	    !folder_lock(&folder, NULL, &error) || !folder_prepare_generation(&folder, &error) ||
	    !folder_remove(&folder, file, &error) || !folder_publish_generation(&folder, &error))
		fail_msg("%s", error->message);
}

void account_make(const char *lines, const char *signing, ...)
{
	va_list names;

	place_write("config/account.conf", lines, 0644);
	(void)mkdir(place_path("config/signing"), 0755);
	va_start(names, signing);
	for (const char *name = signing; name; name = va_arg(names, const char *)) {
		gsize length;
		g_autofree char *pem = pki_text(name, ".crt", &length);
		g_autofree char *below = g_strdup_printf("config/signing/%s.pem", name);

		place_write(below, pem, 0644);
	}
	va_end(names);
}

void account_unmake(void)
{
	const char *config = place_path("config");

	nftw(config, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(mkdir(config, 0700), 0);
}

static void nothing_slow(struct session *session, bool begins)
{
}

static void note_prompt(void *data)
{
	struct session *session = data;

	g_atomic_int_set(&session->prompted, true);
}

void bench_client(struct bench *bench, uid_t uid, const char *program)
{
	struct agent *agent = bench->session.agent;

	request_end(&bench->session);
	request_begin(&bench->session, agent);
	bench->session.slow = nothing_slow;
	bench->session.wait.progress = note_prompt;
	bench->session.wait.data = &bench->session;
	bench->session.peer.uid = uid;
	bench->session.peer.gid = getgid();
	bench->session.peer.pid = getpid();
	if (program) {
		bench->session.peer.program = g_strdup(program);
		bench->session.peer.looked = true;
		bench->session.peer.start_time = g_str_hash(program);
	}
}

void bench_open(struct bench *bench, enum scope scope)
{
	memset(bench, 0, sizeof(*bench));
	agent_init(&bench->agent, scope);
	request_begin(&bench->session, &bench->agent);
	bench_client(bench, geteuid(), "/usr/bin/test-client");
}

void bench_close(struct bench *bench)
{
	request_end(&bench->session);
	agent_clear(&bench->agent);
	wire_frame_clear(&bench->request);
	wire_frame_clear(&bench->reply);
}

enum devid_result bench_ask(struct bench *bench)
{
	guint32 result = DEVID_RESULT_COUNT;

	assert_int_equal(wire_finish(&bench->request), DEVID_OK);
	assert_int_equal(wire_validate(&bench->request), DEVID_OK);
	bench->session.prompted = false;
	request_handle(&bench->session, &bench->request, &bench->reply);
	assert_int_equal(wire_validate(&bench->reply), DEVID_OK);
	assert_int_equal(wire_type(&bench->reply), WIRE_REPLY);
	assert_true(wire_get_u32(&bench->reply, TAG_RESULT, &result));
	return (enum devid_result)result;
}

enum devid_result bench_sign(struct bench *bench, const struct made *made, enum wire_scheme scheme)
{
	wire_begin(&bench->request, WIRE_SIGN);
	wire_put(&bench->request, TAG_SPKI_HASH, made->hash, WIRE_SPKI_HASH);
	wire_put_u32(&bench->request, TAG_SCHEME, scheme);
	wire_put_u32(&bench->request, TAG_DIGEST, DIGEST_SHA256);
	wire_put_u32(&bench->request, TAG_PSS_DIGEST, DIGEST_SHA256);
	wire_put_u32(&bench->request, TAG_PSS_MGF, DIGEST_SHA256);
	wire_put_u32(&bench->request, TAG_PSS_SALT, 32);
	wire_put_text(&bench->request, TAG_DATA, "sign this");
	return bench_ask(bench);
}

static char *text_of(struct bench *bench, enum wire_tag tag)
{
	AUTO_FREE char *text = wire_get_text(&bench->reply, tag);

	return g_strdup(text ? text : "");
}

char *bench_reason(struct bench *bench)
{
	return text_of(bench, TAG_REASON);
}

char *bench_message(struct bench *bench)
{
	return text_of(bench, TAG_MESSAGE);
}

char *log_read(void)
{
	static const char *const files[] = { "state/events.jsonl", "state/refusals.jsonl",
					     "state/uses.jsonl" };
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *part = place_read(files[i]);

		g_string_append(text, part);
	}
	return g_string_free(text, false);
}

guint events_with(const char *word, ...)
{
	g_autofree char *text = log_read();
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint count = 0;

	for (char **line = lines; *line; line++) {
		bool all = **line != '\0';
		va_list words;

		va_start(words, word);
		for (const char *next = word; next && all; next = va_arg(words, const char *))
			all = strstr(*line, next) != NULL;
		va_end(words);
		count += all;
	}
	return count;
}
