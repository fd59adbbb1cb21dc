/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topic.c - which topics there are, and who may speak.
 */
#include "events/events.h"

#include <string.h>

#include "base/str.h"
#include "config/config.h"
#include "crypto/crypto.h"

#define TYPE_NAMES \
	"github, gitlab, gitea, bitbucketServer, bitbucketCloud, azureDevOps"

static const struct type {
	const char *name;
	enum cbi_event_proof proof;
	const char *header;
	const char *section; /* of integrations, for its host; NULL: the body
	                        says it */
} types[] = {
	{ "github", CBI_EVENT_HMAC, "X-Hub-Signature-256", NULL },
	{ "gitlab", CBI_EVENT_TOKEN, "X-Gitlab-Token", NULL },
	{ "gitea", CBI_EVENT_HMAC, "X-Gitea-Signature", NULL },
	{ "bitbucketServer", CBI_EVENT_HMAC, "X-Hub-Signature",
	  "integrations.bitbucketServer.0.host" },
	{ "bitbucketCloud", CBI_EVENT_HMAC, "X-Hub-Signature", NULL },
	{ "azureDevOps", CBI_EVENT_BASIC, "Authorization", NULL },
};

#define TYPES (sizeof(types) / sizeof(types[0]))

static const char *text_at(const json_t *map, const char *key)
{
	const char *text = json_string_value(json_object_get(map, key));

	return text && *text ? text : NULL;
}

static const json_t *row_of(const struct cbi_config *config, const char *name)
{
	const json_t *topics = cbi_config_get(config, "events.http.topics");

	for (size_t i = 0; i < json_array_size(topics); i++) {
		const json_t *row = json_array_get(topics, i);
		const char *own = json_is_string(row) ? json_string_value(row)
		                                      : text_at(row, "topic");

		if (own && strcmp(own, name) == 0)
			return row;
	}
	return NULL;
}

static const struct type *type_of(const char *name)
{
	for (size_t i = 0; i < TYPES; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

/* "git.example.com" and "http://git.example.com:8080/" as an origin. */
static const char *origin_of(struct cb_ctx *ctx, const char *host)
{
	size_t len = strlen(host);

	while (len > 0 && host[len - 1] == '/')
		len--;
	return cb_printf(ctx, "%s%.*s", strstr(host, "://") ? "" : "https://",
	                 (int)len, host);
}

int cbi_event_topic(struct cb_ctx *ctx, const struct cbi_config *config,
                    const char *name, struct cbi_event_topic *out)
{
	const json_t *row = row_of(config, name);
	const json_t *module =
	    json_object_get(cbi_config_get(config, "events.modules"), name);
	const char *word = text_at(row, "type"), *host = text_at(row, "host");
	const struct type *type = type_of(word ? word : name);

	*out = (struct cbi_event_topic){ .name = name, .host = "" };
	out->secret = text_at(module, "webhookSecret");
	out->user = text_at(module, "webhookUsername");
	if (!row && !out->secret)
		return cb_fail(ctx, CB_ENOENT, "no topic '%.80s'", name);
	if (!type)
		return cb_fail(ctx, CB_EINVAL,
		               "events.http.topics: the type of %.80s is none "
		               "of " TYPE_NAMES,
		               name);
	if (!host && type->section)
		host = cbi_config_text(config, type->section, NULL);
	if (host)
		out->host = origin_of(ctx, host);
	if (!out->host)
		return CB_ENOMEM;
	out->proof = type->proof;
	out->header = type->header;
	if (!out->secret && json_is_true(json_object_get(row, "open")))
		out->proof = CBI_EVENT_OPEN;
	else if (!out->secret)
		return cb_fail(ctx, CB_EINVAL,
		               "topic %.80s has no secret: set "
		               "events.modules.%.80s.webhookSecret",
		               name, name);
	return CB_OK;
}

static bool basic_proves(const struct cbi_event_topic *topic, const char *value)
{
	const char *user = topic->user ? topic->user : "";
	size_t len = strlen(value), got = 0, front = strlen(user);
	unsigned char pair[1024];

	if (cbi_str_starts(value, "Basic "))
		value += strlen("Basic ");
	len = strlen(value);
	if (len / 4 * 3 + 3 >= sizeof(pair) ||
	    !cbi_crypto_unbase64(CBI_BASE64_STD, value, len, pair, &got))
		return false;
	pair[got] = '\0';
	/* The user's name is no secret; without one any will do. */
	if (topic->user &&
	    (strncmp((char *)pair, user, front) != 0 || pair[front] != ':'))
		return false;
	value = strchr((char *)pair, ':');
	return value && cbi_str_equal_secret(value + 1, topic->secret);
}

bool cbi_event_proven(const struct cbi_event_topic *topic, const char *value,
                      const char *body, size_t len)
{
	unsigned char mac[CB_SHA256_LEN];
	char hex[CB_SHA256_HEX];

	if (topic->proof == CBI_EVENT_OPEN)
		return true;
	if (!value)
		return false;
	if (topic->proof == CBI_EVENT_TOKEN)
		return cbi_str_equal_secret(value, topic->secret);
	if (topic->proof == CBI_EVENT_BASIC)
		return basic_proves(topic, value);
	if (cbi_str_starts(value, "sha256="))
		value += strlen("sha256=");
	cbi_crypto_hmac_sha256(topic->secret, strlen(topic->secret), body, len,
	                       mac);
	cbi_crypto_hex(mac, sizeof(mac), hex);
	return cbi_str_equal_secret(value, hex);
}
