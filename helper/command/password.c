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
#include "password.h"

#define PASSWORD_MAX 4096
#define CREDENTIAL   "devid.password"

static const int ending_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGPIPE, SIGALRM };
static volatile sig_atomic_t caught_signal;

void process_keeps_secrets(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static gboolean set_error(GError **error, const char *where, const char *why)
{
	devid_error_set(error, DEVID_IO, NULL, NULL, "%s: %s", where, why);
	return FALSE;
}

/* All of a descriptor, without the newline at its end. */
static gboolean read_all(int fd, const char *where, struct secret *password, GError **error)
{
	size_t at = 0;

	if (secret_allocate(password, PASSWORD_MAX + 2) ||
	    secret_resize(password, PASSWORD_MAX + 2))
		return set_error(error, where, g_strerror(ENOMEM));
	while (at < password->length) {
		ssize_t got = read(fd, password->data + at, password->length - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			secret_clear(password);
			return set_error(error, where, g_strerror(errno));
		}
		if (got == 0)
			break;
		at += (size_t)got;
	}
	if (at && password->data[at - 1] == '\n')
		at--;
	if (at && password->data[at - 1] == '\r')
		at--;
	if (at > PASSWORD_MAX) {
		secret_clear(password);
		return set_error(error, where, "longer than any password");
	}
	return secret_resize(password, at) == DEVID_OK ||
	       set_error(error, where, g_strerror(ENOMEM));
}

static gboolean read_file(const char *path, struct secret *password, GError **error)
{
	AUTO_CLOSE int fd = -1;
	struct stat status;

	if (strcmp(path, "-") == 0)
		return read_all(STDIN_FILENO, "standard input", password, error);
	/* A FIFO is fine here: <(…) of a shell is one. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) < 0)
		return set_error(error, path, g_strerror(errno));
	if (S_ISDIR(status.st_mode))
		return set_error(error, path, "is a folder");
	if (S_ISREG(status.st_mode) && status.st_mode & S_IROTH)
		report_warning("%s: everybody can read this password file", path);
	return read_all(fd, path, password, error);
}

/* systemd: LoadCredential=devid.password:… (systemd.exec(5), "Credentials"). False: there is none.
 */
static bool read_credential(struct secret *password)
{
	const char *folder = g_getenv("CREDENTIALS_DIRECTORY");
	g_autofree char *path = folder ? g_build_filename(folder, CREDENTIAL, NULL) : NULL;
	AUTO_CLOSE int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;

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

/* Echo is off while we wait; whatever ends the waiting, it is on again before anything else happens.
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
	dprintf(tty, "%s: ", prompt);
	tcsetattr(tty, TCSAFLUSH, &quiet);
	read = read_line(tty, &open_mask, password);
	tcsetattr(tty, TCSAFLUSH, before);
	dprintf(tty, "\n");
	for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++)
		sigaction(ending_signals[i], &old[i], NULL);
	/* Those that came meanwhile do their work here. */
	pthread_sigmask(SIG_SETMASK, &open_mask, NULL);
	return read && !caught_signal;
}

static gboolean read_terminal(const char *prompt, struct secret *password, GError **error)
{
	AUTO_CLOSE int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios before;

	if (tty < 0 || tcgetattr(tty, &before) < 0) {
		devid_error_set(error, DEVID_PASSWORD, "password-missing",
				"name one: --password-file FILE or --password-fd N",
				"%s is needed, and there is no terminal to ask on", prompt);
		return FALSE;
	}
	do {
		if (ask(tty, &before, prompt, password))
			return TRUE;
		secret_clear(password);
		/* Stopped and continued: asked again. */
		if (caught_signal)
			raise(caught_signal);
	} while (caught_signal);
	devid_error_set(error, DEVID_PASSWORD, "password-missing", NULL, "no %s was given", prompt);
	return FALSE;
}

gboolean password_read(const char *file, int fd, const char *prompt, struct secret *password,
		       GError **error)
{
	process_keeps_secrets();
	if (file)
		return read_file(file, password, error);
	if (fd >= 0) {
		g_autofree char *where = g_strdup_printf("descriptor %d", fd);

		return read_all(fd, where, password, error);
	}
	if (read_credential(password))
		return TRUE;
	return read_terminal(prompt, password, error);
}

gboolean pin_read(const char *file, const char *prompt, struct secret *pin, GError **error)
{
	process_keeps_secrets();
	return file ? read_file(file, pin, error) : read_terminal(prompt, pin, error);
}

gboolean password_source_get(struct password_source *source, GError **error)
{
	if (source->asked)
		return TRUE;
	source->asked =
		password_read(source->file, source->fd, source->prompt, &source->password, error);
	return source->asked;
}

bool password_source_given(const struct password_source *source)
{
	const char *folder = g_getenv("CREDENTIALS_DIRECTORY");
	g_autofree char *path = folder ? g_build_filename(folder, CREDENTIAL, NULL) : NULL;

	return source->asked || source->file || source->fd >= 0 ||
	       (path && g_file_test(path, G_FILE_TEST_EXISTS));
}

void password_source_clear(struct password_source *source)
{
	secret_clear(&source->password);
	source->asked = false;
}
