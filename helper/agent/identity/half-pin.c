/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pinned names of storage keys: see half-pin.h. */
#include <string.h>
#include "agent/key/tpm-file.h"
#include "agent/store/folder-open.h"
#include "base/error.h"
#include "half-pin.h"

#define FILE_MAX_BYTES 1024
/* An algorithm and a SHA-1. */
#define NAME_LEAST 44

static const guint32 handles[HALF_PINS_MAX] = { TPM_PARENT_OWNER, TPM_PARENT_SRK };

/* --- the text */

static struct key_parent *find(struct half_pins *pins, guint32 handle)
{
	for (gsize i = 0; i < pins->count; i++)
		if (pins->pins[i].handle == handle)
			return &pins->pins[i];
	return NULL;
}

static bool parse_line(const char *line, struct half_pins *pins)
{
	gsize length = strlen(line);
	gsize i = 0;

	while (i < G_N_ELEMENTS(handles)) {
		g_autofree char *start = g_strdup_printf("0x%08x ", handles[i]);

		if (g_str_has_prefix(line, start)) {
			line += strlen(start);
			length -= strlen(start);
			break;
		}
		i++;
	}
	if (i == G_N_ELEMENTS(handles) || find(pins, handles[i]) || length < NAME_LEAST ||
	    length >= KEY_PARENT_NAME || length % 2 != 0 ||
	    strspn(line, "0123456789abcdef") != length)
		return false;
	pins->pins[pins->count].handle = handles[i];
	g_strlcpy(pins->pins[pins->count++].name, line, KEY_PARENT_NAME);
	return true;
}

bool half_pin_parse(const char *text, gsize length, struct half_pins *pins)
{
	g_autofree char *copy = g_strndup(text, length);
	g_auto(GStrv) lines = NULL;
	guint count;

	memset(pins, 0, sizeof(*pins));
	/* All of it is text, and its last line has an end. */
	if (length == 0 || strlen(copy) != length || copy[length - 1] != '\n')
		return false;
	copy[length - 1] = '\0';
	lines = g_strsplit(copy, "\n", HALF_PINS_MAX + 1);
	count = g_strv_length(lines);
	for (guint i = 0; i < count; i++)
		if (!parse_line(lines[i], pins))
			return false;
	return count > 0;
}

static char *to_text(const struct half_pins *pins)
{
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < pins->count; i++)
		g_string_append_printf(text, "0x%08x %s\n", pins->pins[i].handle,
				       pins->pins[i].name);
	return g_string_free(text, false);
}

/* --- the file */

static bool refuse(GError **error, enum devid_result result, const char *why)
{
	return devid_error_set(
		error, result, NULL,
		"see who changed it; without it each name is taken anew when its key is next used",
		"%s; it says which TPM's keys can be trusted", why);
}

static bool read_pins(struct folder *folder, struct half_pins *pins, GError **error)
{
	AUTO_SECRET struct secret text = SECRET_INIT;
	g_autoptr(GError) local = NULL;
	g_autofree char *why = NULL;

	memset(pins, 0, sizeof(*pins));
	if (!folder_read(folder, HALF_PIN_FILE, FILE_MAX_BYTES, true, &text, &local))
		return devid_error_result(local) == DEVID_NOT_FOUND ||
		       refuse(error, devid_error_result(local), local->message);
	if (half_pin_parse((const char *)text.data, text.length, pins))
		return true;
	why = g_strdup_printf("%s/" HALF_PIN_FILE ": it is damaged", folder->path);
	return refuse(error, DEVID_BAD_DATA, why);
}

bool half_pin_read(enum scope scope, struct half_pins *pins, GError **error)
{
	AUTO_FOLDER struct folder folder = FOLDER_INIT;
	g_autoptr(GError) local = NULL;

	memset(pins, 0, sizeof(*pins));
	if (folder_open(scope, false, &folder, &local))
		return read_pins(&folder, pins, error);
	if (devid_error_result(local) == DEVID_NOT_FOUND)
		return true;
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

bool half_pin_find(enum scope scope, struct key_parent *parent, GError **error)
{
	struct half_pins pins;
	const struct key_parent *pin;

	if (!half_pin_read(scope, &pins, error))
		return false;
	pin = find(&pins, parent->handle);
	if (pin)
		*parent = *pin;
	return true;
}

static void warn(const struct store_wait *wait, const struct key_parent *before)
{
	if (wait && wait->warnings)
		g_ptr_array_add(
			wait->warnings,
			g_strdup_printf("the TPM's storage key 0x%08x is another one than before: "
					"it was cleared or replaced",
					before->handle));
}

static bool put(struct folder *folder, struct half_pins *pins, const struct key_parent *parent,
		GError **error)
{
	struct key_parent *place = find(pins, parent->handle);
	g_autofree char *text = NULL;

	if (!place && pins->count < HALF_PINS_MAX)
		place = &pins->pins[pins->count++];
	if (place)
		*place = *parent;
	text = to_text(pins);
	return folder_write(folder, HALF_PIN_FILE, 0600, text, strlen(text), error) &&
	       folder_sync(folder, error);
}

/* `again`: another name than the one that is pinned takes its place. */
static bool pin(enum scope scope, const struct key_parent *parent, bool again,
		const struct store_wait *wait, GError **error)
{
	AUTO_FOLDER struct folder folder = FOLDER_INIT;
	struct key_parent before = { 0, "" };
	const struct key_parent *found;
	struct half_pins pins;

	if (!folder_open(scope, true, &folder, error) ||
	    !folder_lock(&folder, store_wait_cancel(wait), error) ||
	    !read_pins(&folder, &pins, error))
		return false;
	found = find(&pins, parent->handle);
	if (found)
		before = *found;
	if (found && (!again || strcmp(found->name, parent->name) == 0))
		return true;
	if (!put(&folder, &pins, parent, error))
		return false;
	if (before.handle)
		warn(wait, &before);
	return true;
}

bool half_pin_keep(enum scope scope, const struct key_parent *parent, const struct store_wait *wait,
		   GError **error)
{
	return parent->handle == 0 || !*parent->name || pin(scope, parent, true, wait, error);
}

void half_pin_try(enum scope scope, const struct key_parent *parent)
{
	g_autoptr(GError) error = NULL;

	if (parent->handle != 0 && *parent->name && !pin(scope, parent, false, NULL, &error))
		g_warning("%s", error->message);
}
