/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin_new.c - `callboardctl plugin new NAME`: a folder of that name with a
 * plugin that works, and tests of it that pass.
 */
#include "ctl/ctl.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "src/ctl/new/templates.h"

/* Programs listen here until their author says otherwise. */
#define PORT "9411"

struct file {
	const char *name; /* @NAME@ in it, too */
	const char *text;
	mode_t mode;
};

struct kind {
	const char *tier, *lang;
	const char *serve; /* of a foreign one */
	const char *test;  /* the command that runs its tests */
	struct file files[4];
};

static const struct kind kinds[] = {
	{ .tier = "declarative",
	  .lang = "",
	  .test = "callboardctl plugin check --entity sample-entity.yaml "
	          "--values sample-values.json @NAME@.yaml",
	  .files = { { "@NAME@.yaml", template_declarative_yaml, 0644 },
	             { "sample-entity.yaml", template_entity_yaml, 0644 },
	             { "sample-values.json", template_values_json, 0644 } } },
	{ .tier = "native",
	  .lang = "",
	  .test = "make check",
	  .files = { { "@NAME@.c", template_native_c, 0644 },
	             { "Makefile", template_native_mk, 0644 },
	             { "sample-entity.yaml", template_entity_yaml, 0644 },
	             { "sample-values.json", template_values_json, 0644 } } },
	{ .tier = "foreign",
	  .lang = "python",
	  .serve = "http://127.0.0.1:" PORT,
	  .test = "python3 test_@NAME@.py",
	  .files = { { "@NAME@.yaml", template_foreign_yaml, 0644 },
	             { "@NAME@.py", template_python_py, 0644 },
	             { "test_@NAME@.py", template_python_test_py, 0644 } } },
	{ .tier = "foreign",
	  .lang = "node",
	  .serve = "http://127.0.0.1:" PORT,
	  .test = "node --test",
	  .files = { { "@NAME@.yaml", template_foreign_yaml, 0644 },
	             { "@NAME@.mjs", template_node_mjs, 0644 },
	             { "@NAME@.test.mjs", template_node_test_mjs, 0644 } } },
	{ .tier = "foreign",
	  .lang = "sh",
	  .serve = "fastcgi:unix:/run/@NAME@.sock",
	  .test = "sh test-@NAME@.sh",
	  .files = { { "@NAME@.yaml", template_foreign_yaml, 0644 },
	             { "@NAME@.sh", template_sh_sh, 0755 },
	             { "test-@NAME@.sh", template_sh_test_sh, 0755 } } },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* A name in C and Python, where '-' is none. */
static const char *id_of(struct cb_ctx *ctx, const char *name)
{
	char *id = cb_strdup(ctx, name);

	for (char *p = id; p && *p; p++)
		if (*p == '-')
			*p = '_';
	return id;
}

static int add(struct cb_buf *out, const char *text, const char *const *values)
{
	for (;;) {
		const char *at = strchr(text, '@');
		const char *const *v = values;

		if (!at)
			return cb_buf_text(out, text);
		cb_buf_add(out, text, (size_t)(at - text));
		while (*v && strncmp(at, *v, strlen(*v)) != 0)
			v += 2;
		if (*v)
			cb_buf_text(out, v[1]);
		else
			cb_buf_add(out, "@", 1);
		text = at + (*v ? strlen(*v) : 1);
	}
}

/* Lives with ctx; what is filled in may itself name the plugin. */
static const char *filled(struct cb_ctx *ctx, const char *text,
                          const char *name, const char *serve)
{
	const char *const values[] = {
		"@SERVE@",        serve ? serve : "", "@NAME@", name, "@ID@",
		id_of(ctx, name), "@PORT@",           PORT,     NULL
	};
	struct cb_buf buf;
	const char *out;

	cbi_buf_init(&buf, CB_MIB);
	out = add(&buf, text, values) == CB_OK
	          ? cb_strdup(ctx, cbi_buf_string(&buf))
	          : NULL;
	cbi_buf_finish(&buf);
	return out;
}

static int write_file(struct cbi_ctl *ctl, const char *name,
                      const struct kind *kind, const struct file *row)
{
	struct cb_ctx *ctx = &ctl->ctx;
	const char *serve =
	    kind->serve ? filled(ctx, kind->serve, name, NULL) : NULL;
	const char *text = filled(ctx, row->text, name, serve);
	/* Python finds a module by its name, which has no '-'. */
	const char *as =
	    strcmp(kind->lang, "python") == 0 && strstr(row->name, ".py")
		? id_of(ctx, name)
		: name;
	const char *path =
	    cb_printf(ctx, "%s/%s", name, filled(ctx, row->name, as, NULL));
	FILE *file = text && path ? fopen(path, "wxe") : NULL;
	bool good;

	if (!file)
		return cb_fail(ctx, CB_EAWAY, "%s: %s", path ? path : name,
		               strerror(errno));
	good = fputs(text, file) >= 0;
	good = fclose(file) == 0 && good && chmod(path, row->mode) == 0;
	if (!good)
		return cb_fail(ctx, CB_EAWAY, "%s: %s", path, strerror(errno));
	printf("  %s\n", path);
	return CB_OK;
}

static bool good_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len && len <= CB_NAME_MAX && !name[len] && name[0] >= 'a' &&
	       name[0] <= 'z';
}

static const struct kind *find(const char *tier, const char *lang)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].tier, tier) == 0 &&
		    (!*lang || strcmp(kinds[i].lang, lang) == 0))
			return &kinds[i];
	return NULL;
}

static int make(struct cbi_ctl *ctl, const char *name, const struct kind *kind)
{
	int rc = CB_OK;

	if (mkdir(name, 0755) < 0)
		return cb_fail(&ctl->ctx, CB_EAWAY, "%s: %s", name,
		               strerror(errno));
	for (size_t i = 0; i < sizeof(kind->files) / sizeof(kind->files[0]) &&
	                   kind->files[i].name && rc == CB_OK;
	     i++)
		rc = write_file(ctl, name, kind, &kind->files[i]);
	return rc;
}

int cbi_ctl_plugin_new(struct cbi_ctl *ctl, int argc, char **argv)
{
	const char *tier = cbi_ctl_option(&argc, argv, "--tier");
	const char *lang = cbi_ctl_option(&argc, argv, "--lang");
	const struct kind *kind;
	const char *as;

	if (!tier)
		tier = lang ? "foreign" : "declarative";
	kind = find(tier, lang ? lang : "");
	if (argc != 1)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "plugin new takes one name");
	if (!good_name(argv[0]))
		return cbi_ctl_complain(
		    CBI_EXIT_USAGE,
		    "'%s': expected a-z, 0-9 and '-', a letter first, at most "
		    "%d of them",
		    argv[0], CB_NAME_MAX);
	if (!kind)
		return cbi_ctl_complain(
		    CBI_EXIT_USAGE,
		    "--tier %s%s%s: expected declarative, native, or foreign "
		    "with --lang python, node or sh",
		    tier, lang ? " --lang " : "", lang ? lang : "");
	if (make(ctl, argv[0], kind) < 0)
		return cbi_ctl_fail(ctl);
	as = strcmp(kind->lang, "python") == 0 ? id_of(&ctl->ctx, argv[0])
	                                       : argv[0];
	printf("Its tests: cd %s && %s\n", argv[0],
	       filled(&ctl->ctx, kind->test, as, NULL));
	return CBI_EXIT_OK;
}
