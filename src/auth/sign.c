/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign.c - MACs under the fleet's keys: see auth.h.
 *
 * The keys are read from the host's copy for each use: there are a handful,
 * the read is a look into mapped memory, and a rotation holds at once.
 */
#include "auth/auth_priv.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "copy/copy.h"

/* A day each, of sessions that live for a month. */
#define KEYS_MAX 40
#define KEY_HEAD 8
#define TEXT_MAX (16 * CB_KIB)

struct key {
	struct cbi_span secret;
	int64_t made;
};

/* The newest first. */
struct keys {
	struct key list[KEYS_MAX];
	size_t count;
};

static void add_key(struct keys *keys, struct cbi_span value)
{
	struct key key = { { value.ptr + KEY_HEAD, value.len - KEY_HEAD },
		           cbi_auth_number(value.ptr) };
	size_t at = keys->count++;

	for (; at > 0 && keys->list[at - 1].made < key.made; at--)
		keys->list[at] = keys->list[at - 1];
	keys->list[at] = key;
}

static int read_keys(struct cb_ctx *ctx, const struct cbi_auth *auth,
                     struct keys *keys)
{
	struct cbi_copy_cursor *cursor;
	struct cbi_copy_txn *txn;
	struct cbi_span key, value;
	int rc;

	keys->count = 0;
	if (!auth->copy)
		return cb_fail(ctx, CB_EAWAY, "no signing key is known yet");
	rc = cbi_copy_begin(ctx, auth->copy, &txn);
	if (rc == CB_OK)
		rc = cbi_copy_seek(ctx, txn, auth->table, NULL, 0, &cursor);
	if (rc < 0)
		return rc;
	while (keys->count < KEYS_MAX && cbi_copy_next(cursor, &key, &value))
		if (value.len > KEY_HEAD)
			add_key(keys, value);
	if (keys->count == 0)
		return cb_fail(ctx, CB_EAWAY, "no signing key is known yet");
	return CB_OK;
}

/* A new key waits until every host knows it; the oldest is known best. */
static const struct cbi_span *signer(const struct keys *keys)
{
	int64_t ripe = cbi_clock_wall_ms() - CBI_AUTH_RIPE_MS;
	size_t i = 0;

	while (i + 1 < keys->count && keys->list[i].made > ripe)
		i++;
	return &keys->list[i].secret;
}

/* The purpose and its end go first, so that no text of one purpose is a text
 * of another. */
static int make(struct cb_ctx *ctx, const struct cbi_span *secret,
                const char *purpose, const char *text, size_t len,
                char out[CBI_AUTH_MAC])
{
	size_t head = strlen(purpose) + 1;
	unsigned char mac[CB_SHA256_LEN];
	char *all;

	if (len > TEXT_MAX)
		return cb_fail(ctx, CB_EINVAL, "too long to be signed");
	all = cb_alloc(ctx, head + len + 1);
	if (!all)
		return CB_ENOMEM;
	memcpy(all, purpose, head);
	memcpy(all + head, text, len);
	cbi_crypto_hmac_sha256(secret->ptr, secret->len, all, head + len, mac);
	cbi_crypto_base64(CBI_BASE64_URL, mac, sizeof(mac), out);
	return CB_OK;
}

int cbi_auth_mac(struct cb_ctx *ctx, struct cbi_auth *auth, const char *purpose,
                 const char *text, size_t len, char out[CBI_AUTH_MAC])
{
	struct keys keys;
	int rc = read_keys(ctx, auth, &keys);

	if (rc < 0)
		return rc;
	return make(ctx, signer(&keys), purpose, text, len, out);
}

bool cbi_auth_mac_valid(struct cb_ctx *ctx, struct cbi_auth *auth,
                        const char *purpose, const char *text, size_t len,
                        const char *mac)
{
	char right[CBI_AUTH_MAC];
	struct keys keys;

	if (read_keys(ctx, auth, &keys) < 0)
		return false;
	for (size_t i = 0; i < keys.count; i++)
		if (make(ctx, &keys.list[i].secret, purpose, text, len,
		         right) == CB_OK &&
		    cbi_str_equal_secret(right, mac))
			return true;
	return false;
}

int cbi_auth_sign(struct cb_ctx *ctx, struct cbi_auth *auth,
                  const char *purpose, const char *text, const char **mac)
{
	char *out = cb_alloc(ctx, CBI_AUTH_MAC);
	int rc;

	if (!out)
		return CB_ENOMEM;
	rc = cbi_auth_mac(ctx, auth, purpose, text, strlen(text), out);
	if (rc == CB_OK)
		*mac = out;
	return rc;
}

bool cbi_auth_signed(struct cb_ctx *ctx, struct cbi_auth *auth,
                     const char *purpose, const char *text, const char *mac)
{
	return cbi_auth_mac_valid(ctx, auth, purpose, text, strlen(text), mac);
}

int cbi_auth_csrf(struct cb_ctx *ctx, struct cbi_auth *auth,
                  const struct cbi_who *who, const char **token)
{
	if (!who->session)
		return cb_fail(ctx, CB_EDENIED, "forms need a session");
	return cbi_auth_sign(ctx, auth, "csrf", who->session, token);
}

bool cbi_auth_csrf_valid(struct cb_ctx *ctx, struct cbi_auth *auth,
                         const struct cbi_who *who, const char *token)
{
	return who->session && token &&
	       cbi_auth_signed(ctx, auth, "csrf", who->session, token);
}
