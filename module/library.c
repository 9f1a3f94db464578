/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* C_Initialize, C_Finalize, the lock, fork: see library.h. */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "library.h"

/* How long C_Finalize waits for other threads to come out; their connections are shut down. */
#define FINALIZE_WAIT_MS 5000

enum state {
	STATE_NONE,
	STATE_STARTING,
	STATE_READY,
	STATE_ENDING,
};

static struct library {
	_Atomic(int) state; /* enum state; a futex */
	_Atomic(pid_t) owner;
	_Atomic(int) inside; /* calls between enter and leave; a futex */
	bool ended;	     /* C_Finalize has dropped what was remembered */
	bool held;	     /* the lock is held: a fork leaves what it guards half done */
	bool callbacks;	     /* the application's mutexes instead of ours */
	CK_C_INITIALIZE_ARGS arguments;
	void *mutex; /* the application's */
	pthread_mutex_t lock;
} library = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void futex_wake_all(_Atomic(int) *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, __INT_MAX__, NULL, NULL, 0);
}

static void futex_wait(_Atomic(int) *word, int value, const struct timespec *bound)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, bound, NULL, 0);
}

static CK_RV take_lock(void)
{
	CK_RV rv = CKR_OK;

	if (library.callbacks)
		rv = library.arguments.LockMutex(library.mutex);
	else
		pthread_mutex_lock(&library.lock);
	if (rv == CKR_OK)
		library.held = true;
	return rv;
}

/* In the middle of a call there is no way back from a mutex that can't be had; at the door
 * (library_enter) there is.
 */
void library_lock(void)
{
	(void)take_lock();
	library.held = true;
}

void library_unlock(void)
{
	library.held = false;
	if (library.callbacks)
		library.arguments.UnlockMutex(library.mutex);
	else
		pthread_mutex_unlock(&library.lock);
}

static void step_out(void)
{
	if (atomic_fetch_sub(&library.inside, 1) == 1 &&
	    atomic_load(&library.state) == STATE_ENDING)
		futex_wake_all(&library.inside);
}

void library_leave(void)
{
	library_unlock();
	step_out();
}

bool library_is_ending(void)
{
	return library.ended;
}

CK_RV library_enter(void)
{
	if (atomic_load(&library.state) != STATE_READY || atomic_load(&library.owner) != getpid())
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	atomic_fetch_add(&library.inside, 1);
	/* Again: C_Finalize waits only for those whom it can see. */
	if (atomic_load(&library.state) != STATE_READY) {
		step_out();
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	}
	/* The codes of mutexes are between the application and the library (section 5.1.5). */
	if (take_lock() != CKR_OK) {
		step_out();
		return CKR_GENERAL_ERROR;
	}
	/* And again: what it does now nobody would undo, for the end has been made while it waited.
	 */
	if (library_is_ending()) {
		library_leave();
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	}
	return CKR_OK;
}

void library_wait_for_end(void)
{
	int state;

	library_unlock();
	while ((state = atomic_load(&library.state)) == STATE_READY)
		futex_wait(&library.state, state, NULL);
	library_lock();
}

/* Mutexes: all four callbacks or none (section 5.4, C_Initialize). */
static CK_RV check_arguments(const CK_C_INITIALIZE_ARGS *arguments)
{
	int given = !!arguments->CreateMutex + !!arguments->DestroyMutex + !!arguments->LockMutex +
		    !!arguments->UnlockMutex;

	if (arguments->pReserved || (given != 0 && given != 4))
		return CKR_ARGUMENTS_BAD;
	return CKR_OK;
}

/* Four cases: no locking asked for, the system's, the application's, either. Ours costs a single
 * thread next to nothing, so it is taken unless only the application's will do.
 */
static CK_RV choose_lock(const CK_C_INITIALIZE_ARGS *arguments)
{
	static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;

	library.lock = unlocked;
	library.callbacks =
		arguments && arguments->CreateMutex && !(arguments->flags & CKF_OS_LOCKING_OK);
	if (!library.callbacks)
		return CKR_OK;
	library.arguments = *arguments;
	return library.arguments.CreateMutex(&library.mutex);
}

/* A forked child: the parent's sessions, objects and connections are not its own. Where another
 * thread of the parent was at work on them they may be half done, and are left as they lie.
 */
static void drop_inheritance(void (*forget)(bool whole))
{
	forget(!library.held);
	atomic_store(&library.inside, 0);
	library.held = false;
}

CK_RV library_initialize(const CK_C_INITIALIZE_ARGS *arguments, void (*forget)(bool whole))
{
	int expected = STATE_NONE;
	CK_RV rv = arguments ? check_arguments(arguments) : CKR_OK;

	if (rv != CKR_OK)
		return rv;
	if (atomic_load(&library.state) != STATE_NONE && atomic_load(&library.owner) != getpid()) {
		drop_inheritance(forget);
		atomic_store(&library.state, STATE_NONE);
	}
	if (!atomic_compare_exchange_strong(&library.state, &expected, STATE_STARTING))
		return CKR_CRYPTOKI_ALREADY_INITIALIZED;
	atomic_store(&library.owner, getpid());
	library.ended = false;
	rv = choose_lock(arguments);
	atomic_store(&library.state, rv == CKR_OK ? STATE_READY : STATE_NONE);
	return rv == CKR_OK || rv == CKR_HOST_MEMORY ? rv : CKR_CANT_LOCK;
}

/* Until nobody but the caller is inside, or the bound runs out. */
static bool wait_until_alone(void)
{
	struct timespec start, now;
	int inside;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while ((inside = atomic_load(&library.inside)) > 0) {
		struct timespec bound = { FINALIZE_WAIT_MS / 1000, 0 };

		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - start.tv_sec > FINALIZE_WAIT_MS / 1000)
			return false;
		futex_wait(&library.inside, inside, &bound);
	}
	return true;
}

CK_RV library_finalize(void (*end)(void))
{
	int expected = STATE_READY;

	if (atomic_load(&library.owner) != getpid() ||
	    !atomic_compare_exchange_strong(&library.state, &expected, STATE_ENDING))
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	futex_wake_all(&library.state);
	library_lock();
	library.ended = true;
	end();
	library_unlock();
	/* Who is still inside holds nothing of what went; only a mutex must outlive him. */
	if (wait_until_alone() && library.callbacks)
		library.arguments.DestroyMutex(library.mutex);
	library.callbacks = false;
	atomic_store(&library.state, STATE_NONE);
	return CKR_OK;
}
