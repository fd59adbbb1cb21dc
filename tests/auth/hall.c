/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include "tests/auth/hall.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "config/config.h"
#include "jose/jose.h"

static const char *const tables[HALL_TABLES] = {
	[HALL_KEY] = CB_AUTH_KEY_TABLE,
	[HALL_TOKEN_KEY] = CB_AUTH_TOKEN_KEY_TABLE,
	[HALL_PERSONAL] = CB_AUTH_PERSONAL_TABLE,
	[HALL_REVOKED] = CB_AUTH_REVOKED_TABLE,
};

int hall_open(struct hall *hall)
{
	struct cbi_copy_config config = { .tables = tables,
		                          .n = HALL_TABLES,
		                          .map_size = 16 * CB_MIB,
		                          .writer = true };
	bool fresh;

	memset(hall, 0, sizeof(*hall));
	strcpy(hall->dir, "/tmp/cb-auth-XXXXXX");
	if (!mkdtemp(hall->dir))
		return -1;
	config.dir = hall->dir;
	cbi_lane_init(&hall->lane, 16 * CB_MIB);
	cbi_ctx_init(&hall->ctx, &hall->lane);
	if (cbi_copy_create(&hall->ctx, &config, &hall->copy) < 0 ||
	    cbi_copy_lock(&hall->ctx, hall->copy, &fresh) < 0 ||
	    cbi_copy_rebuild(&hall->ctx, hall->copy, 0) < 0)
		return -1;
	hall_key(hall, "aaa", 1, "a secret of the fleet");
	if (cbi_copy_swap(&hall->ctx, hall->copy) < 0)
		return -1;
	hall_again(hall);
	return 0;
}

int hall_close(struct hall *hall)
{
	struct dirent *entry;
	DIR *folder;

	cbi_ctx_finish(&hall->ctx);
	cbi_copy_lane_finish(&hall->lane);
	cbi_copy_destroy(hall->copy);
	cbi_lane_finish(&hall->lane);
	folder = opendir(hall->dir);
	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	return rmdir(hall->dir);
}

void hall_again(struct hall *hall)
{
	cbi_ctx_finish(&hall->ctx);
	cbi_ctx_init(&hall->ctx, &hall->lane);
}

struct cbi_config *hall_config(struct hall *hall, const char *text)
{
	char path[64];
	const char *files[] = { path, NULL };
	struct cbi_config *config = NULL;
	struct cb_buf report;
	FILE *file;

	snprintf(path, sizeof(path), "%s/config.yaml", hall->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	cbi_buf_init(&report, CB_MIB);
	if (cbi_config_load(&hall->ctx, files, &report, &config) < 0)
		fail_msg("%s", cbi_buf_string(&report));
	cbi_buf_finish(&report);
	unlink(path);
	return config;
}

struct cbi_auth *hall_auth(struct hall *hall, const char *text)
{
	struct cbi_config *config = hall_config(hall, text);
	struct cbi_auth *auth = NULL;

	if (cbi_auth_create(&hall->ctx, config, hall->copy, HALL_KEY, &auth) <
	    0)
		auth = NULL;
	cbi_config_destroy(config);
	return auth;
}

void hall_put(struct hall *hall, enum hall_table table, const void *key,
              size_t key_len, const void *value, size_t len)
{
	struct cbi_copy_txn *txn;

	assert_int_equal(cbi_copy_write(&hall->ctx, hall->copy, &txn), CB_OK);
	assert_int_equal(
	    cbi_copy_put(&hall->ctx, txn, (int)table, key, key_len, value, len),
	    CB_OK);
	assert_int_equal(cbi_copy_commit(&hall->ctx, txn), CB_OK);
}

void hall_del(struct hall *hall, enum hall_table table, const void *key,
              size_t key_len)
{
	struct cbi_copy_txn *txn;

	assert_int_equal(cbi_copy_write(&hall->ctx, hall->copy, &txn), CB_OK);
	assert_int_equal(
	    cbi_copy_del(&hall->ctx, txn, (int)table, key, key_len), CB_OK);
	assert_int_equal(cbi_copy_commit(&hall->ctx, txn), CB_OK);
}

static void put_number(unsigned char *out, int64_t number)
{
	for (int i = 0; i < 8; i++)
		out[i] = (unsigned char)((uint64_t)number >> (56 - 8 * i));
}

void hall_key(struct hall *hall, const char *id, int64_t made,
              const char *secret)
{
	unsigned char value[64] = { 0 };

	put_number(value, made);
	memcpy(value + 8, secret, strlen(secret));
	hall_put(hall, HALL_KEY, id, strlen(id), value, 8 + strlen(secret));
}

void hall_put_token_key(struct hall *hall, const char *kid, int64_t age,
                        int64_t life, const char *jwk)
{
	int64_t made = cbi_clock_wall_ms() - age * 1000;
	unsigned char value[1024];

	assert_true(strlen(jwk) < sizeof(value) - 16);
	put_number(value, made);
	put_number(value + 8, made + life * 1000);
	memcpy(value + 16, jwk, strlen(jwk));
	hall_put(hall, HALL_TOKEN_KEY, kid, strlen(kid), value,
	         16 + strlen(jwk));
}

const char *hall_token_key(struct hall *hall, const char *kid, int64_t age,
                           int64_t life)
{
	const char *jwk;

	assert_int_equal(cbi_jose_generate(&hall->ctx, kid, &jwk), CB_OK);
	hall_put_token_key(hall, kid, age, life, jwk);
	return jwk;
}
