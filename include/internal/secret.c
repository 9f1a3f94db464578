/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory for secrets: whole pages, locked, left out of core dumps, zeroed in a forked child.
 *
 * The bytes above `length` are zero at all times, so that growing hands out zeros and clearing has
 * to wipe no more than what was in use.
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>
#include <unistd.h>
#include <internal/secret.h>

void secret_wipe(void *data, size_t length)
{
	if (length > 0)
		explicit_bzero(data, length);
}

static void warn_unlocked(void)
{
	static int said;

	if (__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED) == 0)
		syslog(LOG_WARNING,
		       "devid: memory for keys can't be locked (RLIMIT_MEMLOCK): it may "
		       "reach swap");
}

static void *map_pages(size_t size)
{
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return NULL;
	if (mlock(pages, size) != 0)
		warn_unlocked();
	/* Both are refinements: an old kernel that knows neither still gives memory. */
	(void)madvise(pages, size, MADV_DONTDUMP);
	(void)madvise(pages, size, MADV_WIPEONFORK);
	return pages;
}

static size_t round_up(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

enum devid_result secret_allocate(struct secret *secret, size_t size)
{
	void *pages;

	if (size > SIZE_MAX / 2)
		return DEVID_NO_MEMORY;
	if (secret->data && secret->size >= size) {
		secret_wipe(secret->data, secret->length);
		secret->length = 0;
		return DEVID_OK;
	}
	secret_clear(secret);
	size = round_up(size ? size : 1);
	pages = map_pages(size);
	if (!pages)
		return DEVID_NO_MEMORY;
	secret->data = pages;
	secret->size = size;
	return DEVID_OK;
}

enum devid_result secret_resize(struct secret *secret, size_t length)
{
	struct secret larger = SECRET_INIT;
	enum devid_result result;

	if (length > SIZE_MAX / 4)
		return DEVID_NO_MEMORY;
	if (length <= secret->size) {
		if (length < secret->length)
			secret_wipe(secret->data + length, secret->length - length);
		secret->length = length;
		return DEVID_OK;
	}
	/* Twice the room, so that appending piece by piece stays linear. */
	result = secret_allocate(&larger, length > 2 * secret->size ? length : 2 * secret->size);
	if (result != DEVID_OK)
		return result;
	if (secret->length > 0)
		memcpy(larger.data, secret->data, secret->length);
	larger.length = length;
	secret_move(secret, &larger);
	return DEVID_OK;
}

enum devid_result secret_append(struct secret *secret, const void *data, size_t length)
{
	size_t before = secret->length;
	enum devid_result result;

	if (before > SIZE_MAX / 4 || length > SIZE_MAX / 4 - before)
		return DEVID_NO_MEMORY;
	result = secret_resize(secret, before + length);
	if (result != DEVID_OK)
		return result;
	if (length > 0)
		memcpy(secret->data + before, data, length);
	return DEVID_OK;
}

void secret_clear(struct secret *secret)
{
	if (secret->data) {
		secret_wipe(secret->data, secret->length);
		munmap(secret->data, secret->size); /* unlocks */
	}
	*secret = SECRET_INIT;
}

void secret_move(struct secret *to, struct secret *from)
{
	secret_clear(to);
	*to = *from;
	*from = SECRET_INIT;
}
