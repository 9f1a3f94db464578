/* Makes devid-troubleshooting(7) when the tree is built: copies the page's frame to standard output and puts
 * what helper/account/reason.c says in the place of its lines "@causes@" and "@also@".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <devid/reason.h>

/* Text of a line of its own, as roff takes it. */
static void print_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\'')
			fputs("\\(aq", stdout);
		else
			putchar(*text);
	}
}

/* An argument of a macro: quoted. No text of the table has a quote in it. */
static void print_argument(const char *macro, const char *text)
{
	printf("%s \"", macro);
	print_text(text);
	puts("\"");
}

static void print_causes(void)
{
	size_t count;
	const struct devid_reason *rows = devid_reasons(&count);

	for (size_t i = 0; i < count; i++) {
		puts(".TP");
		print_argument(".B", rows[i].word);
		print_text(rows[i].cause);
		putchar('\n');
		if (rows[i].hint) {
			puts(".br");
			print_argument(".I", "hint:");
			print_text(rows[i].hint);
			putchar('\n');
		}
	}
}

/* Each text of other clients once, with the words that it can mean here. */
static void print_also(void)
{
	size_t count;
	const struct devid_reason *rows = devid_reasons(&count);

	for (size_t i = 0; i < count; i++) {
		const char *between = "";
		size_t first = 0;

		if (!rows[i].also)
			continue;
		while (!rows[first].also || strcmp(rows[first].also, rows[i].also) != 0)
			first++;
		if (first < i)
			continue;
		puts(".TP");
		print_argument(".B", rows[i].also);
		for (size_t k = i; k < count; k++) {
			if (!rows[k].also || strcmp(rows[k].also, rows[i].also) != 0)
				continue;
			fputs(between, stdout);
			print_text(rows[k].word);
			between = ",\n";
		}
		putchar('\n');
	}
}

static const struct {
	const char *line;
	void (*print)(void);
} places[] = {
	{ "@causes@\n", print_causes },
	{ "@also@\n", print_also },
};

int main(int argc, char **argv)
{
	size_t used = 0;
	char line[512];
	FILE *frame;

	if (argc != 2 || !(frame = fopen(argv[1], "re")))
		return EXIT_FAILURE;
	while (fgets(line, sizeof(line), frame)) {
		size_t i = 0;

		while (i < sizeof(places) / sizeof(places[0]) && strcmp(line, places[i].line) != 0)
			i++;
		if (i < sizeof(places) / sizeof(places[0])) {
			places[i].print();
			used++;
		} else {
			fputs(line, stdout);
		}
	}
	fclose(frame);
	return used == sizeof(places) / sizeof(places[0]) && fflush(stdout) == 0 ? EXIT_SUCCESS
										 : EXIT_FAILURE;
}
