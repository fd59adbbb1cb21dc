/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read.c - a plugin.yaml as a manifest: the file as a whole.
 *
 * Each part has a function of its own; what is wrong with one does not hide
 * what is wrong with the next.
 */
#include "declare/take.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <callboard/plugin.h>

#include "base/buf.h"
#include "base/limits.h"

static const struct cbi_member members[] = {
	{ "plugin", CBI_MEMBER_LINE, true },
	{ "version", CBI_MEMBER_LINE, true },
	{ "summary", CBI_MEMBER_LINE, true },
	{ "contract", CBI_MEMBER_NUMBER, false },
	{ "after", CBI_MEMBER_LIST, false },
	{ "keys", CBI_MEMBER_MAP, false },
	{ "permissions", CBI_MEMBER_MAP, false },
	{ "sources", CBI_MEMBER_MAP, false },
	{ "cards", CBI_MEMBER_MAP, false },
	{ "pages", CBI_MEMBER_MAP, false },
	{ "actions", CBI_MEMBER_MAP, false },
	{ "tests", CBI_MEMBER_LIST, false },
	{ "serve", CBI_MEMBER_LINE, false },
	{ "apis", CBI_MEMBER_MAP, false },
	{ "schedules", CBI_MEMBER_ANY, false },
	{ "processors", CBI_MEMBER_ANY, false },
	{ "providers", CBI_MEMBER_ANY, false },
	{ "collators", CBI_MEMBER_ANY, false },
	{ "webhooks", CBI_MEMBER_ANY, false },
	{ "channels", CBI_MEMBER_ANY, false },
	{ "signin", CBI_MEMBER_ANY, false },
	{ "steps", CBI_MEMBER_ANY, false },
	{ "rules", CBI_MEMBER_ANY, false },
};

/* Of these, hooks that the contract names and no host serves yet. */
static const char *const hooks[] = { "schedules", "processors", "providers",
	                             "collators", "webhooks",   "channels",
	                             "signin",    "steps",      "rules" };

static void set(json_t *map, const char *name, json_t *value)
{
	/* Without memory the manifest lacks it, which its size tells. */
	json_object_set_new(map, name, value);
}

static void take_after(struct cbi_take *take, const struct cbi_yaml *root)
{
	const struct cbi_yaml *list = cbi_yaml_get(root, "after");
	json_t *names = json_array();

	for (const struct cbi_yaml *one = list ? list->first : NULL; one;
	     one = one->next) {
		if (one->type == CBI_YAML_TEXT)
			json_array_append_new(names, json_string(one->text));
		else
			cbi_take_wrong(take, one,
			               "after: expected the name of a plugin");
	}
	set(take->manifest, "after", names);
}

/* plugin, version, summary, contract, after. */
static void take_head(struct cbi_take *take, const struct cbi_yaml *root)
{
	const struct cbi_yaml *node = cbi_yaml_get(root, "contract");
	const char *version = cbi_take_text(root, "version");
	const char *name = cbi_take_text(root, "plugin");
	int64_t contract =
	    node && node->integer ? node->whole : CB_CONTRACT_LEVEL;

	if (name && strcmp(name, take->plugin) != 0)
		cbi_take_wrong(take, cbi_yaml_get(root, "plugin"),
		               "plugin: '%.60s' does not fit the file's name, "
		               "expected '%s'",
		               name, take->plugin);
	if (version && strlen(version) > 40)
		cbi_take_wrong(take, cbi_yaml_get(root, "version"),
		               "version: expected at most 40 bytes");
	if (contract < 1 || contract > CB_CONTRACT_LEVEL)
		cbi_take_wrong(take, node,
		               "contract: written for level %lld, this host "
		               "knows 1 to %d",
		               (long long)contract, CB_CONTRACT_LEVEL);
	set(take->manifest, "version", cbi_take_json(version));
	set(take->manifest, "summary",
	    cbi_take_json(cbi_take_text(root, "summary")));
	set(take->manifest, "contract", json_integer(contract));
	take_after(take, root);
}

static json_t *list_of(json_t *manifest, const char *name)
{
	json_t *list = json_array();

	set(manifest, name, list);
	return list;
}

static json_t *map_of(json_t *map, const char *name)
{
	json_t *made = json_object();

	set(map, name, made);
	return made;
}

/* The members of every manifest, empty. */
static void begin(struct cbi_take *take)
{
	json_t *m = json_object();

	take->manifest = m;
	set(m, "format", json_integer(1));
	set(m, "name", json_string(take->plugin));
	set(m, "tier", json_string("declarative"));
	set(m, "abi", json_string(""));
	set(m, "state", json_string("checked"));
	set(m, "reason", json_string(""));
	take->keys = list_of(m, "keys");
	take->routes = list_of(m, "routes");
	take->cards = list_of(m, "cards");
	take->sources = list_of(m, "sources");
	take->permissions = list_of(m, "permissions");
	take->declared = map_of(m, "declared");
	map_of(take->declared, "sources");
	map_of(take->declared, "cards");
	map_of(take->declared, "pages");
}

static json_t *take_tests(const struct cbi_yaml *root)
{
	const struct cbi_yaml *list = cbi_yaml_get(root, "tests");
	json_t *tests = json_array();

	for (const struct cbi_yaml *one = list ? list->first : NULL; one;
	     one = one->next) {
		json_t *test = cbi_yaml_json(one);

		if (json_is_object(test))
			set(test, "line", json_integer(one->line));
		json_array_append_new(tests, test);
	}
	return tests;
}

static void refuse_hooks(struct cbi_take *take, const struct cbi_yaml *root)
{
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		const struct cbi_yaml *node = cbi_yaml_get(root, hooks[i]);

		if (node)
			cbi_take_wrong_key(take, node,
			                   "declares %s, which this host does "
			                   "not serve yet",
			                   hooks[i]);
	}
}

static void take_root(struct cbi_take *take, const struct cbi_yaml *root)
{
	if (!CBI_TAKE_MAP(take, root, take->plugin, members))
		return;
	take_head(take, root);
	cbi_take_keys(take, root);
	cbi_take_permissions(take, root);
	refuse_hooks(take, root);
	if (cbi_take_text(root, "serve")) {
		if (cbi_yaml_get(root, "actions"))
			cbi_take_wrong_key(take, cbi_yaml_get(root, "actions"),
			                   "declares actions, which this host "
			                   "does not serve yet for programs");
		cbi_take_foreign(take, root);
		return;
	}
	if (cbi_yaml_get(root, "apis"))
		cbi_take_wrong_key(take, cbi_yaml_get(root, "apis"),
		                   "apis: they are answered by a program that "
		                   "'serve' names");
	cbi_take_sources(take, root);
	cbi_take_cards(take, root);
	cbi_take_pages(take, root);
	cbi_take_actions(take, root);
}

/* The one document; what is no YAML is a mistake, too. */
static const struct cbi_yaml *parse(struct cbi_take *take, const char *text,
                                    size_t len)
{
	struct cbi_yaml none = { .line = 1, .column = 1 };
	struct cbi_yaml_doc *doc = NULL;
	int rc = cbi_yaml_parse(take->ctx, text, len, &doc);

	if (rc < 0) {
		cbi_take_wrong(take, &none, "%s", cb_failure(take->ctx));
		cb_failure_clear(take->ctx);
		return NULL;
	}
	if (!doc || doc->empty) {
		cbi_take_wrong(take, &none, "the file is empty");
		return NULL;
	}
	if (doc->error) {
		const char *why = strstr(doc->error, ": ");

		none.line = doc->line;
		none.column = doc->column;
		cbi_take_wrong(take, &none, "%s", why ? why + 2 : doc->error);
		return NULL;
	}
	if (doc->next && !doc->next->empty) {
		none.line = doc->next->line;
		none.column = doc->next->column;
		cbi_take_wrong(take, &none,
		               "a second document: a plugin is one");
		return NULL;
	}
	return doc->root;
}

int cbi_declare_read(struct cb_ctx *ctx, const struct cbi_declare_file *file,
                     const char *text, size_t len, struct cb_buf *mistakes,
                     json_t **out, json_t **tests)
{
	struct cbi_take take = { .ctx = ctx,
		                 .file = file,
		                 .mistakes = mistakes,
		                 .plugin = file->name };
	const struct cbi_yaml *root = parse(&take, text, len);

	if (!root)
		return CB_EINVAL;
	begin(&take);
	take_root(&take, root);
	if (take.count > 0) {
		json_decref(take.manifest);
		return CB_EINVAL;
	}
	*out = take.manifest;
	if (tests)
		*tests = take_tests(root);
	return CB_OK;
}

int cbi_declare_open(struct cb_ctx *ctx, const struct cbi_declare_file *file,
                     struct cb_buf *mistakes, json_t **out, json_t **tests)
{
	FILE *stream = fopen(file->path, "re");
	char *text = stream ? cb_alloc(ctx, CB_DECLARE_BYTES_MAX + 2) : NULL;
	size_t len;
	bool failed;

	if (!stream) {
		cb_buf_printf(mistakes, "%s:1:1: cannot be read: %s\n",
		              file->path, strerror(errno));
		return CB_EINVAL;
	}
	len = text ? fread(text, 1, CB_DECLARE_BYTES_MAX + 1, stream) : 0;
	failed = ferror(stream) != 0;
	fclose(stream);
	if (!text)
		return CB_ENOMEM;
	if (failed || len > CB_DECLARE_BYTES_MAX) {
		cb_buf_printf(mistakes, "%s:1:1: %s\n", file->path,
		              failed ? "cannot be read"
		                     : "is larger than 256 KiB");
		return CB_EINVAL;
	}
	return cbi_declare_read(ctx, file, text, len, mistakes, out, tests);
}
