/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.c - an entity's way from a document to its processed and its served
 * form: see model.h.
 */
#include "catalog/model_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/ref.h"
#include "crypto/crypto.h"
#include "json/json.h"

#define MANAGED "backstage.io/managed-by-location"
#define ORIGIN "backstage.io/managed-by-origin-location"
#define VIEW "backstage.io/view-url"
#define EDIT "backstage.io/edit-url"
#define ORPHAN "backstage.io/orphan"

/* What a link shows that would have run a script. */
#define HARMLESS "https://unsafe-link.invalid/"

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

int cbi_model_envelope(struct cb_ctx *ctx, const json_t *entity,
                       const char **ref, struct cbi_problem *problem)
{
	static const char *const texts[] = { "apiVersion", "kind" };
	const json_t *metadata = json_object_get(entity, "metadata");
	const json_t *name = json_object_get(metadata, "name");
	struct cbi_ref parts;

	if (!json_is_object(entity))
		return cbi_problem_set(problem, "",
		                       "the document is %s, expected a map",
		                       cbi_model_type_name(entity));
	for (size_t i = 0; i < 2; i++) {
		const json_t *value = json_object_get(entity, texts[i]);

		if (json_string_length(value) == 0)
			return cbi_problem_set(problem, texts[i],
			                       "%s, expected a text that is "
			                       "not empty",
			                       cbi_model_type_name(value));
	}
	if (!json_is_object(metadata))
		return cbi_problem_set(problem, "metadata",
		                       "%s, expected a map",
		                       cbi_model_type_name(metadata));
	if (json_string_length(name) == 0)
		return cbi_problem_set(problem, "metadata.name",
		                       "%s, expected a text that is not empty",
		                       cbi_model_type_name(name));
	if (!ref)
		return CB_OK;
	parts.kind = text_of(entity, "kind");
	parts.name = json_string_value(name);
	parts.space = text_of(metadata, "namespace");
	if (!parts.space || !*parts.space)
		parts.space = "default";
	if (strlen(parts.kind) + strlen(parts.name) + strlen(parts.space) >
	    CBI_REF_TEXT_MAX)
		return cbi_problem_set(problem, "metadata.name",
		                       "kind, namespace and name are longer "
		                       "than %d bytes",
		                       CBI_REF_TEXT_MAX);
	*ref = cbi_ref_text(ctx, &parts);
	return *ref ? CB_OK : CB_ENOMEM;
}

static int foreign_keys(const json_t *entity, struct cbi_problem *problem)
{
	static const char *const known[] = { "apiVersion", "kind", "metadata",
		                             "spec" };
	const char *key, *near;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)entity, key, value)
	{
		bool found = false;

		for (size_t i = 0; i < 4; i++)
			found = found || strcmp(key, known[i]) == 0;
		if (found)
			continue;
		near = cbi_str_nearest(key, known, 4);
		return cbi_problem_set(problem, key,
		                       "not a field of an entity%s%s%s, "
		                       "expected apiVersion, kind, metadata, "
		                       "spec",
		                       near ? " (did you mean " : "",
		                       near ? near : "", near ? "?)" : "");
	}
	return CB_OK;
}

/* Theirs are always overwritten: a file cannot claim to stand elsewhere. */
static int annotate(struct cb_ctx *ctx, json_t *metadata,
                    const struct cbi_model_place *place)
{
	json_t *annotations = json_object_get(metadata, "annotations");
	int bad = 0;

	if (!annotations) {
		annotations = json_object();
		bad |=
		    json_object_set_new(metadata, "annotations", annotations);
	}
	bad |= json_object_set_new(annotations, MANAGED,
	                           json_string(place->location));
	bad |= json_object_set_new(annotations, ORIGIN,
	                           json_string(place->origin));
	if (cbi_str_starts(place->location, "url:") &&
	    !json_object_get(annotations, VIEW))
		bad |= json_object_set_new(annotations, VIEW,
		                           json_string(place->location + 4));
	if (bad)
		return cb_fail(ctx, CB_ENOMEM, "out of memory for an entity");
	return CB_OK;
}

int cbi_model_process(struct cb_ctx *ctx, json_t *entity,
                      const struct cbi_model_place *place,
                      struct cbi_model *out, struct cbi_problem *problem)
{
	json_t *metadata;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = cbi_model_envelope(ctx, entity, &out->ref, problem);
	if (rc == CB_OK)
		rc = cbi_model_shape(entity, problem);
	if (rc < 0)
		return rc;
	metadata = json_object_get(entity, "metadata");
	if (!json_object_get(metadata, "namespace") &&
	    json_object_set_new(metadata, "namespace", json_string("default")))
		return cb_fail(ctx, CB_ENOMEM, "out of memory for an entity");
	rc = foreign_keys(entity, problem);
	if (rc == CB_OK)
		rc = cbi_model_formats(entity, problem);
	if (rc == CB_OK)
		rc = cbi_model_kind(ctx, place->kinds, entity, problem);
	if (rc < 0)
		return rc;
	rc = annotate(ctx, metadata, place);
	if (rc < 0)
		return rc;
	cbi_model_sort_lists(entity);
	out->location = strcmp(text_of(entity, "kind"), "Location") == 0;
	return cbi_model_relations(ctx, entity, out->ref,
	                           text_of(metadata, "namespace"), out,
	                           problem);
}

/* --- generated Locations --- */

const char *cbi_model_generated_ref(struct cb_ctx *ctx, const char *type,
                                    const char *target)
{
	const char *text = cb_printf(ctx, "%s:%s", type, target);
	char hex[CB_SHA1_HEX];

	if (!text)
		return NULL;
	cbi_crypto_sha1_hex(text, strlen(text), hex);
	return cb_printf(ctx, "location:default/generated-%s", hex);
}

json_t *cbi_model_generated(const char *type, const char *target,
                            const char *presence)
{
	struct cb_buf text;
	char hex[CB_SHA1_HEX];
	json_t *entity;

	cbi_buf_init(&text, CB_MIB);
	cb_buf_printf(&text, "%s:%s", type, target);
	if (text.failed) {
		cbi_buf_finish(&text);
		return NULL;
	}
	cbi_crypto_sha1_hex(text.data, text.len, hex);
	entity = json_pack("{s:s, s:s, s:{s:s+, s:s, s:{s:s, s:s}},"
	                   " s:{s:s, s:s, s:s*}}",
	                   "apiVersion", "backstage.io/v1alpha1", "kind",
	                   "Location", "metadata", "name", "generated-", hex,
	                   "namespace", "default", "annotations", MANAGED,
	                   text.data, ORIGIN, text.data, "spec", "type", type,
	                   "target", target, "presence", presence);
	cbi_buf_finish(&text);
	return entity;
}

json_t *cbi_model_status(const char *name, const char *message)
{
	return json_pack("{s:s, s:s, s:s++, s:{s:s, s:s}}", "type",
	                 "backstage.io/catalog-processing", "level", "error",
	                 "message", name, ": ", message, "error", "name", name,
	                 "message", message);
}

/* --- the served form --- */

static void write_member(struct cb_buf *buf, const json_t *entity,
                         const char *key)
{
	const json_t *value = json_object_get(entity, key);

	if (!value)
		return;
	cb_buf_printf(buf, "%s\"%s\":", buf->len > 1 ? "," : "", key);
	if (cbi_json_canonical(buf, value) < 0)
		return; /* the buffer knows */
}

static void write_relations(struct cb_buf *buf,
                            const struct cbi_model_final *final)
{
	cb_buf_text(buf, buf->len > 1 ? ",\"relations\":[" : "\"relations\":[");
	for (size_t i = 0; i < final->n; i++) {
		const struct cbi_model_end *end = &final->ends[i];

		cb_buf_text(buf, i ? ",{\"targetRef\":" : "{\"targetRef\":");
		cbi_str_json(buf, end->target, strlen(end->target));
		cb_buf_text(buf, ",\"type\":");
		cbi_str_json(buf, end->type, strlen(end->type));
		cb_buf_text(buf, "}");
	}
	cb_buf_text(buf, "]");
}

/* All root keys there are, in order: a group that owns ten thousand would
 * else be a tree of thirty thousand values first. */
static int write_entity(struct cb_buf *buf, const json_t *entity,
                        const struct cbi_model_final *final)
{
	cb_buf_text(buf, "{");
	write_member(buf, entity, "apiVersion");
	write_member(buf, entity, "kind");
	write_member(buf, entity, "metadata");
	write_relations(buf, final);
	write_member(buf, entity, "spec");
	write_member(buf, entity, "status");
	return cb_buf_text(buf, "}");
}

static int scrub(json_t *annotations)
{
	static const char *const urls[] = { VIEW, EDIT };
	int bad = 0;

	for (size_t i = 0; i < 2; i++) {
		const char *url = text_of(annotations, urls[i]);

		if (url && cbi_ref_is_script(url))
			bad |= json_object_set_new(annotations, urls[i],
			                           json_string(HARMLESS));
	}
	return bad;
}

int cbi_model_finish(struct cb_ctx *ctx, json_t *entity,
                     const struct cbi_model_final *final,
                     char hash[CBI_MODEL_HASH], const char **text)
{
	json_t *metadata = json_object_get(entity, "metadata");
	json_t *annotations = json_object_get(metadata, "annotations");
	struct cb_buf buf;
	int bad = scrub(annotations), rc;

	json_object_del(metadata, "uid");
	if (final->orphan)
		bad |= json_object_set_new(annotations, ORPHAN,
		                           json_string("true"));
	if (json_array_size(final->errors) > 0)
		bad |= json_object_set_new(
		    entity, "status",
		    json_pack("{s:O}", "items", final->errors));
	if (bad)
		return cb_fail(ctx, CB_ENOMEM, "out of memory for an entity");
	cbi_buf_init(&buf, CB_ARENA_REQUEST_MAX);
	rc = write_entity(&buf, entity, final);
	if (rc == CB_OK)
		cbi_crypto_sha1_hex(buf.data, buf.len, hash);
	else
		cb_fail(ctx, rc, "an entity's text is too large");
	*text = rc == CB_OK ? cb_strndup(ctx, buf.data, buf.len) : NULL;
	cbi_buf_finish(&buf);
	return rc == CB_OK && !*text ? CB_ENOMEM : rc;
}

int cbi_model_seal(struct cb_ctx *ctx, json_t *entity, const char *text,
                   const char *uid, const char *hash, const char **body,
                   const char **etag)
{
	/* Before it come apiVersion and kind alone, which hold no quotes. */
	static const char mark[] = "\"metadata\":{";
	json_t *metadata = json_object_get(entity, "metadata");
	const char *own = text_of(metadata, "etag");
	const char *at = strstr(text, mark);
	int len;

	if (!at)
		return cb_fail(ctx, CB_EBUG, "an entity without metadata");
	if (json_object_set_new(metadata, "uid", json_string(uid)))
		return cb_fail(ctx, CB_ENOMEM, "out of memory for an entity");
	len = (int)(at - text) + (int)sizeof(mark) - 1;
	*etag = cb_strdup(ctx, own ? own : hash);
	*body = own ? cb_printf(ctx, "%.*s\"uid\":\"%s\",%s", len, text, uid,
	                        text + len)
	            : cb_printf(ctx, "%.*s\"uid\":\"%s\",\"etag\":\"%s\",%s",
	                        len, text, uid, hash, text + len);
	return *etag && *body ? CB_OK : CB_ENOMEM;
}
