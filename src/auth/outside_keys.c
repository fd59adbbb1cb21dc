/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside_keys.c - discovery documents and key sets, kept for a while; sets
 * also in a file, for a process that begins while their provider is away.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/kept.h"
#include "auth/outside_priv.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "callboard/json.h"
#include "json/json.h"

#define FRESH_MS (INT64_C(3600) * 1000)
/* While the provider gives nothing new, what it said is believed so long. */
#define STALE_MS (INT64_C(24) * 3600 * 1000)
#define AGAIN_MS (INT64_C(30) * 1000)
/* Keys that have an address each: how soon after one another strangers may
 * make us ask, and how many are kept. */
#define PEM_AGAIN_MS 3000
#define PEMS_MAX 8
#define KID_MAX 64
#define TEXT_MAX (512 * CB_KIB)

/* A copy of what is kept, if it is not older than max_ms; NULL for none. */
static int look(struct cb_ctx *ctx, struct cbi_outside *outside,
                const struct cbi_kept *kept, int64_t max_ms, json_t **out)
{
	const char *text = NULL;

	pthread_mutex_lock(&outside->lock);
	if (kept->text && cbi_clock_ms() - kept->at_ms <= max_ms)
		text = cb_strdup(ctx, kept->text);
	pthread_mutex_unlock(&outside->lock);
	*out = NULL;
	if (!text)
		return cb_failure_code(ctx) ? CB_ENOMEM : CB_OK;
	return cb_json_parse(ctx, text, strlen(text), out);
}

/* May it be asked for now, when it was asked for lately? */
static bool begin(struct cbi_outside *outside, struct cbi_kept *kept,
                  int64_t distance_ms)
{
	int64_t now = cbi_clock_ms();
	bool may;

	pthread_mutex_lock(&outside->lock);
	may = !kept->tried_ms || now - kept->tried_ms >= distance_ms;
	if (may)
		kept->tried_ms = now;
	pthread_mutex_unlock(&outside->lock);
	return may;
}

static int keep(struct cb_ctx *ctx, struct cbi_outside *outside,
                struct cbi_kept *kept, const json_t *value)
{
	struct cb_buf buf;
	char *text, *old;
	size_t len;

	cbi_buf_init(&buf, TEXT_MAX);
	if (cb_json_write(&buf, value) < 0) {
		cbi_buf_finish(&buf);
		return cb_fail(ctx, CB_ENOMEM, "no memory for a document");
	}
	text = cbi_buf_take(&buf, &len);
	pthread_mutex_lock(&outside->lock);
	old = kept->text;
	kept->text = text;
	kept->at_ms = cbi_clock_ms();
	pthread_mutex_unlock(&outside->lock);
	free(old);
	return CB_OK;
}

static int fetch(struct cb_ctx *ctx, struct cbi_outside *outside,
                 const struct cbi_idp *idp, const char *url, const char *member,
                 struct cbi_kept *kept, json_t **out)
{
	struct cbi_outside_ask ask = { .url = url };
	int rc = cbi_outside_ask(ctx, outside, idp, &ask, out);

	if (rc == CB_OK &&
	    (ask.status != 200 || !json_object_get(*out, member)))
		rc = cb_fail(ctx, CB_EUPSTREAM,
		             "%s answered %d with nothing that has %s",
		             idp->title, ask.status, member);
	if (rc == CB_OK && strcmp(member, "keys") == 0)
		cbi_kept_save(ctx, outside->state_dir, url, *out);
	return rc == CB_OK ? keep(ctx, outside, kept, *out) : rc;
}

/* What a process before this one was given; *out NULL for nothing. */
static int recall(struct cb_ctx *ctx, const struct cbi_outside *outside,
                  const char *url, const char *member, json_t **out)
{
	int rc = strcmp(member, "keys") == 0
	             ? cbi_kept_load(ctx, outside->state_dir, url, out)
	             : CB_ENOENT;

	if (rc == CB_OK)
		return rc;
	*out = NULL;
	return rc == CB_ENOENT ? CB_OK : rc;
}

/* Fresh if there is a fresh one, else a new one, else what there is. */
static int get(struct cb_ctx *ctx, struct cbi_outside *outside,
               const struct cbi_idp *idp, const char *url, const char *member,
               struct cbi_kept *kept, json_t **out)
{
	json_t *old = NULL;
	int rc = look(ctx, outside, kept, FRESH_MS, out);

	if (rc < 0 || *out)
		return rc;
	rc = look(ctx, outside, kept, STALE_MS, &old);
	if (rc < 0)
		return rc;
	if (old && !begin(outside, kept, AGAIN_MS)) {
		*out = old;
		return CB_OK;
	}
	rc = fetch(ctx, outside, idp, url, member, kept, out);
	if (rc == CB_OK || rc == CB_ENOMEM)
		return rc;
	if (!old && recall(ctx, outside, url, member, &old) < 0)
		return CB_ENOMEM;
	if (!old)
		return rc;
	cb_failure_clear(ctx);
	*out = old;
	return CB_OK;
}

static size_t row_of(const struct cbi_outside *outside,
                     const struct cbi_idp *idp)
{
	const struct cbi_idp *rows;

	cbi_idps_all(outside->idps, &rows);
	return (size_t)(idp - rows);
}

/* Codes and secrets go there: over TLS, unless the administrator himself
 * wrote an address without. */
static bool is_safe(const struct cbi_idp *idp, const char *url)
{
	return url && (cbi_str_starts(url, "https://") ||
	               (cbi_str_starts(url, "http://") &&
	                cbi_str_starts(idp->metadata, "http://")));
}

int cbi_outside_document(struct cb_ctx *ctx, struct cbi_outside *outside,
                         const struct cbi_idp *idp, json_t **out)
{
	static const char *const needed[] = { "authorization_endpoint",
		                              "token_endpoint", "jwks_uri" };
	struct cbi_kept *kept = &outside->documents[row_of(outside, idp)];
	int rc = get(ctx, outside, idp, idp->metadata, "issuer", kept, out);

	for (size_t i = 0; rc == CB_OK && i < sizeof(needed) / sizeof(*needed);
	     i++)
		if (!is_safe(idp, cb_json_text(*out, needed[i], NULL)))
			rc = cb_fail(ctx, CB_EUPSTREAM, "%s names no safe %s",
			             idp->title, needed[i]);
	if (rc == CB_OK && !*cb_json_text(*out, "issuer", ""))
		rc = cb_fail(ctx, CB_EUPSTREAM, "%s names no issuer",
		             idp->title);
	return rc;
}

int cbi_outside_keys(struct cb_ctx *ctx, struct cbi_outside *outside,
                     const struct cbi_idp *idp, const char *url, bool anew,
                     json_t **out)
{
	struct cbi_kept *kept = &outside->keys[row_of(outside, idp)];

	if (!anew)
		return get(ctx, outside, idp, url, "keys", kept, out);
	if (!begin(outside, kept, AGAIN_MS))
		return CB_ECHANGED;
	return fetch(ctx, outside, idp, url, "keys", kept, out);
}

static bool is_kid(const char *kid)
{
	size_t len = strlen(kid);

	return len > 0 && len <= KID_MAX &&
	       strspn(kid, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
	                   "YZ0123456789-_") == len;
}

static int fetch_pem(struct cb_ctx *ctx, struct cbi_outside *outside,
                     const struct cbi_idp *idp, const char *kid, json_t **out)
{
	struct cbi_outside_ask ask = {
		.url = cb_printf(ctx, "%s/%s", idp->keys_url, kid),
		.text = true,
	};
	int rc =
	    ask.url ? cbi_outside_ask(ctx, outside, idp, &ask, out) : CB_ENOMEM;

	if (rc == CB_OK && ask.status != 200)
		rc = cb_fail(ctx, CB_EAUTH, "%s has no key '%s' (%d)",
		             idp->title, kid, ask.status);
	return rc;
}

int cbi_outside_pem(struct cb_ctx *ctx, struct cbi_outside *outside,
                    const struct cbi_idp *idp, const char *kid,
                    const json_t **out)
{
	struct cbi_kept *kept = &outside->keys[row_of(outside, idp)];
	json_t *set = NULL, *pem;
	int rc;

	if (!is_kid(kid))
		return cb_fail(ctx, CB_EAUTH, "the assertion names no key");
	rc = look(ctx, outside, kept, STALE_MS, &set);
	if (rc < 0)
		return rc;
	*out = json_object_get(set, kid);
	if (*out)
		return CB_OK;
	if (!begin(outside, kept, PEM_AGAIN_MS))
		return cb_fail(ctx, CB_EAUTH,
		               "the assertion's key is not known yet");
	rc = fetch_pem(ctx, outside, idp, kid, &pem);
	if (rc < 0)
		return rc;
	/* Those of before come again when they are asked for. */
	if (!set || json_object_size(set) >= PEMS_MAX) {
		set = json_object();
		rc = cbi_json_keep(ctx, set);
	}
	if (rc == CB_OK && json_object_set(set, kid, pem))
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for a key");
	*out = pem;
	return rc < 0 ? rc : keep(ctx, outside, kept, set);
}
