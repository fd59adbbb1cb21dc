/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flight.c - see flight.h.
 *
 *	state   hex of "nonce=...&env=...&origin=...&flow=..." as Backstage's
 *	cookie  <verifier>.<ends, seconds>.<MAC over provider, state and both>
 */
#include "auth/flight.h"

#include <string.h>

#include "auth/auth_priv.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

#define RANDOM_BYTES 32
#define STATE_MAX 4096
#define COOKIE_MAX 256

static const struct {
	const char *name;
	size_t at;
} parts[] = {
	{ "env", offsetof(struct cbi_flight, env) },
	{ "origin", offsetof(struct cbi_flight, origin) },
	{ "flow", offsetof(struct cbi_flight, flow) },
	{ "redirectUrl", offsetof(struct cbi_flight, redirect) },
	{ "return", offsetof(struct cbi_flight, back) },
	{ "scope", offsetof(struct cbi_flight, scope) },
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static const char **part_of(struct cbi_flight *flight, size_t i)
{
	return (const char **)(void *)((char *)flight + parts[i].at);
}

/* base64url of a hash over purpose and verifier. */
static const char *hash(struct cb_ctx *ctx, const char *purpose,
                        const char *verifier)
{
	char *out = cb_alloc(ctx, CB_BASE64_LEN(CB_SHA256_LEN));
	char *all = cb_printf(ctx, "%s%s", purpose, verifier);
	unsigned char digest[CB_SHA256_LEN];

	if (!out || !all)
		return NULL;
	cbi_crypto_sha256(all, strlen(all), digest);
	cbi_crypto_base64(CBI_BASE64_URL, digest, sizeof(digest), out);
	return out;
}

/* PKCE's challenge (S256), and the nonce of the ID token: who has neither
 * cookie nor key can make neither. */
static int derive(struct cb_ctx *ctx, struct cbi_flight *flight)
{
	flight->challenge = hash(ctx, "", flight->verifier);
	flight->nonce = hash(ctx, "nonce ", flight->verifier);
	return flight->challenge && flight->nonce ? CB_OK : CB_ENOMEM;
}

static int write_state(struct cb_ctx *ctx, struct cbi_flight *flight,
                       const char **state)
{
	unsigned char random[16];
	char nonce[CB_BASE64_LEN(sizeof(random))];
	struct cb_buf buf;
	char *hex;

	cbi_crypto_random(random, sizeof(random));
	cbi_crypto_base64(CBI_BASE64_STD, random, sizeof(random), nonce);
	cbi_buf_init(&buf, STATE_MAX / 2);
	cb_buf_text(&buf, "nonce=");
	cbi_str_url_encode(&buf, nonce, "");
	for (size_t i = 0; i < PARTS; i++) {
		const char *value = *part_of(flight, i);

		if (!value || !*value)
			continue;
		cb_buf_printf(&buf, "&%s=", parts[i].name);
		cbi_str_url_encode(&buf, value, "");
	}
	hex = buf.failed ? NULL : cb_alloc(ctx, buf.len * 2 + 1);
	if (hex)
		cbi_crypto_hex(buf.data, buf.len, hex);
	else if (buf.failed)
		cb_fail(ctx, CB_EINVAL,
		        "what is to come back from the provider is too long");
	cbi_buf_finish(&buf);
	*state = hex;
	return hex ? CB_OK : cb_failure_code(ctx);
}

static int sign(struct cb_ctx *ctx, const char *idp, const char *state,
                const char *verifier, const char *ends, const char **out)
{
	*out = cb_printf(ctx, "%s\n%s\n%s\n%s", idp, state, verifier, ends);
	return *out ? CB_OK : CB_ENOMEM;
}

int cbi_flight_begin(struct cb_ctx *ctx, struct cbi_auth *auth,
                     struct cbi_flight *flight, const char **state,
                     const char **cookie)
{
	unsigned char random[RANDOM_BYTES];
	char *verifier = cb_alloc(ctx, CB_BASE64_LEN(RANDOM_BYTES));
	const char *ends = cb_printf(
	    ctx, "%lld", (long long)(cbi_clock_wall_ms() / 1000 + CB_FLIGHT_S));
	const char *text, *mac;
	int rc;

	if (!verifier || !ends)
		return CB_ENOMEM;
	cbi_crypto_random(random, sizeof(random));
	cbi_crypto_base64(CBI_BASE64_URL, random, sizeof(random), verifier);
	flight->verifier = verifier;
	rc = derive(ctx, flight);
	if (rc == CB_OK)
		rc = write_state(ctx, flight, state);
	if (rc == CB_OK)
		rc = sign(ctx, flight->idp, *state, verifier, ends, &text);
	if (rc == CB_OK)
		rc = cbi_auth_sign(ctx, auth, "flight", text, &mac);
	if (rc < 0)
		return rc;
	*cookie = cb_printf(ctx, "%s.%s.%s", verifier, ends, mac);
	return *cookie ? CB_OK : CB_ENOMEM;
}

static int digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	                              : -1;
}

static char *unhex(struct cb_ctx *ctx, const char *text)
{
	size_t len = strlen(text);
	char *out =
	    len % 2 || len > STATE_MAX ? NULL : cb_alloc(ctx, len / 2 + 1);

	for (size_t i = 0; out && i < len / 2; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0 || high * 16 + low == 0)
			return NULL;
		out[i] = (char)(high * 16 + low);
	}
	return out;
}

static int take_part(struct cb_ctx *ctx, struct cbi_flight *out,
                     const char *name, size_t name_len, const char *value,
                     size_t len)
{
	for (size_t i = 0; i < PARTS; i++) {
		char *text;
		size_t got;

		if (strlen(parts[i].name) != name_len ||
		    strncmp(parts[i].name, name, name_len) != 0)
			continue;
		text = cb_alloc(ctx, len + 1);
		if (!text)
			return CB_ENOMEM;
		if (cbi_str_url_decode(value, len, false, text, &got) < 0)
			return CB_EINVAL;
		*part_of(out, i) = text;
	}
	return CB_OK;
}

int cbi_flight_peek(struct cb_ctx *ctx, const char *state,
                    struct cbi_flight *out)
{
	const char *text = unhex(ctx, state);
	int rc = text ? CB_OK : CB_EINVAL;

	memset(out, 0, sizeof(*out));
	while (rc == CB_OK && *text) {
		size_t len = strcspn(text, "&");
		const char *equals = memchr(text, '=', len);

		if (!equals)
			return CB_EINVAL;
		rc = take_part(ctx, out, text, (size_t)(equals - text),
		               equals + 1, len - (size_t)(equals - text) - 1);
		text += len + (text[len] == '&');
	}
	return rc;
}

static int refuse(struct cb_ctx *ctx)
{
	return cb_fail(ctx, CB_EDENIED,
	               "this sign-in was not begun in this browser, or too "
	               "long ago: try again");
}

int cbi_flight_end(struct cb_ctx *ctx, struct cbi_auth *auth, const char *idp,
                   const char *state, const char *cookie,
                   struct cbi_flight *out)
{
	char *copy = cookie && strlen(cookie) <= COOKIE_MAX
	                 ? cb_strdup(ctx, cookie)
	                 : NULL;
	char *ends = copy ? strchr(copy, '.') : NULL;
	char *mac = ends ? strchr(ends + 1, '.') : NULL;
	int64_t until, now = cbi_clock_wall_ms() / 1000;
	const char *text;
	int rc;

	if (!mac || strlen(state) > STATE_MAX)
		return refuse(ctx);
	*ends++ = '\0';
	*mac++ = '\0';
	rc = sign(ctx, idp, state, copy, ends, &text);
	if (rc < 0)
		return rc;
	if (!cbi_auth_signed(ctx, auth, "flight", text, mac))
		return cb_failure_code(ctx) ? cb_failure_code(ctx)
		                            : refuse(ctx);
	if (cbi_str_int(ends, 0, INT64_MAX / 2, &until) ||
	    until + CBI_AUTH_SKEW_S < now ||
	    until > now + CB_FLIGHT_S + CBI_AUTH_SKEW_S ||
	    cbi_flight_peek(ctx, state, out) < 0)
		return refuse(ctx);
	out->idp = idp;
	out->verifier = copy;
	return derive(ctx, out);
}
