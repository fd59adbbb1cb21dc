/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hall.h - a host's copy with a signing key in it, and configs, for tests of
 * who comes in.
 */
#ifndef CB_TESTS_AUTH_HALL_H
#define CB_TESTS_AUTH_HALL_H

#include "auth/auth.h"
#include "base/ctx.h"
#include "copy/copy.h"

struct hall {
	char dir[32];
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cbi_copy *copy;
};

/* The tables of the copy; "key" is the first. */
enum hall_table {
	HALL_KEY,
	HALL_TOKEN_KEY,
	HALL_PERSONAL,
	HALL_REVOKED,
	HALL_TABLES
};

/* 0, or -1. */
int hall_open(struct hall *hall);
int hall_close(struct hall *hall);
/* Each request is a context of its own, and sees the keys of its time. */
void hall_again(struct hall *hall);

struct cbi_config *hall_config(struct hall *hall, const char *text);
/* NULL for a config that is refused; the failure is hall->ctx's. */
struct cbi_auth *hall_auth(struct hall *hall, const char *text);

void hall_put(struct hall *hall, enum hall_table table, const void *key,
              size_t key_len, const void *value, size_t len);
void hall_del(struct hall *hall, enum hall_table table, const void *key,
              size_t key_len);
/* A key of MACs, made at this millisecond. */
void hall_key(struct hall *hall, const char *id, int64_t made,
              const char *secret);
/* A key of tokens that is made now, and its JWK, which lives with the
 * context; age and life in seconds. */
const char *hall_token_key(struct hall *hall, const char *kid, int64_t age,
                           int64_t life);
void hall_put_token_key(struct hall *hall, const char *kid, int64_t age,
                        int64_t life, const char *jwk);

#endif
