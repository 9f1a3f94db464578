/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the thread sanitizer can't see by itself: GLib's locks and counts are made of futexes and
 * atomics in a library that isn't instrumented. These stand before GLib's own, tell the sanitizer,
 * and go on to them. Linked into the programs of a -Db_sanitize=thread build alone.
 */
#pragma GCC diagnostic ignored "-Wpedantic"
#include <dlfcn.h>
#include <glib.h>
#include <glib-object.h>
#include <sanitizer/tsan_interface.h>

#define EXPORTED __attribute__((visibility("default")))
#define NEXT(name)                                                                  \
	({                                                                          \
		static __typeof__(&name) next;                                      \
		__typeof__(&name) found = __atomic_load_n(&next, __ATOMIC_RELAXED); \
		if (!found) {                                                       \
			found = (__typeof__(&name))dlsym(RTLD_NEXT, #name);         \
			__atomic_store_n(&next, found, __ATOMIC_RELAXED);           \
		}                                                                   \
		found;                                                              \
	})

#undef g_once_init_enter
#undef g_once_init_leave
#undef g_object_ref

EXPORTED void g_mutex_lock(GMutex *mutex)
{
	NEXT(g_mutex_lock)(mutex);
	__tsan_acquire(mutex);
}

EXPORTED gboolean g_mutex_trylock(GMutex *mutex)
{
	gboolean locked = NEXT(g_mutex_trylock)(mutex);

	if (locked)
		__tsan_acquire(mutex);
	return locked;
}

EXPORTED void g_mutex_unlock(GMutex *mutex)
{
	__tsan_release(mutex);
	NEXT(g_mutex_unlock)(mutex);
}

EXPORTED void g_cond_wait(GCond *cond, GMutex *mutex)
{
	__tsan_release(mutex);
	NEXT(g_cond_wait)(cond, mutex);
	__tsan_acquire(mutex);
}

EXPORTED gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end)
{
	gboolean in_time;

	__tsan_release(mutex);
	in_time = NEXT(g_cond_wait_until)(cond, mutex, end);
	__tsan_acquire(mutex);
	return in_time;
}

EXPORTED gboolean g_once_init_enter(volatile void *location)
{
	gboolean enter = NEXT(g_once_init_enter)(location);

	__tsan_acquire((void *)location);
	return enter;
}

EXPORTED void g_once_init_leave(volatile void *location, gsize result)
{
	__tsan_release((void *)location);
	NEXT(g_once_init_leave)(location, result);
}

/* Whoever gives up a reference is done with what it counts. */
EXPORTED gboolean(g_atomic_ref_count_dec)(gatomicrefcount *count)
{
	gboolean last;

	__tsan_release((void *)count);
	last = NEXT(g_atomic_ref_count_dec)(count);
	if (last)
		__tsan_acquire((void *)count);
	return last;
}

EXPORTED void g_bytes_unref(GBytes *bytes)
{
	if (bytes) {
		__tsan_release(bytes);
		__tsan_acquire(bytes);
	}
	NEXT(g_bytes_unref)(bytes);
}

EXPORTED void g_object_unref(gpointer object)
{
	__tsan_release(object);
	__tsan_acquire(object);
	NEXT(g_object_unref)(object);
}

/* Errors lie in slices, which are handed from thread to thread. */
EXPORTED GError *g_error_new_valist(GQuark domain, gint code, const gchar *format,
				    va_list arguments)
{
	GError *error = NEXT(g_error_new_valist)(domain, code, format, arguments);

	__tsan_acquire(error);
	return error;
}

EXPORTED GError *g_error_copy(const GError *error)
{
	GError *copy = NEXT(g_error_copy)(error);

	__tsan_acquire(copy);
	return copy;
}

/* What the error's own fields are cleared by comes before the release, so that follows. */
EXPORTED void g_error_free(GError *error)
{
	void *address = error;

	NEXT(g_error_free)(error);
	__tsan_release(address);
}

EXPORTED void g_clear_error(GError **error)
{
	if (error && *error) {
		GError *taken = *error;

		*error = NULL;
		g_error_free(taken);
	}
}
