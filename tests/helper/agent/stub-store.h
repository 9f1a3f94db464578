/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table of stores under a test's hand, in place of store/table.c: "file" and "keyring" keep what
 * they are given in memory and behave as `stub` says.
 */
#ifndef AGENT_TEST_STUB_STORE_H
#define AGENT_TEST_STUB_STORE_H

#include <stdbool.h>
#include "agent/store/store.h"

struct stub {
	GMutex lock;
	GCond changed;
	GHashTable *keys; /* hash in hex -> GBytes */
	_Atomic guint reads, prompts, cancelled;
	enum devid_result fail; /* each read fails so */
	bool prompt;		/* each read opens a prompt first */
	bool block;		/* each read waits for stub_release() or its client's end */
	bool reading;
	void (*told)(enum keyring_news news, void *data);
	void *told_data;
};
extern struct stub stub;

void stub_reset(void);
/* Waits until a read is blocked. */
void stub_await_reader(void);
void stub_release(void);

#endif
