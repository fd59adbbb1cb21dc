/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jenkins - the last builds of a component's job.
 *
 * The annotation `jenkins.io/job-full-name` names the job with its folders
 * ("team/service"); a controller's name before a colon, which other portals
 * allow there, is left out.  One request per job brings what the card shows
 * (Jenkins' remote access API, 2.4xx: `tree` says which fields).  An hour-old
 * answer is better than none while a new one is fetched.
 */

#include <callboard/callboard.h>

#include <string.h>

#define ANNOTATION "jenkins.io/job-full-name"
/* Folders in folders: deeper ones nobody has, and an address has an end. */
#define DEPTH_MAX 8
#define BUILDS_MAX 20
#define TREE                                                               \
	"fullDisplayName,url,builds[number,url,result,building,timestamp," \
	"duration,actions[failCount,totalCount]]{0,20}"

struct jenkins {
	const char *url;
	int builds;
	int fresh;
};

static const struct cb_key keys[] = {
	CB_KEY_URL(struct jenkins, url, NULL,
	           "Address of the controller, or the connection to it"),
	CB_KEY_INT(struct jenkins, builds, "6", 1, BUILDS_MAX,
	           "How many builds the card shows"),
	CB_KEY_SECS(struct jenkins, fresh, "60", "How long an answer is new"),
	CB_END,
};

/* ---- Asking
 * ------------------------------------------------------------------ */

/* The address of a job: "a/b" is /job/a/job/b. */
static int job_url(struct cb_ctx *ctx, const char *base, const char *job,
                   const char **out)
{
	const char *part[2 * DEPTH_MAX + 3] = { NULL };
	char *rest = cb_strdup(ctx, job);
	size_t n = 0;

	while (rest && *rest) {
		char *slash = strchr(rest, '/');

		if (slash)
			*slash = '\0';
		if (*rest) {
			if (n == (size_t)2 * DEPTH_MAX)
				return cb_fail(ctx, CB_EINVAL,
				               "job '%s' lies in more than %d "
				               "folders",
				               job, DEPTH_MAX - 1);
			part[n++] = "job";
			part[n++] = rest;
		}
		rest = slash ? slash + 1 : NULL;
	}
	if (n == 0)
		return cb_fail(ctx, CB_EINVAL, "'%s' is no job's name", job);
	part[n++] = "api";
	part[n] = "json";
	/* The first NULL ends the list. */
	*out = cb_url(ctx, base, part[0], part[1], part[2], part[3], part[4],
	              part[5], part[6], part[7], part[8], part[9], part[10],
	              part[11], part[12], part[13], part[14], part[15],
	              part[16], part[17], NULL);
	return *out ? CB_OK : cb_failure_code(ctx);
}

/* How many tests failed, of how many: -1 when none were run. */
static void tests_of(json_t *build, json_t *row)
{
	json_t *actions = cb_json_at(build, "actions"), *action;
	size_t i;

	json_array_foreach(actions, i, action)
	{
		double total = cb_json_number(action, "totalCount", -1);

		if (total < 0)
			continue;
		json_object_set_new(row, "tests", json_real(total));
		json_object_set_new(
		    row, "failed",
		    json_real(cb_json_number(action, "failCount", 0)));
		return;
	}
}

static json_t *shape_build(json_t *build)
{
	bool building = json_is_true(cb_json_at(build, "building"));
	json_t *row;

	row = json_pack("{s:f, s:s, s:s, s:f, s:f}", "number",
	                cb_json_number(build, "number", 0), "url",
	                cb_json_text(build, "url", ""), "result",
	                building ? "BUILDING"
	                         : cb_json_text(build, "result", "UNKNOWN"),
	                "at", cb_json_number(build, "timestamp", 0), "took",
	                cb_json_number(build, "duration", 0));
	if (row)
		tests_of(build, row);
	return row;
}

/* Of an answer, what the card needs. */
static int shape(struct cb_ctx *ctx, json_t *answer, struct cb_buf *out)
{
	json_t *builds = cb_json_at(answer, "builds"), *build, *kept, *list;
	size_t i;
	int rc;

	if (!json_is_array(builds))
		return cb_fail(ctx, CB_EUPSTREAM,
		               "jenkins answered without a list of builds");
	list = json_array();
	json_array_foreach(builds, i, build)
	{
		if (i < BUILDS_MAX)
			json_array_append_new(list, shape_build(build));
	}
	kept = json_pack("{s:s, s:o}", "url", cb_json_text(answer, "url", ""),
	                 "builds", list);
	rc = kept ? cb_json_write(out, kept) : CB_ENOMEM;
	json_decref(kept);
	return rc;
}

static int ask_jenkins(struct cb_ctx *ctx, void *state, const char *job,
                       struct cb_buf *out)
{
	const struct jenkins *jenkins = state;
	const struct cb_reply *reply;
	const char *url;
	json_t *answer;
	int rc;

	rc = job_url(ctx, jenkins->url, job, &url);
	if (rc < 0)
		return rc;
	url = cb_url_arg(ctx, url, "tree", TREE);
	if (!url)
		return cb_failure_code(ctx);
	rc = cb_http_get(ctx, url, &reply);
	if (rc < 0)
		return rc;
	if (cb_json_parse(ctx, reply->body, reply->body_len, &answer) < 0) {
		cb_failure_clear(ctx);
		return cb_fail(ctx, CB_EUPSTREAM,
		               "jenkins answered with something that is not "
		               "JSON");
	}
	return shape(ctx, answer, out);
}

/* Is the controller there, and does it let us in? */
static int probe_jenkins(struct cb_ctx *ctx, void *state)
{
	const struct jenkins *jenkins = state;
	const struct cb_reply *reply;
	const char *url = cb_url(ctx, jenkins->url, "api", "json", NULL);

	if (url)
		url = cb_url_arg(ctx, url, "tree", "mode");
	return url ? cb_http_get(ctx, url, &reply) : cb_failure_code(ctx);
}

static int job_of(struct cb_ctx *ctx, void *state,
                  const struct cb_entity *entity, const char **key)
{
	const char *job = cb_entity_annotation(entity, ANNOTATION), *colon;

	(void)ctx;
	(void)state;
	if (!job || !*job)
		return CB_ENOKEY;
	colon = strchr(job, ':');
	*key = colon ? colon + 1 : job;
	return CB_OK;
}

/* ---- Drawing
 * ----------------------------------------------------------------- */

static const struct {
	const char *result, *word;
	enum cb_tone tone;
} results[] = {
	{ "SUCCESS", "Passed", CB_TONE_GOOD },
	{ "FAILURE", "Failed", CB_TONE_BAD },
	{ "UNSTABLE", "Unstable", CB_TONE_WARN },
	{ "ABORTED", "Aborted", CB_TONE_NEUTRAL },
	{ "NOT_BUILT", "Not built", CB_TONE_NEUTRAL },
	{ "BUILDING", "Building", CB_TONE_BUSY },
};
#define RESULTS (sizeof(results) / sizeof(results[0]))

static void draw_result(struct cb_ctx *ctx, const char *result,
                        struct cb_html *html)
{
	for (size_t i = 0; i < RESULTS; i++)
		if (strcmp(results[i].result, result) == 0) {
			cb_html_status(html, results[i].tone,
			               cb_tr(ctx, results[i].word));
			return;
		}
	cb_html_status(html, CB_TONE_NEUTRAL, result);
}

/* A number of the tool as milliseconds; 0 for what no clock could say. */
static int64_t millis(json_t *build, const char *name)
{
	double value = cb_json_number(build, name, 0);

	return value >= 0 && value < 1e15 ? (int64_t)value : 0;
}

static void draw_build(struct cb_ctx *ctx, json_t *build, struct cb_html *html)
{
	const char *result = cb_json_text(build, "result", "UNKNOWN");
	const char *name;

	name = cb_printf(ctx, "#%.0f", cb_json_number(build, "number", 0));
	cb_html_row_open(html);
	cb_html_cell_open(html);
	cb_html_link(html, name, cb_json_text(build, "url", ""));
	cb_html_cell_close(html);
	cb_html_cell_open(html);
	draw_result(ctx, result, html);
	cb_html_cell_close(html);
	cb_html_cell_open(html);
	cb_html_time(html, millis(build, "at"));
	cb_html_cell_close(html);
	cb_html_cell_open(html);
	if (strcmp(result, "BUILDING") == 0)
		cb_html_text(html, NULL);
	else
		cb_html_duration(html, millis(build, "took"));
	cb_html_cell_close(html);
	cb_html_row_close(html);
}

/* Builds that came to an end, of those that are shown. */
static void draw_summary(struct cb_ctx *ctx, json_t *builds, size_t n,
                         struct cb_html *html)
{
	size_t passed = 0, ended = 0;
	double tests = -1, failed = 0;
	enum cb_tone tone = CB_TONE_WARN;

	for (size_t i = 0; i < n; i++) {
		json_t *build = json_array_get(builds, i);
		const char *result = cb_json_text(build, "result", "");

		if (strcmp(result, "BUILDING") == 0)
			continue;
		ended++;
		passed += strcmp(result, "SUCCESS") == 0;
		if (tests < 0) {
			tests = cb_json_number(build, "tests", -1);
			failed = cb_json_number(build, "failed", 0);
		}
	}
	if (passed == ended)
		tone = CB_TONE_GOOD;
	else if (passed * 2 < ended)
		tone = CB_TONE_BAD;
	if (ended)
		cb_html_stat(html, tone, "Passed builds",
		             cb_printf(ctx, "%zu of %zu", passed, ended), NULL);
	if (tests >= 0)
		cb_html_stat(
		    html, failed > 0 ? CB_TONE_BAD : CB_TONE_GOOD,
		    "Passed tests",
		    cb_printf(ctx, "%.0f of %.0f", tests - failed, tests),
		    NULL);
}

/* How long builds took, from the oldest to the newest. */
static void draw_trend(json_t *builds, struct cb_html *html)
{
	double took[BUILDS_MAX];
	size_t n = 0;

	for (size_t i = json_array_size(builds); i-- > 0 && n < BUILDS_MAX;) {
		double ms =
		    cb_json_number(json_array_get(builds, i), "took", 0);

		if (ms > 0)
			took[n++] = ms;
	}
	if (n >= 3)
		cb_html_sparkline(html, "Duration of builds, oldest to newest",
		                  took, n);
}

static void draw_builds(struct cb_ctx *ctx, const struct jenkins *jenkins,
                        json_t *answer, struct cb_html *html)
{
	static const char *const heads[] = { "Build", "Result", "Started",
		                             "Duration", NULL };
	json_t *builds = cb_json_at(answer, "builds");
	size_t n = json_array_size(builds);

	if (n == 0) {
		cb_html_empty(html, "This job was never built.", NULL);
		return;
	}
	if (n > (size_t)jenkins->builds)
		n = (size_t)jenkins->builds;
	draw_summary(ctx, builds, n, html);
	cb_html_table_open(html, "Last builds", heads);
	for (size_t i = 0; i < n; i++)
		draw_build(ctx, json_array_get(builds, i), html);
	cb_html_table_close(html);
	draw_trend(builds, html);
	cb_html_link(html, cb_tr(ctx, "Open in Jenkins"),
	             cb_json_text(answer, "url", ""));
}

static int draw_card(struct cb_ctx *ctx, void *state,
                     const struct cb_entity *entity, struct cb_html *html)
{
	json_t *answer;
	int rc;

	rc = cb_source_json(ctx, "builds", entity, &answer);
	if (rc == CB_ENOENT) {
		cb_html_empty(html, "Jenkins does not know this job.",
		              "Check the annotation " ANNOTATION ".");
		cb_html_field(html, "Job",
		              cb_entity_annotation(entity, ANNOTATION));
		return CB_OK;
	}
	if (rc < 0)
		return rc;
	draw_builds(ctx, state, answer, html);
	return CB_OK;
}

static const struct cb_source sources[] = {
	{
	    .name = "builds",
	    .hosts_key = "url",
	    .key = job_of,
	    .fill = ask_jenkins,
	    .fresh_key = "fresh",
	    .stale = 3600,
	},
	CB_END,
};

static const struct cb_permission permissions[] = {
	{
	    .name = "jenkins.read",
	    .action = "read",
	    .help = "See the builds of a component",
	},
	CB_END,
};

static const struct cb_card cards[] = {
	{
	    .name = "builds",
	    .place = "entity.overview",
	    .when = "metadata.annotations." ANNOTATION,
	    .title = "Jenkins",
	    .needs = "jenkins.read",
	    .draw = draw_card,
	    .order = 40,
	},
	CB_END,
};

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	.name = "jenkins",
	.version = "1.0.0",
	.summary = "Shows the last builds of a component's Jenkins job",
	.state_size = sizeof(struct jenkins),
	.keys = keys,
	.cards = cards,
	.sources = sources,
	.permissions = permissions,
	.probe = probe_jenkins,
};
