/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop_rig.h - a loop with a handler that shows what the tests want to see.
 */
#ifndef CB_TESTS_LOOP_RIG_H
#define CB_TESTS_LOOP_RIG_H

#include <stdatomic.h>

#include "server/loop.h"
#include "tests/server/fcgi_client.h"

#define THREADS 4

extern struct rig_seen {
	atomic_int served;
	atomic_int forged; /* requests for /forged */
	atomic_int ends;
	atomic_int idles;
	atomic_int go_on; /* what /whole waits for */
} seen;
extern struct cbi_loop *loop;
extern struct wire wire;
extern struct reply reply;

#define ROW(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

struct cbi_loop *rig_make_loop(int listen_fd);
int rig_setup(void **state);
int rig_teardown(void **state);
/* A new connection to the loop. */
int rig_connect(void);
/* Sends a request over fd and reads `reply`. */
void rig_ask(int fd, const char *path, const char *body, bool keep);
/* The loop still serves. */
void rig_assert_alive(void);

#endif
