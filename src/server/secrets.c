/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secrets.c - see secrets.h.
 */
#define _GNU_SOURCE /* strcasestr */

#include "server/secrets.h"

#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/hide.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "db/db.h"

/* Longer ones (a certificate, a key file) are looked for by their lines. */
#define FORMS_MAX 4096
#define DEPTH_MAX 32

struct hiding {
	struct cb_ctx *ctx;
	bool full;
};

static void hide(struct hiding *h, const char *text)
{
	if (text && !cbi_hide_add(text))
		h->full = true;
}

static void hide_base64(struct hiding *h, const char *text)
{
	size_t len = strlen(text);
	char *out = cb_alloc(h->ctx, CB_BASE64_LEN(len));

	if (!out)
		return;
	cbi_crypto_base64(CBI_BASE64_STD, text, len, out);
	hide(h, out);
	cbi_crypto_base64(CBI_BASE64_URL, text, len, out);
	hide(h, out);
}

static void hide_encoded(struct hiding *h, const char *text)
{
	struct cb_buf buf;

	cbi_buf_init(&buf, 4 * FORMS_MAX);
	if (cbi_str_url_encode(&buf, text, "") == CB_OK)
		hide(h, cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
}

/* What is written in lines is shown in lines, if at all. */
static void hide_lines(struct hiding *h, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\r\n");

		/* Not the head and foot that all keys have. */
		if (len && !cbi_str_starts(text, "-----"))
			hide(h, cb_strndup(h->ctx, text, len));
		text += len;
		text += strspn(text, "\r\n");
	}
}

static void hide_forms(struct hiding *h, const char *text, const char *user)
{
	if (strlen(text) < CBI_HIDE_MIN)
		return;
	if (strpbrk(text, "\r\n")) {
		hide_lines(h, text);
		return;
	}
	hide(h, text);
	if (strlen(text) > FORMS_MAX)
		return;
	hide_base64(h, text);
	hide_encoded(h, text);
	if (user) {
		const char *pair = cb_printf(h->ctx, "%s:%s", user, text);

		if (pair)
			hide_base64(h, pair);
	}
}

/* Fewer than cbi_config_secret's: what is no secret would be missed in lines
 * ("projectKey: PLATFORM").  A header's value stands beside its name. */
static bool is_secret(const char *key)
{
	static const char *const words[] = {
		"password", "token", "secret", "private", "apikey", "passphrase"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(key, words[i]))
			return true;
	return false;
}

static const char *user_of(const json_t *object)
{
	static const char *const names[] = { "username", "user", "clientId",
		                             "login" };
	const char *user = NULL;

	for (size_t i = 0; !user && i < sizeof(names) / sizeof(names[0]); i++)
		user = json_string_value(json_object_get(object, names[i]));
	return user;
}

static void walk(struct hiding *h, const json_t *value, bool secret,
                 const char *user, int depth)
{
	const json_t *member;
	const char *key;
	size_t i;

	if (depth > DEPTH_MAX)
		return;
	if (json_is_string(value) && secret)
		hide_forms(h, json_string_value(value), user);
	json_array_foreach((json_t *)(uintptr_t)value, i, member)
	    walk(h, member, secret, user, depth + 1);
	json_object_foreach((json_t *)(uintptr_t)value, key, member)
	    walk(h, member,
	         is_secret(key) || (strcmp(key, "value") == 0 &&
	                            json_object_get(value, "name")),
	         user_of(value), depth + 1);
}

void cbi_secrets_hide(const struct cbi_config *config)
{
	struct hiding h = { 0 };
	struct cbi_lane lane;
	struct cb_ctx ctx;
	const char *password;

	cbi_lane_init(&lane, CB_ARENA_ENGINE_MAX);
	cbi_ctx_init(&ctx, &lane);
	h.ctx = &ctx;
	cbi_hide_clear();
	walk(&h, cbi_config_root(config), false, NULL, 0);
	password = cbi_db_password(&ctx, cbi_config_settings(config)->database);
	if (password)
		hide_forms(&h, password, NULL);
	if (h.full)
		cb_log(NULL, CB_LOG_WARN,
		       "more than %d forms of secrets: the log hides the first "
		       "of them",
		       CBI_HIDE_MAX);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
}
