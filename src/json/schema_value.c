/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_value.c - when two values are one, as JSON Schema sees it: 1 and 1.0
 * are, and the order of keys means nothing.
 */
#include "json/schema_priv.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdlib.h>
#include <string.h>

static int same_lists(struct cbi_schema_visit *v, const json_t *a,
                      const json_t *b)
{
	int same = json_array_size(a) == json_array_size(b);

	for (size_t i = 0; same > 0 && i < json_array_size(a); i++)
		same = cbi_schema_same(v, json_array_get(a, i),
		                       json_array_get(b, i));
	return same;
}

static int same_maps(struct cbi_schema_visit *v, const json_t *a,
                     const json_t *b)
{
	int same = json_object_size(a) == json_object_size(b);
	const char *key;
	json_t *item;

	json_object_foreach((json_t *)(uintptr_t)a, key, item)
	{
		const json_t *other = json_object_get(b, key);

		if (same > 0)
			same = other ? cbi_schema_same(v, item, other) : 0;
	}
	return same;
}

int cbi_schema_same(struct cbi_schema_visit *v, const json_t *a,
                    const json_t *b)
{
	int rc = cbi_schema_spend(v, 1 + json_string_length(a) / 64);

	if (rc < 0)
		return rc;
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	if (json_typeof(a) != json_typeof(b))
		return 0;
	if (json_is_array(a))
		return same_lists(v, a, b);
	return json_is_object(a) ? same_maps(v, a, b) : json_equal(a, b);
}

/* The same for the same value. */
static uint64_t hash(const json_t *value)
{
	double number = json_number_value(value) + 0.0; /* -0 is 0 */
	uint64_t sum = (uint64_t)json_typeof(value);
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_number(value))
		return XXH3_64bits(&number, sizeof(number));
	if (json_is_string(value))
		return XXH3_64bits(json_string_value(value),
		                   json_string_length(value));
	json_array_foreach((json_t *)(uintptr_t)value, i, item) sum =
	    sum * 31 + hash(item);
	json_object_foreach((json_t *)(uintptr_t)value, key, item) sum +=
	    XXH3_64bits_withSeed(key, strlen(key), hash(item));
	return sum;
}

struct hashed {
	uint64_t hash;
	size_t index;
};

static int by_hash(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* Values of one hash stand together. */
static int compare_near(struct cbi_schema_visit *v, const json_t *list,
                        const struct hashed *all, size_t n, size_t *twice)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k-- > 0 && all[k].hash == all[i].hash;) {
			int same = cbi_schema_same(
			    v, json_array_get(list, all[i].index),
			    json_array_get(list, all[k].index));

			*twice = all[i].index;
			if (same)
				return same < 0 ? same : CB_EINVAL;
		}
	return CB_OK;
}

int cbi_schema_distinct(struct cbi_schema_visit *v, const json_t *list,
                        size_t *twice)
{
	size_t n = json_array_size(list);
	struct hashed *all;
	int rc = cbi_schema_spend(v, 20 * n);

	if (rc < 0 || n < 2)
		return rc;
	all = malloc(n * sizeof(*all));
	if (!all)
		return CB_ETOOBIG;
	for (size_t i = 0; i < n; i++)
		all[i] = (struct hashed){ hash(json_array_get(list, i)), i };
	qsort(all, n, sizeof(*all), by_hash);
	rc = compare_near(v, list, all, n, twice);
	free(all);
	return rc;
}
