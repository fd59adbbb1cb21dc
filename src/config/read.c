/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read.c - one file after another becomes the merged document.
 *
 * Values are expanded while they are merged: ${ENV} in texts, {$env}, {$file}
 * and {$include} in place of a value.  The place of every value is kept.
 */
#include "config/config_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "yaml/yaml.h"

#define FILE_MAX (4 * CB_MIB)
/* Includes in includes: more is a cycle. */
#define INCLUDE_MAX 8

/* Where merging stands. */
struct merge {
	struct cbi_config *config;
	const struct cbi_config_file *file;
	int depth; /* of includes */
};

static json_t *expand(struct merge *m, const struct cbi_yaml *value,
                      const char *path);

static int read_all(struct cb_ctx *ctx, const char *name, char **out,
                    size_t *len)
{
	struct stat st;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t got = 0;

	if (fd < 0)
		return cb_fail(ctx, CB_ENOENT, "%s", strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return cb_fail(ctx, CB_EINVAL, "not a regular file");
	}
	if (st.st_size > FILE_MAX) {
		close(fd);
		return cb_fail(ctx, CB_ETOOBIG, "larger than %d MiB",
		               FILE_MAX / CB_MIB);
	}
	*out = cb_alloc(ctx, (size_t)st.st_size + 1);
	while (*out && got < (size_t)st.st_size) {
		ssize_t n = read(fd, *out + got, (size_t)st.st_size - got);

		if (n <= 0)
			break;
		got += (size_t)n;
	}
	close(fd);
	*len = got;
	return *out ? CB_OK : CB_ENOMEM;
}

/* Reads a file and keeps it; NULL after the failure was reported. */
static struct cbi_config_file *keep_file(struct cbi_config *config,
                                         const char *name)
{
	struct cbi_config_file *file = cb_alloc(&config->ctx, sizeof(*file));
	char *text;

	if (!file)
		return NULL;
	file->name = cb_strdup(&config->ctx, name);
	if (read_all(&config->ctx, name, &text, &file->len) < 0) {
		cb_buf_printf(config->report, "%s: cannot be read: %s\n", name,
		              cb_failure(&config->ctx));
		cb_failure_clear(&config->ctx);
		config->errors++;
		return NULL;
	}
	file->text = text;
	file->next = config->files;
	config->files = file;
	return file;
}

static void remember(struct merge *m, const char *path,
                     const struct cbi_yaml *value)
{
	struct cbi_config *config = m->config;
	struct cbi_config_place *place;

	if (!path)
		return; /* no memory, which the context knows */
	HASH_FIND_STR(config->places, path, place);
	if (!place) {
		place = cb_alloc(&config->ctx, sizeof(*place));
		if (!place)
			return;
		place->path = path;
		HASH_ADD_KEYPTR(hh, config->places, path, strlen(path), place);
	}
	place->file = m->file;
	place->line = value->key_line ? value->key_line : value->line;
	place->column = value->key_column ? value->key_column : value->column;
}

/* A name that a file uses is relative to that file. */
static const char *beside(struct merge *m, const char *name)
{
	const char *slash = strrchr(m->file->name, '/');

	if (name[0] == '/' || !slash)
		return name;
	return cb_printf(&m->config->ctx, "%.*s/%s",
	                 (int)(slash - m->file->name), m->file->name, name);
}

/* Appends what ${...} at p stands for; returns what follows it. */
static const char *expand_one(struct merge *m, const struct cbi_yaml *value,
                              const char *p, struct cb_buf *out, bool *unset)
{
	const char *end = strchr(p, '}');
	const char *text, *fallback;
	char *name;

	if (!end) {
		cbi_config_error_at(m->config, m->file, value->line,
		                    value->column, "'${' without '}'");
		return p + strlen(p);
	}
	name = cb_strndup(&m->config->ctx, p + 2, (size_t)(end - p) - 2);
	if (!name)
		return end + 1;
	fallback = strstr(name, ":-");
	if (fallback) {
		name[fallback - name] = '\0';
		fallback += 2;
	}
	text = getenv(name);
	if (!text || !*text)
		text = fallback;
	if (text)
		cb_buf_text(out, text);
	else
		*unset = true;
	return end + 1;
}

/* The text with every ${NAME} replaced; NULL when one is not set. */
static const char *expand_text(struct merge *m, const struct cbi_yaml *value)
{
	const char *p = value->text, *result;
	struct cb_buf out;
	bool unset = false;

	if (!strstr(p, "${"))
		return p;
	cbi_buf_init(&out, CB_MIB);
	while (*p) {
		if (cbi_str_starts(p, "$${")) {
			cb_buf_text(&out, "${");
			p += 3;
		} else if (cbi_str_starts(p, "${")) {
			p = expand_one(m, value, p, &out, &unset);
		} else {
			cb_buf_add(&out, p++, 1);
		}
	}
	result = cb_strdup(&m->config->ctx, cbi_buf_string(&out));
	cbi_buf_finish(&out);
	return unset ? NULL : result;
}

static json_t *text_of_file(struct merge *m, const struct cbi_yaml *value,
                            const char *name)
{
	struct cbi_config *config = m->config;
	char *text;
	size_t len;

	if (read_all(&config->ctx, beside(m, name), &text, &len) < 0) {
		cbi_config_error_at(config, m->file, value->line, value->column,
		                    "$file: %s: %s", name,
		                    cb_failure(&config->ctx));
		cb_failure_clear(&config->ctx);
		return NULL;
	}
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	text[len] = '\0';
	return json_string(text);
}

/* The root of the only document of a file; NULL when there is none. */
static const struct cbi_yaml *parse_file(struct cbi_config *config,
                                         const struct cbi_config_file *file)
{
	struct cbi_yaml_doc *doc;

	if (cbi_yaml_parse(&config->ctx, file->text, file->len, &doc) < 0) {
		cbi_config_error_at(config, file, 1, 1, "%s",
		                    cb_failure(&config->ctx));
		cb_failure_clear(&config->ctx);
		return NULL;
	}
	while (doc && doc->empty)
		doc = doc->next;
	if (!doc)
		return NULL;
	if (doc->error) {
		cbi_config_error_at(config, file, doc->line, doc->column, "%s",
		                    doc->error);
		return NULL;
	}
	if (doc->next && !doc->next->empty)
		cbi_config_error_at(config, file, doc->next->line, 1,
		                    "a second document, expected one");
	return doc->root;
}

static json_t *include(struct merge *m, const struct cbi_yaml *value,
                       const char *name, const char *path)
{
	struct merge inner = { m->config, NULL, m->depth + 1 };
	const struct cbi_yaml *root;

	if (inner.depth > INCLUDE_MAX) {
		cbi_config_error_at(m->config, m->file, value->line,
		                    value->column,
		                    "$include: %s: more than %d deep, a cycle?",
		                    name, INCLUDE_MAX);
		return NULL;
	}
	inner.file = keep_file(m->config, beside(m, name));
	if (!inner.file)
		return NULL;
	root = parse_file(m->config, inner.file);
	return root ? expand(&inner, root, path) : json_null();
}

/* {$env: X}, {$file: X}, {$include: X}; false when value is none of them. */
static bool expand_special(struct merge *m, const struct cbi_yaml *value,
                           const char *path, json_t **out)
{
	const struct cbi_yaml *only = value->first;
	const char *text;

	if (value->count != 1 || only->key[0] != '$' ||
	    only->type != CBI_YAML_TEXT)
		return false;
	if (strcmp(only->key, "$env") == 0) {
		text = getenv(only->text);
		*out = text ? json_string(text) : NULL;
		return true;
	}
	text = expand_text(m, only);
	if (!text)
		text = "";
	if (strcmp(only->key, "$file") == 0)
		*out = text_of_file(m, only, text);
	else if (strcmp(only->key, "$include") == 0)
		*out = include(m, only, text, path);
	else
		return false;
	return true;
}

static const char *path_of(struct merge *m, const char *path, const char *name)
{
	const char *joined;

	if (!*path)
		return name;
	joined = cb_printf(&m->config->ctx, "%s.%s", path, name);
	return joined ? joined : path;
}

static json_t *expand_map(struct merge *m, const struct cbi_yaml *value,
                          const char *path)
{
	json_t *map;

	if (expand_special(m, value, path, &map))
		return map;
	map = json_object();
	for (const struct cbi_yaml *v = value->first; v; v = v->next) {
		json_t *member = expand(m, v, path_of(m, path, v->key));

		if (member)
			json_object_set_new(map, v->key, member);
	}
	return map;
}

static json_t *expand_list(struct merge *m, const struct cbi_yaml *value,
                           const char *path)
{
	json_t *list = json_array();
	int i = 0;

	for (const struct cbi_yaml *v = value->first; v; v = v->next) {
		char number[16];
		json_t *item;

		snprintf(number, sizeof(number), "%d", i);
		item = expand(
		    m, v, path_of(m, path, cb_strdup(&m->config->ctx, number)));
		if (item) {
			json_array_append_new(list, item);
			i++;
		}
	}
	return list;
}

/* A new reference; NULL leaves the key out. */
static json_t *expand(struct merge *m, const struct cbi_yaml *value,
                      const char *path)
{
	const char *text;

	remember(m, path, value);
	switch (value->type) {
	case CBI_YAML_MAP:
		return expand_map(m, value, path);
	case CBI_YAML_LIST:
		return expand_list(m, value, path);
	case CBI_YAML_TEXT:
		text = expand_text(m, value);
		return text ? json_string(text) : NULL;
	default:
		return cbi_yaml_json(value);
	}
}

/* The places of a value that is taken as it stands. */
static void remember_all(struct merge *m, const struct cbi_yaml *value,
                         const char *path)
{
	char number[16];
	int i = 0;

	remember(m, path, value);
	for (const struct cbi_yaml *v = value->first; v; v = v->next) {
		snprintf(number, sizeof(number), "%d", i++);
		remember_all(m, v,
		             cb_printf(&m->config->ctx, "%s.%s", path,
		                       v->key ? v->key : number));
	}
}

json_t *cbi_config_read_beside(struct cbi_config *config, const char *path,
                               const char *name)
{
	const struct cbi_config_place *place = cbi_config_place(config, path);
	struct merge m = { config, place ? place->file : NULL, 0 };
	const struct cbi_yaml *root;

	if (!m.file)
		return NULL;
	m.file = keep_file(config, beside(&m, name));
	root = m.file ? parse_file(config, m.file) : NULL;
	if (!root)
		return NULL;
	remember_all(&m, root, path);
	return cbi_yaml_json(root);
}

/* Maps merge deeply, everything else is replaced.  Takes over from. */
static void merge_into(json_t *into, json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach(from, key, value)
	{
		json_t *old = json_object_get(into, key);

		if (json_is_object(old) && json_is_object(value))
			merge_into(old, json_incref(value));
		else
			json_object_set(into, key, value);
	}
	json_decref(from);
}

void cbi_config_merge_file(struct cbi_config *config, const char *name)
{
	struct merge m = { config, keep_file(config, name), 0 };
	const struct cbi_yaml *root;
	json_t *map;

	if (!m.file)
		return;
	root = parse_file(config, m.file);
	if (!root)
		return;
	if (root->type != CBI_YAML_MAP) {
		cbi_config_error_at(config, m.file, root->line, root->column,
		                    "expected keys and values at the top");
		return;
	}
	map = expand(&m, root, "");
	if (json_is_object(map))
		merge_into(config->root, map);
	else
		json_decref(map);
}
