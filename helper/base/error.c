/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GErrors of domain DEVID_ERROR: beside code and message they carry reason, hint and bracket
 * line. */
#include <errno.h>
#include <gio/gio.h>
#include <devid/reason.h>
#include "error.h"
#include "row.h"

typedef struct {
	char *reason;
	char *hint;
	char *brackets;
} DevidErrorPrivate;

static void devid_error_private_init(DevidErrorPrivate *private)
{
	(void)private; /* the instance is zeroed */
}

static void devid_error_private_copy(const DevidErrorPrivate *from, DevidErrorPrivate *to)
{
	to->reason = g_strdup(from->reason);
	to->hint = g_strdup(from->hint);
	to->brackets = g_strdup(from->brackets);
}

static void devid_error_private_clear(DevidErrorPrivate *private)
{
	g_free(private->reason);
	g_free(private->hint);
	g_free(private->brackets);
}

G_DEFINE_EXTENDED_ERROR(DevidError, devid_error)

bool devid_error_set(GError **error, enum devid_result code, const char *reason, const char *hint,
		     const char *format, ...)
{
	const struct devid_reason *row =
		reason ? devid_reason_find(reason) : devid_reason_for(code);
	DevidErrorPrivate *private;
	va_list arguments;

	if (!error)
		return false;
	va_start(arguments, format);
	*error = g_error_new_valist(DEVID_ERROR, (int)code, format, arguments);
	va_end(arguments);
	private = devid_error_get_private(*error);
	private->reason = g_strdup(reason ? reason : row->word);
	private->hint = g_strdup(hint ? hint : row ? row->hint : NULL);
	return false;
}

void devid_error_set_verdict(GError **error, const struct devid_verdict *verdict)
{
	const struct devid_reason *row = devid_reason_find(verdict->reason);
	const char *message = verdict->message ? verdict->message : row ? row->cause : "refused";

	devid_error_set(error, verdict->result, verdict->reason, verdict->hint, "%s", message);
	if (error)
		devid_error_set_brackets(*error, verdict->brackets);
}

static const struct errno_hint {
	int number;
	const char *hint;
} errno_hints[] = {
	{ ENOENT, "compare the name with what is there" },
	{ ENOTDIR, "a folder in its path is a file, or a link that isn't followed" },
	{ EISDIR, "name a file, not a folder" },
	{ ELOOP, "it is a link: name what it leads to" },
	{ ENAMETOOLONG, "use a shorter name" },
	{ EEXIST, "name a new file" },
	{ EACCES, "look at its owner and mode, and at those of the folders above it" },
	{ EPERM, "look at its owner and mode, and at those of the folders above it" },
	{ ENOSPC, "make room on the disk" },
	{ EDQUOT, "make room on the disk" },
	{ EFBIG, "raise the limit on the size of files" },
	{ EROFS, "the file system is read-only" },
	{ EMFILE, "end other programs, or raise the limit of open files" },
	{ ENFILE, "end other programs, or raise the limit of open files" },
	{ ENOMEM, "end other programs, or raise the service's limit, and try again" },
	{ EIO, "the disk fails: the kernel's log says how" },
};

const char *devid_errno_hint(int number)
{
	const struct errno_hint *row = ROW_NUMBERED(errno_hints, number);

	return row ? row->hint : NULL;
}

/* What the errors of GLib come to, and the errno that they are made of. */
static const struct row {
	int code;
	enum devid_result result;
	int number;
} io_results[] = {
	{ G_IO_ERROR_NOT_FOUND, DEVID_NOT_FOUND, ENOENT },
	{ G_IO_ERROR_EXISTS, DEVID_EXISTS, EEXIST },
	{ G_IO_ERROR_PERMISSION_DENIED, DEVID_DENIED, EACCES },
	{ G_IO_ERROR_NO_SPACE, DEVID_IO, ENOSPC },
	{ G_IO_ERROR_IS_DIRECTORY, DEVID_IO, EISDIR },
	{ G_IO_ERROR_NOT_DIRECTORY, DEVID_IO, ENOTDIR },
	{ G_IO_ERROR_READ_ONLY, DEVID_IO, EROFS },
	{ G_IO_ERROR_TIMED_OUT, DEVID_TIMEOUT },
	{ G_IO_ERROR_NOT_SUPPORTED, DEVID_UNSUPPORTED },
	{ G_IO_ERROR_INVALID_DATA, DEVID_BAD_DATA },
	{ G_IO_ERROR_INVALID_ARGUMENT, DEVID_BAD_DATA },
}, file_results[] = {
	{ G_FILE_ERROR_NOENT, DEVID_NOT_FOUND, ENOENT },
	{ G_FILE_ERROR_EXIST, DEVID_EXISTS, EEXIST },
	{ G_FILE_ERROR_ACCES, DEVID_DENIED, EACCES },
	{ G_FILE_ERROR_PERM, DEVID_DENIED, EPERM },
	{ G_FILE_ERROR_NOSPC, DEVID_IO, ENOSPC },
	{ G_FILE_ERROR_ISDIR, DEVID_IO, EISDIR },
	{ G_FILE_ERROR_NOTDIR, DEVID_IO, ENOTDIR },
	{ G_FILE_ERROR_ROFS, DEVID_IO, EROFS },
	{ G_FILE_ERROR_NOMEM, DEVID_NO_MEMORY },
};

/* Of an error of GLib's; of its kind, where no row is for it. */
static const struct row *find_row(const GError *error)
{
	static const struct row others = { 0, DEVID_IO, 0 };
	const struct row *row = NULL;

	if (error && error->domain == G_IO_ERROR)
		row = ROW_NUMBERED(io_results, error->code);
	else if (error && error->domain == G_FILE_ERROR)
		row = ROW_NUMBERED(file_results, error->code);
	else
		return NULL;
	return row ? row : &others;
}

enum devid_result devid_error_result(const GError *error)
{
	const struct row *row = find_row(error);

	if (!error)
		return DEVID_OK;
	if (error->domain == DEVID_ERROR)
		return error->code > DEVID_OK && error->code < DEVID_RESULT_COUNT
			       ? (enum devid_result)error->code
			       : DEVID_FAILED;
	if (error->domain == G_OPTION_ERROR)
		return DEVID_USAGE;
	return row ? row->result : DEVID_FAILED;
}

const char *devid_error_reason(const GError *error)
{
	if (error && error->domain == DEVID_ERROR)
		return devid_error_get_private(error)->reason;
	return devid_reason_for(devid_error_result(error))->word;
}

const char *devid_error_hint(const GError *error)
{
	const struct row *row = find_row(error);
	const char *hint = row ? devid_errno_hint(row->number) : NULL;

	if (error && error->domain == DEVID_ERROR)
		return devid_error_get_private(error)->hint;
	return hint ? hint : devid_reason_for(devid_error_result(error))->hint;
}

const char *devid_error_brackets(const GError *error)
{
	return error && error->domain == DEVID_ERROR ? devid_error_get_private(error)->brackets
						     : NULL;
}

void devid_error_set_brackets(GError *error, const char *brackets)
{
	DevidErrorPrivate *private;

	if (!error || error->domain != DEVID_ERROR)
		return;
	private = devid_error_get_private(error);
	g_free(private->brackets);
	private->brackets = g_strdup(brackets);
}
