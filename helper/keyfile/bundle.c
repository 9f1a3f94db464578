/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and certificates as a file brought them, and the reading of such files. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <internal/cleanup.h>
#include "account/certificate-list.h"
#include "base/error.h"
#include "base/input.h"
#include "bundle.h"
#include "key-complete.h"

static void key_free(void *data)
{
	struct bundle_key *key = data;

	secret_clear(&key->pkcs8);
	g_free(key->name);
	g_clear_pointer(&key->local_id, g_bytes_unref);
	g_free(key);
}

static void certificate_free(void *data)
{
	struct bundle_certificate *certificate = data;

	g_clear_pointer(&certificate->der, g_bytes_unref);
	if (certificate->crt)
		gnutls_x509_crt_deinit(certificate->crt);
	g_free(certificate->name);
	g_clear_pointer(&certificate->local_id, g_bytes_unref);
	g_free(certificate);
}

struct bundle *bundle_new(enum bundle_kind kind)
{
	struct bundle *bundle = g_new0(struct bundle, 1);

	bundle->kind = kind;
	bundle->keys = g_ptr_array_new_with_free_func(key_free);
	bundle->certificates = g_ptr_array_new_with_free_func(certificate_free);
	bundle->warnings = g_ptr_array_new_with_free_func(g_free);
	return bundle;
}

void bundle_free(struct bundle *bundle)
{
	if (!bundle)
		return;
	g_ptr_array_unref(bundle->keys);
	g_ptr_array_unref(bundle->certificates);
	g_ptr_array_unref(bundle->warnings);
	g_clear_pointer(&bundle->wrapped, g_bytes_unref);
	g_clear_error(&bundle->unreadable);
	g_free(bundle);
}

struct bundle_key *bundle_add_key(struct bundle *bundle, struct secret *pkcs8, char *name,
				  GBytes *id)
{
	struct bundle_key *key = g_new0(struct bundle_key, 1);

	key_complete(pkcs8);
	secret_move(&key->pkcs8, pkcs8);
	key->name = name;
	key->local_id = id;
	g_ptr_array_add(bundle->keys, key);
	return key;
}

bool bundle_add_certificate(struct bundle *bundle, const void *der, size_t length, char *name,
			    GBytes *id)
{
	struct bundle_certificate *certificate = g_new0(struct bundle_certificate, 1);
	g_autoptr(GError) why = NULL;

	certificate->der = g_bytes_new(der, length);
	certificate->name = name;
	certificate->local_id = id;
	certificate->crt = certificate_parse(der, length, &why);
	if (!certificate->crt) {
		g_ptr_array_add(bundle->warnings,
				g_strdup_printf("%s; it is left out", why->message));
		if (!bundle->unreadable)
			bundle->unreadable = g_steal_pointer(&why);
		certificate_free(certificate);
		return false;
	}
	g_ptr_array_add(bundle->certificates, certificate);
	return true;
}

const char *bundle_title(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

static bool set_file_error_for(GError **error, const char *path, const char *why, const char *hint)
{
	return devid_error_set(error, DEVID_IO, NULL, hint, "%s: %s", bundle_title(path), why);
}

static bool set_file_error(GError **error, const char *path, int number)
{
	return set_file_error_for(error, path, g_strerror(number), devid_errno_hint(number));
}

/* Opened without waiting for a FIFO's writer, and without a terminal becoming ours. */
static int open_regular(const char *path, struct stat *status, GError **error)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, status) < 0) {
		set_file_error(error, path, errno);
		return -1;
	}
	if (S_ISDIR(status->st_mode)) {
		set_file_error_for(error, path, "is a folder", "name a file, not a folder");
		return -1;
	}
	if (!S_ISREG(status->st_mode)) {
		set_file_error_for(error, path, "is not a regular file", "name a regular file");
		return -1;
	}
	return take_fd(&fd);
}

static bool set_too_large(GError **error, const char *path)
{
	return devid_error_set(error, DEVID_TOO_LARGE, "file-too-large",
			       "a device identity is a few kilobytes: is this the right file?",
			       "%s: larger than %d bytes, the most that is read",
			       bundle_title(path), BUNDLE_FILE_MAX);
}

bool bundle_read_file(const char *path, struct secret *bytes, bool *others, GError **error)
{
	bool standard = strcmp(path, "-") == 0;
	struct stat status = { 0 };
	AUTO_CLOSE int opened = standard ? -1 : open_regular(path, &status, error);
	int fd = standard ? STDIN_FILENO : opened;
	size_t most = BUNDLE_FILE_MAX;

	if (fd < 0)
		return false;
	if (others)
		*others = !standard && status.st_mode & (S_IRGRP | S_IROTH);
	if (status.st_size > BUNDLE_FILE_MAX)
		return set_too_large(error, path);
	/* Locked memory is scarce: no more than the file has, where it says how much that is. */
	if (status.st_size > 0)
		most = (size_t)status.st_size;
	/* One byte more tells that there is more; growing later would copy secrets about. */
	if (secret_allocate(bytes, most + 1) || secret_resize(bytes, most + 1))
		return set_file_error(error, path, ENOMEM);
	for (size_t at = 0;;) {
		ssize_t got;

		if (!input_wait(fd, bundle_title(path), error))
			return false;
		got = read(fd, bytes->data + at, most + 1 - at);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return set_file_error(error, path, errno);
		at += (size_t)got;
		if (at > most)
			return most < BUNDLE_FILE_MAX
				       ? set_file_error_for(error, path,
							    "changed while it was read",
							    "try again when nobody writes to it")
				       : set_too_large(error, path);
		if (got > 0)
			continue;
		if (at == 0)
			return set_file_error_for(error, path, "is empty",
						  "get it again from where it came");
		return secret_resize(bytes, at) == DEVID_OK || set_file_error(error, path, ENOMEM);
	}
}
