/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin_check.c - `callboardctl plugin check FILE`: looks at a plugin as the
 * portal does, and draws each of its cards in each state that its tools can
 * put it into.  Needs no portal, no store and no config.
 *
 * Each card is drawn in a process of its own, so that one that crashes or
 * hangs says so and the others are drawn all the same.
 */
#include "ctl/ctl.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "catalog/entity.h"
#include "host/host.h"
#include "html/html.h"
#include "json/json.h"
#include "registry/registry.h"
#include "source/source.h"
#include "spawn/spawn.h"
#include "yaml/yaml.h"

/* What a card should stay below: it stands on a page with others. */
#define WEIGHT_MAX (64 * CB_KIB)
#define DRAW_US 50000
#define DRAW_S 2
#define FILE_MAX (1 * CB_MIB)
#define OLD_MS 3600000

/* What a card's source says. */
enum answer {
	ANSWER_VALUE, /* the sample */
	ANSWER_STALE, /* the same, an hour old */
	ANSWER_PENDING,
	ANSWER_NONE, /* the tool knows nothing of it */
	ANSWER_AWAY,
	ANSWER_NONSENSE,
	ANSWERS
};

static const char *const answer_names[ANSWERS] = {
	"normal", "stale", "slow", "empty", "error", "nonsense",
};

/* One drawing, and what came of it; from the process that draws. */
struct drawing {
	int outcome; /* enum cbi_card_outcome */
	int64_t us, bytes;
	char failure[256];
};

struct check {
	struct cbi_ctl *ctl;
	char dir[PATH_MAX];
	const json_t *values; /* by source; NULL: none are known */
	const char *entity;   /* as served */
	const char *plugin, *card;
	int pipe;
	bool failed;
	bool fell; /* the card took its process along */
};

/* For the function that stands in for sources, which has no argument: a
 * process draws one card in one state. */
static struct {
	enum answer answer;
	const json_t *values;
} told;

static int tell(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                int budget_ms, struct cbi_source_value *out)
{
	const json_t *value = json_object_get(told.values, ref->source);
	int64_t now = cbi_clock_wall_ms();
	bool old = told.answer == ANSWER_STALE;

	(void)budget_ms;
	switch (told.answer) {
	case ANSWER_PENDING:
		return CB_EPENDING;
	case ANSWER_NONE:
		return cb_fail(ctx, CB_ENOENT, "the tool knows no '%s'",
		               ref->key);
	case ANSWER_AWAY:
		return cb_fail(ctx, CB_EAWAY, "the tool does not answer");
	default:
		break;
	}
	memset(out, 0, sizeof(*out));
	out->fetched_at = old ? now - OLD_MS : now;
	out->fresh_until = old ? now - 1 : now + OLD_MS;
	out->stale_until = now + OLD_MS;
	out->note = "";
	if (told.answer == ANSWER_NONSENSE)
		out->body = "[[\"nonsense\"]]";
	else if (json_is_string(value))
		out->body = json_string_value(value);
	else
		out->body = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (!out->body)
		return cb_fail(ctx, CB_ENOENT, "--values has no source '%s'",
		               ref->source);
	out->len = strlen(out->body);
	return CB_OK;
}

/* ---- In the process that draws ------------------------------------------- */

static int draw(struct cb_ctx *ctx, const struct check *check,
                struct drawing *out)
{
	const struct cbi_host_joins joins = {
		.config = check->ctl->config,
		.registry = check->ctl->registry,
		.value = tell,
	};
	struct cbi_card_result result;
	const struct cb_entity *entity;
	struct cbi_host *host;
	struct cb_html html;
	struct cb_buf buf;
	int64_t began;
	int rc = cbi_host_load(ctx, &joins, "tools", &host);

	if (rc == CB_OK)
		rc = cbi_entity_create(ctx, check->entity,
		                       strlen(check->entity), &entity);
	if (rc < 0)
		return rc;
	cbi_buf_init(&buf, CB_CARD_HTML_MAX);
	cbi_html_init(&html, ctx, &buf, "check", 3);
	began = cbi_clock_us();
	cbi_host_draw_card(ctx, host, check->plugin, check->card, entity, &html,
	                   &result);
	out->us = cbi_clock_us() - began;
	out->outcome = result.outcome;
	out->bytes = (int64_t)buf.len;
	cbi_str_copy(out->failure, sizeof(out->failure), result.failure);
	cbi_buf_finish(&buf);
	cbi_host_finish(host);
	return CB_OK;
}

static int run_child(void *arg)
{
	const struct check *check = arg;
	struct drawing drawing = { .outcome = -1 };
	struct cbi_lane lane;
	struct cb_ctx ctx;

	alarm(DRAW_S);
	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	if (draw(&ctx, check, &drawing) < 0)
		cbi_str_copy(drawing.failure, sizeof(drawing.failure),
		             cb_failure(&ctx));
	return write(check->pipe, &drawing, sizeof(drawing)) ==
	               (ssize_t)sizeof(drawing)
	           ? 0
	           : 1;
}

/* ---- What came of it ----------------------------------------------------- */

static const char *outcome_name(int outcome)
{
	static const char *const names[] = { "drawn", "nothing", "placeholder",
		                             "grey", "gone" };

	return outcome >= 0 && outcome <= CBI_CARD_GONE ? names[outcome]
	                                                : "failed";
}

/* Why it is not as it should be; NULL: it is. */
static const char *complaint(struct cb_ctx *ctx, enum answer answer,
                             const struct drawing *drawing)
{
	bool value = answer == ANSWER_VALUE || answer == ANSWER_STALE;

	if (drawing->outcome < 0 || drawing->outcome == CBI_CARD_GONE)
		return drawing->failure[0] ? drawing->failure
		                           : "it was not drawn";
	if (value && drawing->outcome == CBI_CARD_GREY)
		return drawing->failure;
	if (value && drawing->outcome == CBI_CARD_NOTE)
		return "the sample has nothing for it: give an entity that "
		       "has, by --entity";
	if (cbi_str_starts(drawing->failure, "EBUG") ||
	    cbi_str_starts(drawing->failure, "ENOMEM"))
		return drawing->failure;
	if (drawing->bytes > (int64_t)WEIGHT_MAX)
		return cb_printf(ctx, "%lld bytes, expected at most %d",
		                 (long long)drawing->bytes, (int)WEIGHT_MAX);
	if (drawing->us > DRAW_US)
		return cb_printf(ctx, "took %lld ms, expected at most %d",
		                 (long long)drawing->us / 1000, DRAW_US / 1000);
	return NULL;
}

static const char *ended(struct cb_ctx *ctx, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return cb_printf(ctx, "was not drawn within %d s", DRAW_S);
	if (WIFSIGNALED(status))
		return cb_printf(ctx, "crashed (%s)",
		                 strsignal(WTERMSIG(status)));
	return cb_printf(ctx, "ended its process (exit %d)",
	                 WEXITSTATUS(status));
}

static int draw_one(struct check *check, enum answer answer)
{
	struct cb_ctx *ctx = &check->ctl->ctx;
	struct drawing drawing;
	const char *why;
	int ends[2], status = 0;
	ssize_t n = 0;
	pid_t pid;

	if (pipe(ends) < 0)
		return cb_fail(ctx, CB_EAWAY, "no pipe to be had");
	check->pipe = ends[1];
	told.answer = answer;
	told.values = check->values;
	if (cbi_spawn_start(ctx, run_child, check, &pid) < 0)
		return CB_EAWAY;
	close(ends[1]);
	n = read(ends[0], &drawing, sizeof(drawing));
	close(ends[0]);
	if (waitpid(pid, &status, 0) < 0)
		return cb_fail(ctx, CB_EAWAY, "its process is lost");
	if (n != (ssize_t)sizeof(drawing)) {
		why = ended(ctx, status);
		printf("FAIL  %-20s %-9s %s\n", check->card,
		       answer_names[answer], why);
		check->failed = check->fell = true;
		return CB_OK;
	}
	why = complaint(ctx, answer, &drawing);
	printf("%-5s %-20s %-9s %-11s %6lld bytes %8.2f ms%s%s\n",
	       why ? "FAIL" : "ok", check->card, answer_names[answer],
	       outcome_name(drawing.outcome), (long long)drawing.bytes,
	       (double)drawing.us / 1000, why ? "  " : "", why ? why : "");
	if (why)
		check->failed = true;
	return CB_OK;
}

/* ---- What it looks at ---------------------------------------------------- */

static int slurp(struct cb_ctx *ctx, const char *path, const char **text,
                 size_t *len)
{
	FILE *file = fopen(path, "re");
	char *data;

	if (!file)
		return cb_fail(ctx, CB_EINVAL, "%s: cannot be opened", path);
	data = cb_alloc(ctx, FILE_MAX + 1);
	*len = data ? fread(data, 1, FILE_MAX, file) : 0;
	fclose(file);
	*text = data;
	return data ? CB_OK : CB_ENOMEM;
}

/* The sample as it would be served: with the relations that draws look at. */
static int read_entity(struct check *check, const char *path)
{
	static const char usual[] =
	    "{apiVersion: backstage.io/v1alpha1, kind: Component, metadata: "
	    "{name: sample}, spec: {type: service, lifecycle: production, "
	    "owner: group:default/crew}}";
	struct cb_ctx *ctx = &check->ctl->ctx;
	const char *text = usual;
	size_t len = sizeof(usual) - 1;
	json_t *root, *metadata;
	char *dumped;
	int rc = path ? slurp(ctx, path, &text, &len) : CB_OK;

	if (rc == CB_OK)
		rc = cbi_yaml_one(ctx, text, len, &root);
	if (rc == CB_OK)
		rc = cbi_json_keep(ctx, root);
	if (rc < 0)
		return rc;
	metadata = json_object_get(root, "metadata");
	if (!json_is_object(metadata))
		return cb_fail(ctx, CB_EINVAL, "%s: is no entity", path);
	if (!json_object_get(metadata, "namespace"))
		json_object_set_new(metadata, "namespace",
		                    json_string("default"));
	json_object_set_new(root, "relations",
	                    json_pack("[{s:s, s:s}]", "type", "ownedBy",
	                              "targetRef", "group:default/crew"));
	dumped = json_dumps(root, JSON_COMPACT);
	check->entity = dumped ? cb_strdup(ctx, dumped) : NULL;
	free(dumped);
	return check->entity ? CB_OK : CB_ENOMEM;
}

static int read_values(struct check *check, const char *path)
{
	struct cb_ctx *ctx = &check->ctl->ctx;
	const char *text;
	json_t *root;
	size_t len;
	int rc = slurp(ctx, path, &text, &len);

	if (rc == CB_OK)
		rc = cb_json_parse(ctx, text, len, &root);
	if (rc == CB_OK && !json_is_object(root))
		rc = cb_fail(ctx, CB_EINVAL,
		             "expected an object of values, by source");
	if (rc < 0) {
		const char *why = cb_strdup(ctx, cb_failure(ctx));

		cb_failure_clear(ctx);
		return cb_fail(ctx, rc, "%s: %s", path, why ? why : "");
	}
	check->values = root;
	return CB_OK;
}

/* A folder with the plugin, and a config that knows that folder alone, after
 * what the author gives. */
static int make_folder(struct check *check, const char *file)
{
	struct cbi_ctl *ctl = check->ctl;
	const char *slash = strrchr(file, '/');
	char real[PATH_MAX], path[3 * PATH_MAX];
	FILE *config;
	bool good;

	if (!realpath(file, real))
		return cb_fail(&ctl->ctx, CB_EINVAL, "%s: cannot be opened",
		               file);
	cbi_str_copy(check->dir, sizeof(check->dir), "/tmp/callboard-XXXXXX");
	if (!mkdtemp(check->dir))
		return cb_fail(&ctl->ctx, CB_EAWAY, "no folder in /tmp");
	snprintf(path, sizeof(path), "%s/plugins", check->dir);
	good = mkdir(path, 0755) == 0;
	snprintf(path, sizeof(path), "%s/plugins/%s", check->dir,
	         slash ? slash + 1 : file);
	good = good && symlink(real, path) == 0;
	snprintf(path, sizeof(path), "%s/callboard.yaml", check->dir);
	config = good ? fopen(path, "we") : NULL;
	if (!config)
		return cb_fail(&ctl->ctx, CB_EAWAY, "%s: cannot be written",
		               check->dir);
	fprintf(config,
	        "backend:\n  pluginDirs: ['%s/plugins']\n  runDir: '%s'\n"
	        "  stateDir: '%s'\n",
	        check->dir, check->dir, check->dir);
	fclose(config);
	return cbi_ctl_load_with(ctl, path) < 0 ? CB_EINVAL : CB_OK;
}

static void remove_folder(const struct check *check, const char *file)
{
	static const char *const names[] = { "plugins", "callboard.yaml",
		                             "registry.json" };
	const char *slash = strrchr(file, '/');
	char path[3 * PATH_MAX];

	if (!check->dir[0])
		return;
	snprintf(path, sizeof(path), "%s/plugins/%s", check->dir,
	         slash ? slash + 1 : file);
	unlink(path);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", check->dir, names[i]);
		remove(path);
	}
	rmdir(check->dir);
}

static int look(struct check *check, const struct cbi_plugin_entry **out)
{
	struct cbi_ctl *ctl = check->ctl;
	const char *path = cb_printf(&ctl->ctx, "%s/registry.json", check->dir);
	const struct cbi_plugin_entry *entries;
	const struct cbi_snapshot *snapshot;
	int rc;

	rc = path ? cbi_registry_scan(&ctl->ctx, ctl->config, cbi_host_filter(),
	                              path)
	          : CB_ENOMEM;
	/* The second look compiles shapes, too: a start has no time for it. */
	if (rc == CB_OK)
		rc = cbi_registry_rescan(&ctl->ctx, ctl->config,
		                         cbi_host_filter(), path);
	if (rc == CB_OK)
		rc = cbi_registry_create(&ctl->ctx, path, NULL, 0,
		                         cbi_host_filter(),
		                         &check->ctl->registry);
	if (rc == CB_OK)
		rc = cbi_registry_look(&ctl->ctx, check->ctl->registry,
		                       &snapshot);
	if (rc < 0)
		return rc;
	if (cbi_snapshot_plugins(snapshot, &entries) != 1)
		return cb_fail(&ctl->ctx, CB_EINVAL,
		               "it is no plugin: expected NAME.so or "
		               "NAME.yaml");
	*out = entries;
	return CB_OK;
}

static int draw_all(struct check *check, const struct cbi_plugin_entry *plugin)
{
	int rc = CB_OK;

	check->plugin = plugin->name;
	for (size_t i = 0; i < plugin->card_count; i++) {
		check->fell = false;
		for (int k = 0; k < ANSWERS && rc == CB_OK && !check->fell;
		     k++) {
			if (!check->values && k <= ANSWER_STALE)
				continue;
			check->card = plugin->cards[i].name;
			rc = draw_one(check, (enum answer)k);
		}
	}
	return rc;
}

/* A mistake's place begins with the folder made for it, which nobody knows. */
static const char *without_folder(const struct check *check, const char *reason)
{
	size_t len = strlen(check->dir);

	if (strncmp(reason, check->dir, len) == 0 &&
	    strncmp(reason + len, "/plugins/", 9) == 0)
		return reason + len + 9;
	return reason;
}

static int check_file(struct check *check, const char *file, const char *entity,
                      const char *values)
{
	const struct cbi_plugin_entry *plugin;
	int rc = make_folder(check, file);

	if (rc == CB_OK)
		rc = read_entity(check, entity);
	if (rc == CB_OK && values)
		rc = read_values(check, values);
	if (rc == CB_OK)
		rc = look(check, &plugin);
	if (rc < 0)
		return cbi_ctl_fail(check->ctl);
	if (*plugin->trouble)
		return cbi_ctl_complain(CBI_EXIT_PLUGIN, "%s: %s", plugin->name,
		                        without_folder(check, plugin->trouble));
	if (plugin->refused)
		return cbi_ctl_complain(CBI_EXIT_PLUGIN, "%s: %s", plugin->name,
		                        without_folder(check, plugin->reason));
	printf("%s %s, %s, contract and tables are in order\n", plugin->name,
	       plugin->version, plugin->tier);
	if (!values)
		printf("      no --values: cards are not drawn with a value\n");
	rc = draw_all(check, plugin);
	if (rc < 0)
		return cbi_ctl_fail(check->ctl);
	return check->failed ? CBI_EXIT_PLUGIN : CBI_EXIT_OK;
}

int cbi_ctl_plugin_check(struct cbi_ctl *ctl, int argc, char **argv)
{
	const char *entity = cbi_ctl_option(&argc, argv, "--entity");
	const char *values = cbi_ctl_option(&argc, argv, "--values");
	struct check check = { .ctl = ctl };
	int rc;

	if (argc != 1)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "plugin check takes one file");
	setvbuf(stdout, NULL, _IOLBF, 0);
	rc = check_file(&check, argv[0], entity, values);
	remove_folder(&check, argv[0]);
	return rc;
}
