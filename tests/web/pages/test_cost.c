/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a page costs in looks into the copy, counted: a page of a catalog of
 * 4,000 entities looks no oftener than one of 500.  PostgreSQL is away, so no
 * page needs it.  Time is not measured: a busy machine changes nothing here.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "tests/lib/cmock.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lmdb.h>

#include "tests/web/pages/house.h"

#define FEW 500
#define MANY 4000
/* A row each for 25 entities and their owners, and what the filters name; and
 * each beginning to read looks at which change the copy shows. */
#define CATALOG_LOOKS 100
#define ENTITY_LOOKS 25

static size_t looks;

/* In place of LMDB's own, which they call. */
int mdb_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data)
{
	static int (*next)(MDB_txn *, MDB_dbi, MDB_val *, MDB_val *);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "mdb_get");
	looks++;
	return next(txn, dbi, key, data);
}

int mdb_cursor_get(MDB_cursor *cursor, MDB_val *key, MDB_val *data,
                   MDB_cursor_op op)
{
	static int (*next)(MDB_cursor *, MDB_val *, MDB_val *, MDB_cursor_op);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "mdb_cursor_get");
	looks++;
	return next(cursor, key, data, op);
}

static char *component(int i)
{
	char *text = NULL;

	if (asprintf(&text,
	             "{\"apiVersion\":\"a/v1\",\"kind\":\"Component\","
	             "\"metadata\":{\"name\":\"c%05d\",\"namespace\":"
	             "\"default\",\"tags\":[\"t%d\"]},\"spec\":{\"type\":"
	             "\"service\",\"lifecycle\":\"production\",\"owner\":"
	             "\"g\"},\"relations\":[{\"type\":\"ownedBy\","
	             "\"targetRef\":\"group:default/g\"}]}",
	             i, i % 7) < 0)
		exit(99);
	return text;
}

/* The group that owns them all. */
static char *owner(int n)
{
	size_t room = (size_t)n * 80 + 400, len;
	char *text = malloc(room);

	if (!text)
		exit(99);
	len = (size_t)snprintf(
	    text, room,
	    "{\"apiVersion\":\"a/v1\",\"kind\":\"Group\",\"metadata\":{"
	    "\"name\":\"g\",\"namespace\":\"default\",\"title\":\"Us\"},"
	    "\"spec\":{\"type\":\"team\"},\"relations\":[");
	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, room - len,
		                        "%s{\"type\":\"ownerOf\",\"targetRef\":"
		                        "\"component:default/c%05d\"}",
		                        i ? "," : "", i);
	snprintf(text + len, room - len, "]}");
	return text;
}

/* How often the second request of this address looks: the first makes what
 * stays in the process. */
static size_t cost(struct house *house, const char *uri)
{
	const struct house_answer *answer = house_ask(house, uri, NULL);

	assert_int_equal(answer->status, 200);
	looks = 0;
	answer = house_ask(house, uri, NULL);
	assert_int_equal(answer->status, 200);
	return looks;
}

static const char *const addresses[] = {
	"/catalog?kind=component",
	"/catalog?kind=component&type=service&sort=-type",
	"/catalog/default/component/c00042",
	"/",
};
#define ADDRESSES (sizeof(addresses) / sizeof(addresses[0]))

static void measure(int n, size_t out[ADDRESSES])
{
	const char **entities = calloc((size_t)n + 2, sizeof(*entities));
	struct house *house;

	if (!entities)
		exit(99);
	for (int i = 0; i < n; i++)
		entities[i] = component(i);
	entities[n] = owner(n);
	house = house_open("", entities);
	house_ask(house, "/sign-in?return=/", NULL);
	for (size_t i = 0; i < ADDRESSES; i++)
		out[i] = cost(house, addresses[i]);
	house_close(house);
	for (int i = 0; i <= n; i++)
		free((char *)(uintptr_t)entities[i]);
	free(entities);
}

static void a_page_looks_no_oftener_into_a_larger_catalog(void **state)
{
	size_t few[ADDRESSES], many[ADDRESSES];

	(void)state;
	measure(FEW, few);
	measure(MANY, many);
	for (size_t i = 0; i < ADDRESSES; i++) {
		printf("%s: %zu, %zu looks\n", addresses[i], few[i], many[i]);
		assert_true(few[i] > 0);
		/* Trees are deeper, but a look is a look. */
		assert_true(many[i] <= few[i] + 4);
		assert_true(many[i] <= CATALOG_LOOKS);
	}
	assert_true(many[2] <= ENTITY_LOOKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_looks_no_oftener_into_a_larger_catalog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
