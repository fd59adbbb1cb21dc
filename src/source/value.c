/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.c - see value.h.
 */
#include "source/value.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/metric.h"
#include "redis/redis.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define VERSION 1
#define DIGITS 16
/* Offsets within the head. */
#define AT_STATE 5
#define AT_CODE 6
#define AT_FETCHED 8
#define AT_FRESH 24
#define AT_STALE 40
#define AT_BODY_LEN 56
#define AT_NOTE_LEN 60
#define AT_SUM 64

/*
 * One step: a late writer must not replace what was fetched after its own.
 * Times stand at fixed places in decimal digits so that Lua reads them.  The
 * head is checked no further: what is no envelope is overwritten.
 */
static const char put_script[] =
    "local old = redis.call('GETRANGE', KEYS[1], 0, 23) "
    "if string.sub(old, 1, 5) == string.sub(ARGV[1], 1, 5) then "
    "local a = tonumber(string.sub(old, 9, 24)) "
    "local b = tonumber(string.sub(ARGV[1], 9, 24)) "
    "if a and b and a > b then return 0 end end "
    "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 1";

static bool part_ok(const char *text, size_t max)
{
	return text && *text && strlen(text) <= max;
}

bool cbi_value_key_of(const struct cbi_source_ref *ref,
                      char out[CB_SOURCE_REDIS_KEY_MAX])
{
	if (!part_ok(ref->plugin, CB_NAME_MAX) ||
	    !part_ok(ref->source, CB_SOURCE_NAME_MAX) ||
	    !part_ok(ref->version, CB_SOURCE_VERSION_MAX) ||
	    !part_ok(ref->key, CB_SOURCE_KEY_MAX))
		return false;
	/* Lengths keep a:b + c and a + b:c apart.  "all": the scope's class,
	 * tool data being the same for everybody who may see the card. */
	snprintf(out, CB_SOURCE_REDIS_KEY_MAX,
	         "cb:all:source:%d:%zu:%s:%zu:%s:%zu:%s:%zu:%s", VERSION,
	         strlen(ref->plugin), ref->plugin, strlen(ref->source),
	         ref->source, strlen(ref->version), ref->version,
	         strlen(ref->key), ref->key);
	return true;
}

int cbi_value_key(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                  char out[CB_SOURCE_REDIS_KEY_MAX])
{
	if (cbi_value_key_of(ref, out))
		return CB_OK;
	return cb_fail(ctx, CB_EINVAL,
	               "source key is empty or longer than %d bytes",
	               CB_SOURCE_KEY_MAX);
}

static void put_u32(char *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(n >> (8 * i));
}

static uint32_t get_u32(const char *p)
{
	uint32_t n = 0;

	for (int i = 0; i < 4; i++)
		n |= (uint32_t)(unsigned char)p[i] << (8 * i);
	return n;
}

static void put_time(char *p, int64_t ms)
{
	char text[DIGITS + 8];

	if (ms < 0 || ms > 9999999999999999)
		ms = 0;
	snprintf(text, sizeof(text), "%0*lld", DIGITS, (long long)ms);
	memcpy(p, text, DIGITS);
}

static bool get_time(const char *p, int64_t *out)
{
	int64_t ms = 0;

	for (int i = 0; i < DIGITS; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		ms = ms * 10 + (p[i] - '0');
	}
	*out = ms;
	return true;
}

static uint64_t checksum(const char *data, size_t len, const char *redis_key)
{
	XXH64_state_t state;

	XXH64_reset(&state, XXH64(redis_key, strlen(redis_key), VERSION));
	XXH64_update(&state, data, AT_SUM);
	XXH64_update(&state, data + CB_SOURCE_HEAD, len - CB_SOURCE_HEAD);
	return XXH64_digest(&state);
}

int cbi_value_encode(const struct cbi_source_value *value,
                     const char *redis_key, struct cb_buf *out)
{
	char head[CB_SOURCE_HEAD] = { 'C', 'B', 'S', 'V', VERSION };
	size_t note = strnlen(value->note, CB_SOURCE_NOTE_MAX);
	uint64_t sum;
	size_t at = out->len;

	head[AT_STATE] = value->code != CB_OK;
	head[AT_CODE] = (char)-value->code;
	put_time(head + AT_FETCHED, value->fetched_at);
	put_time(head + AT_FRESH, value->fresh_until);
	put_time(head + AT_STALE, value->stale_until);
	put_u32(head + AT_BODY_LEN, (uint32_t)value->len);
	put_u32(head + AT_NOTE_LEN, (uint32_t)note);
	cb_buf_add(out, head, sizeof(head));
	cb_buf_add(out, value->body, value->len);
	cb_buf_add(out, "", 1); /* the body's end, for readers in place */
	cb_buf_add(out, value->note, note);
	cb_buf_add(out, "", 1);
	if (out->failed)
		return out->failed;
	sum = checksum(out->data + at, out->len - at, redis_key);
	for (int i = 0; i < 8; i++)
		out->data[at + AT_SUM + (size_t)i] = (char)(sum >> (8 * i));
	return CB_OK;
}

bool cbi_value_decode(const char *data, size_t len, const char *redis_key,
                      struct cbi_source_value *out)
{
	struct cbi_source_value v = { 0 };
	size_t body, note;
	uint64_t sum = 0;

	if (len < CB_SOURCE_HEAD + 2 || memcmp(data, "CBSV\x01", AT_STATE) != 0)
		return false;
	body = get_u32(data + AT_BODY_LEN);
	note = get_u32(data + AT_NOTE_LEN);
	if (body > CB_TOOL_BODY_MAX || note > CB_SOURCE_NOTE_MAX ||
	    len != CB_SOURCE_HEAD + body + note + 2)
		return false;
	for (int i = 0; i < 8; i++)
		sum |= (uint64_t)(unsigned char)data[AT_SUM + i] << (8 * i);
	if (sum != checksum(data, len, redis_key))
		return false;
	if (!get_time(data + AT_FETCHED, &v.fetched_at) ||
	    !get_time(data + AT_FRESH, &v.fresh_until) ||
	    !get_time(data + AT_STALE, &v.stale_until))
		return false;
	v.code = -(int)data[AT_CODE];
	v.body = data + CB_SOURCE_HEAD;
	v.len = body;
	v.note = v.body + body + 1;
	if (v.code > 0 || (v.code != CB_OK) != (data[AT_STATE] == 1) ||
	    v.body[body] || v.note[note])
		return false;
	*out = v;
	return true;
}

void cbi_source_forget(struct cb_ctx *ctx, const struct cbi_source_ref *ref)
{
	char key[CB_SOURCE_REDIS_KEY_MAX];

	if (cbi_value_key(ctx, ref, key) < 0 || cbi_redis_del(ctx, key) < 0)
		cb_failure_clear(ctx);
}

int cbi_value_get(struct cb_ctx *ctx, const char *redis_key,
                  struct cbi_source_value *out)
{
	struct cbi_span span;
	int rc = cbi_redis_get(ctx, redis_key, &span);

	if (rc < 0)
		return rc;
	if (cbi_value_decode(span.ptr, span.len, redis_key, out))
		return CB_OK;
	cbi_metric_add(CBI_COUNT_SOURCE_BAD, 1);
	return CB_ENOENT;
}

int cbi_value_put(struct cb_ctx *ctx, const char *redis_key,
                  const struct cbi_source_value *value)
{
	struct cbi_span args[2];
	struct cb_buf buf;
	char px[24];
	int64_t left = value->stale_until - cbi_clock_wall_ms(), kept;
	int rc;

	if (left <= 0)
		return CB_OK;
	cbi_buf_init(&buf, CB_SOURCE_ENVELOPE_MAX + 2);
	rc = cbi_value_encode(value, redis_key, &buf);
	if (rc == CB_OK) {
		snprintf(px, sizeof(px), "%lld", (long long)left);
		args[0] = (struct cbi_span){ buf.data, buf.len };
		args[1] = (struct cbi_span){ px, strlen(px) };
		rc = cbi_redis_eval(ctx, put_script, redis_key, args, 2, &kept);
	}
	cbi_buf_finish(&buf);
	return rc;
}

static uint32_t roll(void)
{
	uint32_t r = 0;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != sizeof(r))
		r = (uint32_t)cbi_clock_us();
	return r;
}

int64_t cbi_value_jitter(int64_t ms)
{
	return cbi_value_between(ms - ms / 10, ms + ms / 10);
}

int64_t cbi_value_between(int64_t least, int64_t most)
{
	return least + (int64_t)(roll() % (uint64_t)(most - least + 1));
}
