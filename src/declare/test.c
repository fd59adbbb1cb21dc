/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test.c - the tests inside a plugin.yaml: an entity, what the tool answers,
 * and what is to come of it.
 */
#include "declare/declare.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "html/html.h"
#include "json/json.h"
#include "view/view.h"

struct trial {
	const json_t *manifest, *test;
	const struct cbi_declare_tester *tester;
};

static json_t *get(const json_t *map, const char *name)
{
	return json_object_get(map, name);
}

/* A key's value in a test: what `config` says, the default, or an address
 * that is nobody's. */
static const char *config_of(struct cb_ctx *ctx, void *arg, const char *name)
{
	const struct trial *trial = arg;
	json_t *keys = get(trial->manifest, "keys"), *row;
	json_t *given = get(get(trial->test, "config"), name);
	char *text;
	size_t i;

	if (json_is_string(given))
		return json_string_value(given);
	if (given) {
		text = json_dumps(given, JSON_ENCODE_ANY);
		given = NULL;
		name = cb_strdup(ctx, text ? text : "");
		free(text);
		return name;
	}
	json_array_foreach(keys, i, row)
	{
		if (strcmp(cb_json_text(row, "name", ""), name) != 0)
			continue;
		if (strcmp(cb_json_text(row, "type", ""), "url") == 0)
			return cb_json_text(row, "default",
			                    "https://tool.example");
		return cb_json_text(row, "default", "");
	}
	return NULL;
}

/* Of `answers` by the request's name or path, or the one `answer`. */
static json_t *answer_of(struct cb_ctx *ctx, const struct trial *trial,
                         const struct cbi_declare_request *request)
{
	json_t *answers = get(trial->test, "answers"), *one;
	const char *path = request->path;

	if (!answers)
		return get(trial->test, "answer");
	one = get(answers, request->name);
	if (!one && path)
		one = get(answers, path);
	if (!one && path)
		one = get(answers,
		          cb_printf(ctx, "%s %s", request->method, path));
	return one;
}

static int ask(struct cb_ctx *ctx, void *arg,
               const struct cbi_declare_request *request,
               struct cbi_declare_reply *out)
{
	json_t *answer = answer_of(ctx, arg, request);
	char *text;

	if (!answer)
		return cb_fail(ctx, CB_ENOENT,
		               "the test has no answer to %s %s",
		               request->method, request->path);
	if (json_is_string(answer)) {
		out->body = json_string_value(answer);
	} else {
		text = json_dumps(answer, JSON_ENCODE_ANY | JSON_COMPACT);
		out->body = cb_strdup(ctx, text ? text : "");
		free(text);
	}
	if (!out->body)
		return CB_ENOMEM;
	out->len = strlen(out->body);
	return CB_OK;
}

static int shape(struct cb_ctx *ctx, void *arg, const char *program,
                 const char *vars, const char *input, size_t len,
                 struct cb_buf *out)
{
	const struct trial *trial = arg;

	return trial->tester->shape(ctx, trial->tester->arg, program, vars,
	                            input, len, out);
}

/* ---- The parts of a test ------------------------------------------------- */

/* The entity as it would be served: what is left out is filled in. */
static int make_entity(struct cb_ctx *ctx, const struct trial *trial,
                       const struct cb_entity **out)
{
	json_t *given = get(trial->test, "entity"), *made, *metadata;
	const char *kept;
	char *text;

	*out = NULL;
	if (!given)
		return CB_OK;
	made =
	    json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s}, s:{}, s:[]}",
	              "apiVersion", "backstage.io/v1alpha1", "kind",
	              "Component", "metadata", "name", "example", "namespace",
	              "default", "uid", "00000000-0000-4000-8000-000000000000",
	              "etag", "test", "spec", "relations");
	metadata = json_incref(get(made, "metadata"));
	json_object_update(made, given);
	if (json_is_object(get(given, "metadata")))
		json_object_update(metadata, get(given, "metadata"));
	json_object_set_new(made, "metadata", metadata);
	text = json_dumps(made, JSON_COMPACT);
	json_decref(made);
	kept = text ? cb_strdup(ctx, text) : NULL;
	free(text);
	return kept ? trial->tester->entity(ctx, kept, strlen(kept), out)
	            : cb_fail(ctx, CB_ENOMEM, "out of memory");
}

static int unlike(struct cb_ctx *ctx, const char *what, const json_t *wanted,
                  const json_t *got)
{
	char *left = json_dumps(wanted, JSON_ENCODE_ANY | JSON_COMPACT);
	char *right = json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);

	cb_fail(ctx, CB_EINVAL, "%s: expected %.180s, got %.180s", what,
	        left ? left : "?", right ? right : "nothing");
	free(left);
	free(right);
	return CB_EINVAL;
}

/* JSON knows one kind of number; ours two. */
static bool same(const json_t *a, const json_t *b)
{
	json_t *all = (json_t *)(uintptr_t)a, *one;
	const char *name;
	size_t i;

	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	if (json_is_array(a) && json_is_array(b)) {
		if (json_array_size(a) != json_array_size(b))
			return false;
		json_array_foreach(all, i, one)
		{
			if (!same(one, json_array_get(b, i)))
				return false;
		}
		return true;
	}
	if (!json_is_object(a) || !json_is_object(b))
		return json_equal(a, b);
	if (json_object_size(a) != json_object_size(b))
		return false;
	json_object_foreach(all, name, one)
	{
		if (!same(one, json_object_get(b, name)))
			return false;
	}
	return true;
}

static bool has_text(struct cb_ctx *ctx, const struct cb_buf *drawn,
                     const char *text)
{
	struct cb_buf escaped;
	struct cb_html html;
	bool found;

	cbi_buf_init(&escaped, CB_MIB);
	cbi_html_init(&html, ctx, &escaped, "text", 3);
	cbi_html_esc(&html, text);
	found = strstr(cbi_buf_string(drawn), cbi_buf_string(&escaped)) != NULL;
	cbi_buf_finish(&escaped);
	return found;
}

/* Each of `text` (one, or a list) is in what is drawn, or none of it. */
static int check_texts(struct cb_ctx *ctx, const struct cb_buf *drawn,
                       const json_t *texts, bool wanted)
{
	json_t *one;
	size_t i;

	if (json_is_string(texts) &&
	    has_text(ctx, drawn, json_string_value(texts)) != wanted)
		return cb_fail(ctx, CB_EINVAL, "the card %s '%.100s'",
		               wanted ? "lacks" : "has",
		               json_string_value(texts));
	json_array_foreach((json_t *)(uintptr_t)texts, i, one)
	{
		int rc = check_texts(ctx, drawn, one, wanted);

		if (rc < 0)
			return rc;
	}
	return CB_OK;
}

static int check_card(struct cb_ctx *ctx, const struct trial *trial,
                      const json_t *card, const json_t *value,
                      const struct cb_entity *entity)
{
	const struct cbi_declare_with with = {
		.arg = (void *)(uintptr_t)trial,
		.config = config_of,
	};
	const json_t *expect = get(trial->test, "expect");
	struct cb_buf drawn;
	struct cb_html html;
	json_t *model;
	int rc = cbi_declare_show(ctx, get(card, "show"), value, entity, &with,
	                          &model);

	if (rc < 0)
		return rc;
	cbi_buf_init(&drawn, CB_CARD_HTML_MAX);
	cbi_html_init(&html, ctx, &drawn, "test", 3);
	rc = cbi_view_draw(ctx, &html, model);
	if (rc == CB_OK)
		rc = cbi_html_end(&html);
	if (rc == CB_OK)
		rc = check_texts(ctx, &drawn, get(expect, "text"), true);
	if (rc == CB_OK)
		rc = check_texts(ctx, &drawn, get(expect, "not"), false);
	json_decref(model);
	cbi_buf_finish(&drawn);
	return rc;
}

static int fill(struct cb_ctx *ctx, struct trial *trial, const json_t *source,
                const char *key, json_t **out)
{
	const struct cbi_declare_with with = {
		.arg = trial, .config = config_of, .ask = ask, .shape = shape
	};
	struct cb_buf value;
	int rc;

	cbi_buf_init(&value, CB_TOOL_BODY_MAX);
	rc = cbi_declare_fill(ctx, trial->manifest, source, &with, key, &value);
	if (rc == CB_OK)
		rc = cb_json_parse(ctx, cbi_buf_string(&value), value.len, out);
	cbi_buf_finish(&value);
	return rc;
}

/* The card that is tested: the named one, or the first. */
static const json_t *card_of(const struct trial *trial)
{
	const char *name = json_string_value(get(trial->test, "card"));
	json_t *cards = get(trial->manifest, "cards");

	if (!name)
		name = cb_json_text(cards, "0.name", "");
	return cbi_declare_row(trial->manifest, "cards", name);
}

int cbi_declare_test(struct cb_ctx *ctx, const json_t *manifest,
                     const json_t *test,
                     const struct cbi_declare_tester *tester)
{
	struct trial trial = { manifest, test, tester };
	const json_t *expect = get(test, "expect"), *card = card_of(&trial);
	const json_t *source = cbi_declare_row(
	    manifest, "sources",
	    cb_json_text((json_t *)(uintptr_t)card, "source", ""));
	const struct cb_entity *entity;
	json_t *value = NULL, *wanted;
	const char *key = NULL;
	int rc;

	if (!json_is_object(test) || !json_is_object(expect) || !card)
		return cb_fail(ctx, CB_EINVAL,
		               "a test is a map of entity, answer or answers, "
		               "and expect (value, text, not, key); card names "
		               "one of the cards");
	rc = make_entity(ctx, &trial, &entity);
	if (rc == CB_OK && source)
		rc = cbi_declare_key(ctx, source, entity, &key);
	if (rc == CB_ENOKEY)
		return cb_fail(ctx, CB_EINVAL,
		               "the entity lacks what the source's key is "
		               "made of");
	wanted = get(expect, "key");
	if (rc == CB_OK && json_is_string(wanted) &&
	    strcmp(json_string_value(wanted), key ? key : "") != 0)
		return cb_fail(ctx, CB_EINVAL, "key: expected '%s', got '%s'",
		               json_string_value(wanted), key ? key : "");
	if (rc == CB_OK && source)
		rc = fill(ctx, &trial, source, key, &value);
	wanted = get(expect, "value");
	if (rc == CB_OK && wanted && !same(wanted, value))
		return unlike(ctx, "value", wanted, value);
	return rc == CB_OK ? check_card(ctx, &trial, card, value, entity) : rc;
}
