/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A link to one service of the system bus, for one purpose: what comes from others than the
 * service's owner is not from it, every call is bounded, and nothing of it is called after its end.
 */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>

#define BUS_SERVICE_BOUND_MS (10 * 1000)
/* polkit's own prompt may stand for a while. */
#define BUS_SERVICE_PROMPT_BOUND_MS (120 * 1000)

struct bus_service {
	const char *name;
	bool activate; /* have the bus start it where it doesn't run; false: then it is not there */
	/* Once: it can be called. */
	void (*ready)(struct bus_service *service);
	/* Once, and nothing after it: bus or service can't be reached, or have gone, or a call
	 * failed. Takes the error. NULL: then it is `over`. */
	void (*failed)(struct bus_service *service, GError *error);
	/* A signal of the service's, of whatever object; NULL: none is wanted. */
	void (*signal)(struct bus_service *service, const char *path, const char *name,
		       GVariant *values);
	const char *signal_interface;
	void *data;
	bool over; /* what bus_service_run() waits for has come; or it has failed */
	/* From ready() on. */
	GDBusConnection *bus;
	char *owner; /* its unique name */
	GCancellable *cancel;
	guint watch, signals;
};
/* Begins; the rest comes from the main context. */
void bus_service_open(struct bus_service *service);
/* Begins, and lets the main context go on until it can be called, has failed, or that bound. */
void bus_service_open_within(struct bus_service *service, guint bound_ms);
/* No call comes after it. What is bound to this link ends with it. */
void bus_service_close(struct bus_service *service);
/* Opens it, lets its calls come until it is over or that bound, and closes it: for a look that
 * something waits for. */
void bus_service_run(struct bus_service *service, guint bound_ms);
/* Calls a method; arguments may be floating, `fds` may be NULL. `done`, where not NULL, gets a
 * reply of that type; without one the service has failed. */
typedef void (*bus_service_done)(struct bus_service *service, GVariant *reply);
void bus_service_call(struct bus_service *service, const char *path, const char *interface,
		      const char *method, GVariant *arguments, GUnixFDList *fds, const char *type,
		      int bound_ms, bus_service_done done);
/* All properties of an object, a{sv}, or NULL: that it can't tell them, or has gone, is no failure.
 */
void bus_service_properties(struct bus_service *service, const char *path, const char *interface,
			    bus_service_done done);
