/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where passwords come from: a file, a descriptor, systemd's credential `devid.password`, or the
 * terminal without echo. Never an argument. One newline at the end is not part of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <internal/cleanup.h>
#include <devid/reason.h>
#include "base/error.h"
#include "base/input.h"
#include "password-text.h"
#include "password.h"
#include "print.h"
#include "report.h"

#define PASSWORD_MAX 4096
/* As UTF-16, with its mark and the end of its line. */
#define READ_MAX   (2 * PASSWORD_MAX + 6)
#define CREDENTIAL "devid.password"

static const int ending_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGPIPE, SIGALRM };
static volatile sig_atomic_t caught_signal;

void password_guard_process(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static bool set_error(GError **error, const char *where, int number)
{
	return devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(number), "%s: %s", where,
			       g_strerror(number));
}

/* What is wrong with it beside what the kernel says, and what to do. */
static bool set_error_for(GError **error, const char *where, const char *why, const char *hint)
{
	return devid_error_set(error, DEVID_IO, NULL, hint, "%s: %s", where, why);
}

/* The bytes of a descriptor, at most one more than a password may have. */
static bool read_bytes(int fd, const char *where, struct secret *bytes, GError **error)
{
	size_t at = 0;

	if (secret_allocate(bytes, READ_MAX + 1) || secret_resize(bytes, READ_MAX + 1))
		return set_error(error, where, ENOMEM);
	while (at < bytes->length) {
		ssize_t got;

		if (!input_wait(fd, where, error))
			return false;
		got = read(fd, bytes->data + at, bytes->length - at);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return set_error(error, where, errno);
		if (got == 0)
			break;
		at += (size_t)got;
	}
	return secret_resize(bytes, at) == DEVID_OK || set_error(error, where, ENOMEM);
}

/* All of a descriptor as a password: UTF-8, without the newline at its end. */
static bool read_all(int fd, const char *where, struct secret *password, GError **error)
{
	AUTO_SECRET struct secret bytes = SECRET_INIT;

	secret_clear(password);
	if (!read_bytes(fd, where, &bytes, error))
		return false;
	switch (password_text(bytes.data, bytes.length, password)) {
	case PASSWORD_TEXT_PLAIN:
		break;
	case PASSWORD_TEXT_MARK:
		report_warning(
			"%s: the byte order mark at its beginning is not part of the password",
			where);
		break;
	case PASSWORD_TEXT_UTF16:
		report_warning("%s: it is in UTF-16, and read as that", where);
		break;
	case PASSWORD_TEXT_BYTES:
		report_warning("%s: it is not UTF-8; taken as Windows-1252 or ISO 8859-1", where);
		break;
	default:
		return set_error(error, where, ENOMEM);
	}
	if (password->length <= PASSWORD_MAX)
		return true;
	secret_clear(password);
	return set_error_for(error, where, "longer than any password",
			     "name the file that holds the password alone");
}

static bool read_file(const char *path, struct secret *password, GError **error)
{
	AUTO_CLOSE int fd = -1;
	struct stat status;

	if (strcmp(path, "-") == 0)
		return read_all(STDIN_FILENO, "standard input", password, error);
	/* A FIFO is fine here: <(…) of a shell is one. Without a writer it isn't waited for in
	 * open(). */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status) < 0)
		return set_error(error, path, errno);
	if (S_ISDIR(status.st_mode))
		return set_error_for(error, path, "is a folder", "name a file, not a folder");
	if (S_ISREG(status.st_mode) && status.st_mode & S_IROTH)
		report_warning("%s: everybody can read this password file", path);
	return read_all(fd, path, password, error);
}

/* systemd: LoadCredential=devid.password:… (systemd.exec(5), "Credentials"). False: there is
 * none. */
static bool read_credential(struct secret *password)
{
	const char *folder = g_getenv("CREDENTIALS_DIRECTORY");
	g_autofree char *path = folder ? g_build_filename(folder, CREDENTIAL, NULL) : NULL;
	AUTO_CLOSE int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;

	return fd >= 0 && read_all(fd, path, password, NULL);
}

static void remember_signal(int number)
{
	caught_signal = number;
}

/* Waits for a byte. The signals are blocked but for here, so that none can come between looking at
 * caught_signal and falling asleep.
 */
static bool wait_for_byte(int tty, const sigset_t *open_mask)
{
	struct pollfd entry = { .fd = tty, .events = POLLIN };

	for (;;) {
		int ready = ppoll(&entry, 1, NULL, open_mask);

		if (caught_signal)
			return false;
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return false;
	}
}

/* One line from the terminal, a byte at a time so that nothing of it rests in a stream's buffer. */
static bool read_line(int tty, const sigset_t *open_mask, struct secret *line)
{
	size_t at = 0;

	if (secret_allocate(line, PASSWORD_MAX + 1) || secret_resize(line, PASSWORD_MAX + 1))
		return false;
	while (at <= PASSWORD_MAX) {
		ssize_t got;

		if (!wait_for_byte(tty, open_mask))
			return false;
		got = read(tty, line->data + at, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || (got == 0 && at == 0))
			return false;
		if (got == 0 || line->data[at] == '\n')
			break;
		at++;
	}
	return at <= PASSWORD_MAX && !secret_resize(line, at);
}

/* Echo is off while we wait; whatever ends the waiting, it is on again before anything else
 * happens.
 */
static bool ask(int tty, const struct termios *before, const char *prompt, struct secret *password)
{
	struct sigaction action = { .sa_handler = remember_signal };
	struct sigaction old[G_N_ELEMENTS(ending_signals)];
	struct termios quiet = *before;
	sigset_t ending, open_mask;
	bool read;

	sigemptyset(&action.sa_mask);
	sigemptyset(&ending);
	caught_signal = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++)
		sigaddset(&ending, ending_signals[i]);
	pthread_sigmask(SIG_BLOCK, &ending, &open_mask);
	for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++)
		sigaction(ending_signals[i], &action, &old[i]);
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	quiet.c_lflag |= ICANON | ISIG;
	print_prompt(tty, "%s: ", prompt);
	tcsetattr(tty, TCSAFLUSH, &quiet);
	read = read_line(tty, &open_mask, password);
	tcsetattr(tty, TCSAFLUSH, before);
	(void)!write(tty, "\n", 1);
	for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++)
		sigaction(ending_signals[i], &old[i], NULL);
	/* Those that came meanwhile do their work here. */
	pthread_sigmask(SIG_SETMASK, &open_mask, NULL);
	return read && !caught_signal;
}

/* `hint`: by which options it can be given. */
static bool read_terminal(const char *prompt, const char *hint, struct secret *password,
			  GError **error)
{
	AUTO_CLOSE int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios before;

	if (tty < 0 || tcgetattr(tty, &before) < 0)
		return devid_error_set(error, DEVID_PASSWORD, "password-missing", hint,
				       "%s is needed, and there is no terminal to ask on", prompt);
	do {
		if (ask(tty, &before, prompt, password))
			return true;
		secret_clear(password);
		/* Stopped and continued: asked again. */
		if (caught_signal)
			raise(caught_signal);
	} while (caught_signal);
	return devid_error_set(error, DEVID_PASSWORD, "password-missing", hint, "no %s was given",
			       prompt);
}

/* *typed: somebody typed it, and could type another. */
static bool read_any(const char *file, int fd, const char *prompt, bool *typed,
		     struct secret *password, GError **error)
{
	*typed = false;
	password_guard_process();
	if (file)
		return read_file(file, password, error);
	if (fd >= 0) {
		g_autofree char *where = g_strdup_printf("descriptor %d", fd);

		return read_all(fd, where, password, error);
	}
	if (read_credential(password))
		return true;
	*typed = true;
	return read_terminal(prompt, devid_reason_find("password-missing")->hint, password, error);
}

bool password_read(const char *file, int fd, const char *prompt, struct secret *password,
		   GError **error)
{
	bool typed;

	return read_any(file, fd, prompt, &typed, password, error);
}

bool password_read_pin(const char *file, const char *prompt, struct secret *pin, GError **error)
{
	password_guard_process();
	return file ? read_file(file, pin, error)
		    : read_terminal(prompt, "name its file: --pin-file FILE", pin, error);
}

static bool get(struct password_source *source, GError **error)
{
	struct password_words *words = (struct password_words *)source;

	if (words->asked)
		return true;
	words->asked = read_any(words->file, words->fd, words->prompt, &words->typed,
				&source->password, error);
	return words->asked;
}

static bool again(struct password_source *source, const GError *error)
{
	struct password_words *words = (struct password_words *)source;

	if (devid_error_result(error) != DEVID_PASSWORD || !words->asked || !words->typed ||
	    words->tried_again)
		return false;
	report_warning("%s; once more", error->message);
	secret_clear(&source->password);
	words->asked = false;
	words->tried_again = true;
	return true;
}

static bool given(const struct password_source *source)
{
	const struct password_words *words = (const struct password_words *)source;
	const char *folder = g_getenv("CREDENTIALS_DIRECTORY");
	g_autofree char *path = folder ? g_build_filename(folder, CREDENTIAL, NULL) : NULL;

	return words->asked || words->file || words->fd >= 0 ||
	       (path && g_file_test(path, G_FILE_TEST_EXISTS));
}

void password_words_init(struct password_words *words, const char *prompt)
{
	*words = (struct password_words){
		.source = { get, again, given, SECRET_INIT },
		.fd = -1,
		.prompt = prompt,
	};
}

void password_words_clear(struct password_words *words)
{
	secret_clear(&words->source.password);
	words->asked = false;
}
