/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the client's tests share: an agent of some manner in a private folder, and one question. */
#ifndef CLIENT_PLACE_H
#define CLIENT_PLACE_H

#include <internal/client.h>
#include "unit.h"

struct place {
	char *folder; /* the runtime folder */
	pid_t server;
};

/* Setup and teardown; *state is a struct place. */
int place_make(void **state);
int place_remove(void **state);
/* Listens before it returns; the manners are those of fake-server.c. */
void place_serve(struct place *place, const char *manner);
enum devid_result connect_user(struct client *client);
/* One STATUS, with the result that the answering agent is to give. */
enum devid_result ask(struct client *client, uint32_t wanted);

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

#endif
