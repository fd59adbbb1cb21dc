/* SPDX-License-Identifier: Apache-2.0 */
/*
 * found.c - see found.h.
 */
#include "web/found.h"

#include <string.h>

#include "base/ctx.h"
#include "catalog/entity.h"
#include "catalog/query.h"

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static bool is_kind(const struct cb_entity *entity, const char *kind)
{
	return cbi_str_casecmp(cb_entity_kind(entity), kind) == 0;
}

/* Description, and for people and groups what they are called and reached
 * by: joined by " : ", what is missing left out. */
static const char *text_of(struct cb_ctx *ctx, const struct cb_entity *entity)
{
	bool user = is_kind(entity, "user");
	const char *parts[] = {
		cb_entity_text(entity, "metadata.description"),
		user || is_kind(entity, "group")
		    ? cb_entity_text(entity, "spec.profile.displayName")
		    : NULL,
		user ? cb_entity_text(entity, "spec.profile.email") : NULL,
	};
	const char *text = "";

	for (size_t i = 0; text && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i] && *parts[i])
			text = *text ? cb_printf(ctx, "%s : %s", text, parts[i])
			             : parts[i];
	return text;
}

static const char *location_of(struct cb_ctx *ctx,
                               const struct cb_entity *entity)
{
	char *location =
	    cb_printf(ctx, "/catalog/%s/%s/%s", cb_entity_namespace(entity),
	              cb_entity_kind(entity), cb_entity_name(entity));

	if (location)
		cbi_str_lower(location);
	return location;
}

int cbi_found_seen(struct cb_ctx *ctx, size_t before,
                   struct cbi_search_seen *out)
{
	struct cbi_query_scope scope;
	int rc = cbi_query_scope(ctx, before, &scope);

	if (rc == CB_OK)
		*out = (struct cbi_search_seen){ scope.text, scope.params,
			                         scope.n };
	return rc;
}

int cbi_found_read(struct cb_ctx *ctx, const struct cbi_search_hit *hit,
                   struct cbi_found *out)
{
	const struct cb_entity *entity;
	const char *type, *shown;
	int rc = cbi_entity_create(ctx, hit->body, hit->len, &entity);

	if (rc < 0)
		return rc;
	type = cb_entity_text(entity, "spec.type");
	shown = cb_entity_text(entity, "spec.profile.displayName");
	*out = (struct cbi_found){
		.ref = cb_entity_ref(entity),
		.title = cb_entity_title(entity),
		.text = text_of(ctx, entity),
		.shown = shown && *shown ? shown : cb_entity_title(entity),
		.said =
		    or_empty(cb_entity_text(entity, "metadata.description")),
		.location = location_of(ctx, entity),
		.kind = cb_entity_kind(entity),
		.space = cb_entity_namespace(entity),
		.type = type && *type ? type : "other",
		.lifecycle = or_empty(cb_entity_text(entity, "spec.lifecycle")),
		.owner = or_empty(cb_entity_text(entity, "spec.owner")),
	};
	return out->text && out->location ? CB_OK : CB_ENOMEM;
}

static bool in_word(unsigned char c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') ||
	       ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool begins(const char *text, size_t len, const char *word, size_t part)
{
	if (part > len)
		return false;
	for (size_t i = 0; i < part; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 32);
		if (c != word[i])
			return false;
	}
	return true;
}

/* The stem finds more than the beginning does: "guards" also "guarding". */
static size_t stem(const char *word)
{
	static const char *const ends[] = { "ing", "ed", "es", "s" };
	size_t len = strlen(word);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (len >= strlen(ends[i]) + 4 && cbi_str_ends(word, ends[i]))
			return len - strlen(ends[i]);
	return len;
}

static bool is_found(const char *text, size_t len, const char *const *words,
                     size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (begins(text, len, words[i], stem(words[i])))
			return true;
	return false;
}

bool cbi_found_piece(const char *text, const char *const *words, size_t n,
                     size_t *at, struct cbi_span *piece, bool *marked)
{
	const char *from = text + *at, *p = from;

	if (!*p)
		return false;
	*marked = false;
	while (*p) {
		size_t len = 0;

		while (in_word((unsigned char)p[len]))
			len++;
		if (len && is_found(p, len, words, n)) {
			if (p == from) {
				*marked = true;
				p += len;
			}
			break;
		}
		p += len ? len : 1;
	}
	*piece = (struct cbi_span){ from, (size_t)(p - from) };
	*at += piece->len;
	return true;
}
