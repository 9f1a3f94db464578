/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects of both tokens: see token.h. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include "token.h"

/* What a walk over the records brings together. */
struct load {
	struct credential **list;
	size_t count, room;
};

#define DEAD_MAX 64 /* handles of private keys that are gone, the newest */

struct dead {
	CK_OBJECT_HANDLE handle;
	uint8_t spki_hash[WIRE_SPKI_HASH];
};

/* The file that says the generation: renamed into place at each change. */
struct stamp {
	dev_t device;
	ino_t inode;
	struct timespec changed;
};

static struct token {
	char *folder;
	char *generation_file;
	uid_t uid; /* whose folder that is: a daemon may give up its own */
	bool loaded;
	uint64_t generation;
	struct load content;
	struct object *objects; /* by handle */
	size_t count;
	struct stamp stamp;
	struct dead dead[DEAD_MAX];
	size_t died; /* in all; the next one's place */
} tokens[TOKEN_COUNT];

/* Grows for as long as the process lives, over C_Finalize too. */
static CK_OBJECT_HANDLE last_handle;

static void load_clear(struct load *load)
{
	for (size_t i = 0; i < load->count; i++)
		free(load->list[i]);
	free(load->list);
	*load = (struct load){ NULL, 0, 0 };
}

static bool load_add(struct load *load, struct credential *credential)
{
	struct credential **list = make_room(load->list, load->count, &load->room, sizeof(*list));

	if (!list) {
		free(credential);
		return false;
	}
	load->list = list;
	list[load->count++] = credential;
	return true;
}

static bool load_has_chain(const struct load *load, const struct record_bytes *der)
{
	struct bytes wanted = { der->data, der->length };

	for (size_t i = 0; i < load->count; i++)
		if (credential_is_chain(load->list[i]) &&
		    bytes_equal(load->list[i]->fields[FIELD_CERTIFICATE], wanted))
			return true;
	return false;
}

/* One damaged certificate doesn't take the rest of the token with it. */
static enum devid_result load_record(struct record *record, void *data)
{
	struct load *load = data;
	struct credential *credential;
	enum devid_result result = credential_of_record(record, &credential);

	if (result == DEVID_BAD_DATA)
		return DEVID_OK;
	if (result != DEVID_OK)
		return result;
	if (!load_add(load, credential))
		return DEVID_NO_MEMORY;
	for (size_t i = 0; i < record->chain_count; i++) {
		if (load_has_chain(load, &record->chain[i].certificate))
			continue;
		result = credential_of_chain(&record->chain[i], &credential);
		if (result == DEVID_BAD_DATA)
			continue;
		if (result != DEVID_OK || !load_add(load, credential))
			return DEVID_NO_MEMORY;
	}
	return DEVID_OK;
}

static int compare_bytes(struct bytes one, struct bytes other)
{
	size_t shorter = one.length < other.length ? one.length : other.length;
	int order = shorter > 0 ? memcmp(one.data, other.data, shorter) : 0;

	return order ? order : (one.length > other.length) - (one.length < other.length);
}

/* Identities by label, then the certificates of their chains. */
static int compare_credentials(const void *left, const void *right)
{
	const struct credential *one = *(const struct credential *const *)left;
	const struct credential *other = *(const struct credential *const *)right;
	int order = credential_is_chain(one) - credential_is_chain(other);

	if (!order)
		order = compare_bytes(one->fields[FIELD_LABEL], other->fields[FIELD_LABEL]);
	return order ? order : strcmp(one->name, other->name);
}

/* A CA certificate that somebody wrote by itself may also lie in a chain: it is one object. */
static bool is_doubled(const struct load *load, const struct credential *chain)
{
	for (size_t i = 0; i < load->count; i++)
		if (!credential_is_chain(load->list[i]) &&
		    bytes_equal(load->list[i]->fields[FIELD_CERTIFICATE],
				chain->fields[FIELD_CERTIFICATE]))
			return true;
	return false;
}

/* A key by its SPKI in its record. */
static bool same_key(const struct credential *one, const struct credential *other)
{
	return one->has_key && other->has_key && strcmp(one->name, other->name) == 0 &&
	       memcmp(one->spki_hash, other->spki_hash, sizeof(one->spki_hash)) == 0;
}

static bool same_certificate(const struct credential *one, const struct credential *other)
{
	return one->has_certificate && other->has_certificate &&
	       strcmp(one->name, other->name) == 0 &&
	       bytes_equal(one->fields[FIELD_CERTIFICATE], other->fields[FIELD_CERTIFICATE]);
}

static const struct credential *
find_same(const struct load *load, const struct credential *credential,
	  bool (*same)(const struct credential *one, const struct credential *other))
{
	for (size_t i = 0; i < load->count; i++)
		if (load->list[i] && same(load->list[i], credential))
			return load->list[i];
	return NULL;
}

static void give_handle(struct credential *credential, enum wire_object class,
			const struct credential *same)
{
	CK_OBJECT_HANDLE earlier = same ? same->handles[class] : 0;

	credential->handles[class] = earlier ? earlier : ++last_handle;
}

/* The same key or certificate keeps its handle; a renewed one under the same name gets a new one.
 * The private key comes first: who destroys all that he finds takes the public key away with it.
 */
static void give_handles(const struct token *token, struct credential *credential)
{
	if (credential->has_key) {
		const struct credential *old = find_same(&token->content, credential, same_key);

		give_handle(credential, OBJECT_PRIVATE_KEY, old);
		give_handle(credential, OBJECT_PUBLIC_KEY, old);
	}
	if (credential->has_certificate)
		give_handle(credential, OBJECT_CERTIFICATE,
			    find_same(&token->content, credential, same_certificate));
}

/* --- what was replaced ----------------------------------------------------------------------- */

/* Whether what is loaded has all of an earlier credential. */
static bool goes_on(const struct load *load, const struct credential *old)
{
	return old->has_key ? find_same(load, old, same_key) != NULL
			    : find_same(load, old, same_certificate) != NULL;
}

static bool is_former(const struct token *token, const struct credential *old)
{
	return old->has_key && record_is_former(token->folder, old->name, old->spki_hash);
}

/* Over to what was loaded; where there is no memory for it its handles are dead. */
static bool keep(struct load *load, struct credential **old)
{
	struct credential *kept = *old;

	*old = NULL;
	kept->former = true;
	return load_add(load, kept);
}

/* A former identity, and with it the certificates of its chain, which clients read on when they
 * log in again. */
static void keep_former(struct token *token, struct load *load)
{
	struct load *before = &token->content;
	size_t count = load->count;

	for (size_t i = 0; i < before->count; i++)
		if (!goes_on(load, before->list[i]) && is_former(token, before->list[i]))
			(void)keep(load, &before->list[i]);
	if (load->count == count)
		return;
	for (size_t i = 0; i < before->count; i++)
		if (before->list[i] && credential_is_chain(before->list[i]) &&
		    !goes_on(load, before->list[i]))
			(void)keep(load, &before->list[i]);
}

static void bury(struct token *token, const struct credential *credential)
{
	struct dead *dead = &token->dead[token->died++ % DEAD_MAX];

	dead->handle = credential->handles[OBJECT_PRIVATE_KEY];
	memcpy(dead->spki_hash, credential->spki_hash, sizeof(dead->spki_hash));
}

static void bury_gone(struct token *token, const struct load *load)
{
	for (size_t i = 0; i < token->content.count; i++) {
		const struct credential *old = token->content.list[i];

		if (old && old->has_key && !find_same(load, old, same_key))
			bury(token, old);
	}
}

static bool is_back(const struct load *content, const uint8_t spki_hash[WIRE_SPKI_HASH])
{
	for (size_t i = 0; i < content->count; i++)
		if (content->list[i]->has_key &&
		    memcmp(content->list[i]->spki_hash, spki_hash, WIRE_SPKI_HASH) == 0)
			return true;
	return false;
}

const uint8_t *token_take_dead(enum scope scope, CK_OBJECT_HANDLE handle)
{
	for (size_t i = 0; i < DEAD_MAX; i++) {
		struct dead *dead = &tokens[scope].dead[i];

		if (handle == 0 || dead->handle != handle)
			continue;
		dead->handle = 0;
		return is_back(&tokens[scope].content, dead->spki_hash) ? NULL : dead->spki_hash;
	}
	return NULL;
}

static int compare_objects(const void *left, const void *right)
{
	const struct object *one = left, *other = right;

	return (one->handle > other->handle) - (one->handle < other->handle);
}

static void drop_content(struct token *token)
{
	load_clear(&token->content);
	free(token->objects);
	token->objects = NULL;
	token->count = 0;
	token->loaded = false;
}

/* From here on nothing can fail: what was loaded takes the place of what was there. */
static void replace_content(struct token *token, struct load *load, struct object *objects)
{
	size_t count = 0;

	for (size_t i = load->count; i-- > 0;)
		if (credential_is_chain(load->list[i]) && is_doubled(load, load->list[i])) {
			free(load->list[i]);
			memmove(&load->list[i], &load->list[i + 1],
				(--load->count - i) * sizeof(*load->list));
		}
	for (size_t i = 0; i < load->count; i++) {
		struct credential *credential = load->list[i];

		if (!credential->former)
			give_handles(token, credential);
		for (unsigned class = 0; class < CLASS_COUNT; class ++)
			if (credential->handles[class])
				objects[count++] =
					(struct object){ credential->handles[class],
							 (enum wire_object) class, credential };
	}
	bury_gone(token, load);
	drop_content(token);
	token->content = *load;
	*load = (struct load){ NULL, 0, 0 };
	if (count > 1)
		qsort(objects, count, sizeof(*objects), compare_objects);
	token->objects = objects;
	token->count = count;
	token->loaded = true;
}

/* All zero where there is none. */
static struct stamp read_stamp(const struct token *token)
{
	struct stamp stamp = { 0 };
	struct stat status;

	if (stat(token->generation_file, &status) == 0)
		stamp = (struct stamp){ status.st_dev, status.st_ino, status.st_ctim };
	return stamp;
}

static bool stamps_equal(const struct stamp *one, const struct stamp *other)
{
	return one->device == other->device && one->inode == other->inode &&
	       one->changed.tv_sec == other->changed.tv_sec &&
	       one->changed.tv_nsec == other->changed.tv_nsec;
}

static enum devid_result load_token(struct token *token)
{
	struct load load = { NULL, 0, 0 };
	struct record_walk walk = { .each = load_record, .data = &load };
	struct object *objects;
	enum devid_result result;
	struct stamp stamp = read_stamp(token);
	uint64_t generation;

	result = record_walk_folder(token->folder, &generation, &walk);
	if (result != DEVID_OK) {
		load_clear(&load);
		/* No descriptors left, or not ours to read: what is known stays, and the next
		 * search tries again.
		 */
		return result == DEVID_IO ? DEVID_OK : result;
	}
	if (load.count > 1)
		qsort(load.list, load.count, sizeof(*load.list), compare_credentials);
	objects = calloc((load.count + token->content.count) * (CLASS_COUNT - 1) + 1,
			 sizeof(*objects));
	if (!objects) {
		load_clear(&load);
		return DEVID_NO_MEMORY;
	}
	keep_former(token, &load);
	replace_content(token, &load, objects);
	token->generation = generation;
	token->stamp = stamp;
	load_clear(&load);
	return DEVID_OK;
}

/* Where the user's folder lies is found out once for each uid: it may need the user database. */
static bool find_folder(struct token *token, enum scope scope)
{
	char path[PATH_BUFFER];

	if (token->generation_file && (scope == SCOPE_SYSTEM || token->uid == geteuid()))
		return true;
	drop_content(token);
	free(token->folder);
	free(token->generation_file);
	token->generation_file = NULL;
	token->folder = path_data(scope, path) ? strdup(path) : NULL;
	token->uid = geteuid();
	if (token->folder && asprintf(&token->generation_file, "%s/generation", path) < 0)
		token->generation_file = NULL;
	return token->generation_file;
}

enum devid_result token_refresh(enum scope scope, bool force)
{
	struct token *token = &tokens[scope];

	if (!find_folder(token, scope))
		return DEVID_OK; /* no home: an empty token */
	if (token->loaded && !force && record_generation(token->folder) == token->generation)
		return DEVID_OK;
	return load_token(token);
}

const struct object *token_objects(enum scope scope, size_t *count)
{
	*count = tokens[scope].count;
	return tokens[scope].objects;
}

const struct object *token_find(enum scope scope, CK_OBJECT_HANDLE handle)
{
	struct object wanted = { .handle = handle };

	if (tokens[scope].count == 0)
		return NULL;
	return bsearch(&wanted, tokens[scope].objects, tokens[scope].count, sizeof(wanted),
		       compare_objects);
}

/* One stat() where nothing changed: this stands before each signature. */
const struct object *token_look(enum scope scope, CK_OBJECT_HANDLE handle)
{
	struct token *token = &tokens[scope];
	struct stamp stamp;

	if (!token->loaded)
		return NULL;
	stamp = read_stamp(token);
	/* What can't be read again stays as it is known. */
	if (!stamps_equal(&stamp, &token->stamp))
		(void)!token_refresh(scope, false);
	return token_find(scope, handle);
}

const struct object *token_find_record(enum scope scope, const char *name, enum wire_object class)
{
	const struct load *content = &tokens[scope].content;

	for (size_t i = 0; i < content->count; i++)
		if (!content->list[i]->former && strcmp(content->list[i]->name, name) == 0)
			return token_find(scope, content->list[i]->handles[class]);
	return NULL;
}

bool token_has_private_keys(enum scope scope)
{
	const struct load *content = &tokens[scope].content;

	for (size_t i = 0; i < content->count; i++)
		if (content->list[i]->has_key && !content->list[i]->former)
			return true;
	return false;
}

void token_forget(bool whole)
{
	for (size_t i = 0; i < TOKEN_COUNT; i++) {
		if (whole) {
			drop_content(&tokens[i]);
			free(tokens[i].folder);
			free(tokens[i].generation_file);
		}
		memset(&tokens[i], 0, sizeof(tokens[i]));
	}
}
