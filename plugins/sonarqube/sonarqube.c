/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sonarqube - quality gate and measures of a component's project.
 *
 * The annotation `sonarqube.org/project-key` names the project.  Two requests
 * (Web API of SonarQube 10.2; 9.9 answers the same) become one value: the
 * gate's verdict with the conditions that fail, and the measures of the tiles.
 */

#include <callboard/callboard.h>

#include <stdlib.h>
#include <string.h>

#define ANNOTATION "sonarqube.org/project-key"

struct sonarqube {
	const char *url;
	const char *link;
	int fresh;
};

static const struct cb_key keys[] = {
	CB_KEY_URL(struct sonarqube, url, NULL,
	           "Address of the server, or the connection to it"),
	CB_KEY_URL(struct sonarqube, link, "",
	           "Address that people open, where it is not the url"),
	CB_KEY_SECS(struct sonarqube, fresh, "5m", "How long an answer is new"),
	CB_END,
};

/* ---- Asking
 * ------------------------------------------------------------------ */

#define METRICS                                                       \
	"bugs,reliability_rating,vulnerabilities,security_rating,"    \
	"code_smells,sqale_rating,coverage,duplicated_lines_density," \
	"security_hotspots_reviewed,security_review_rating,ncloc"

static int get_json(struct cb_ctx *ctx, const char *url, json_t **out)
{
	const struct cb_reply *reply;
	int rc;

	if (!url)
		return cb_failure_code(ctx);
	rc = cb_http_get(ctx, url, &reply);
	if (rc < 0)
		return rc;
	if (cb_json_parse(ctx, reply->body, reply->body_len, out) == CB_OK)
		return CB_OK;
	cb_failure_clear(ctx);
	return cb_fail(ctx, CB_EUPSTREAM,
	               "sonarqube answered with something that is not JSON");
}

static int get_status(struct cb_ctx *ctx, const char *base, const char *project,
                      json_t **out)
{
	const char *url =
	    cb_url(ctx, base, "api", "qualitygates", "project_status", NULL);

	if (url)
		url = cb_url_arg(ctx, url, "projectKey", project);
	return get_json(ctx, url, out);
}

static int get_measures(struct cb_ctx *ctx, const char *base,
                        const char *project, json_t **out)
{
	const char *url =
	    cb_url(ctx, base, "api", "measures", "component", NULL);

	if (url)
		url = cb_url_arg(ctx, url, "component", project);
	if (url)
		url = cb_url_arg(ctx, url, "metricKeys", METRICS);
	return get_json(ctx, url, out);
}

/* The conditions that fail. */
static json_t *shape_conditions(json_t *status)
{
	json_t *all = cb_json_at(status, "projectStatus.conditions");
	json_t *list = json_array(), *row;
	size_t i;

	json_array_foreach(all, i, row)
	{
		if (strcmp(cb_json_text(row, "status", ""), "ERROR") != 0)
			continue;
		json_array_append_new(
		    list,
		    json_pack("{s:s, s:s, s:s, s:s}", "metric",
		              cb_json_text(row, "metricKey", ""), "comparator",
		              cb_json_text(row, "comparator", ""), "limit",
		              cb_json_text(row, "errorThreshold", ""), "value",
		              cb_json_text(row, "actualValue", "")));
	}
	return list;
}

static json_t *shape_measures(json_t *measures)
{
	json_t *all = cb_json_at(measures, "component.measures");
	json_t *map = json_object(), *row;
	size_t i;

	json_array_foreach(all, i, row)
	{
		json_object_set_new(
		    map, cb_json_text(row, "metric", ""),
		    json_string(cb_json_text(row, "value", "")));
	}
	return map;
}

static int shape(struct cb_ctx *ctx, json_t *status, json_t *measures,
                 const char *link, struct cb_buf *out)
{
	const char *gate = cb_json_text(status, "projectStatus.status", NULL);
	json_t *kept;
	int rc;

	if (!gate)
		return cb_fail(ctx, CB_EUPSTREAM,
		               "sonarqube answered without the gate's status");
	kept = json_pack("{s:s, s:s, s:o, s:o}", "gate", gate, "link", link,
	                 "failing", shape_conditions(status), "measures",
	                 shape_measures(measures));
	rc = kept ? cb_json_write(out, kept) : CB_ENOMEM;
	json_decref(kept);
	return rc;
}

/* The project's page, for people; "" when only a connection knows where the
 * server is and no link was given. */
static const char *page_of(struct cb_ctx *ctx, const struct sonarqube *sonar,
                           const char *project)
{
	const char *base = sonar->link[0] ? sonar->link : sonar->url;
	const char *url = cb_url(ctx, base, "dashboard", NULL);

	if (url)
		url = cb_url_arg(ctx, url, "id", project);
	if (url && strncmp(url, "http", 4) == 0)
		return url;
	cb_failure_clear(ctx);
	return "";
}

/* Does the server run, and not only its web page for an upgrade? */
static int probe_sonarqube(struct cb_ctx *ctx, void *state)
{
	const struct sonarqube *sonar = state;
	json_t *answer;
	const char *status;
	int rc;

	rc = get_json(ctx,
	              cb_url(ctx, sonar->url, "api", "system", "status", NULL),
	              &answer);
	if (rc < 0)
		return rc;
	status = cb_json_text(answer, "status", "");
	return strcmp(status, "UP") == 0
	           ? CB_OK
	           : cb_fail(ctx, CB_EAWAY, "sonarqube says that it is '%s'",
	                     status);
}

static int ask_sonarqube(struct cb_ctx *ctx, void *state, const char *project,
                         struct cb_buf *out)
{
	const struct sonarqube *sonar = state;
	json_t *status, *measures;
	int rc;

	rc = get_status(ctx, sonar->url, project, &status);
	if (rc == CB_OK)
		rc = get_measures(ctx, sonar->url, project, &measures);
	if (rc < 0)
		return rc;
	return shape(ctx, status, measures, page_of(ctx, sonar, project), out);
}

static int project_of(struct cb_ctx *ctx, void *state,
                      const struct cb_entity *entity, const char **key)
{
	(void)ctx;
	(void)state;
	*key = cb_entity_annotation(entity, ANNOTATION);
	return *key ? CB_OK : CB_ENOKEY;
}

/* ---- Drawing
 * ----------------------------------------------------------------- */

/* What a metric is called, of new code or of all. */
static const struct {
	const char *metric, *label, *unit;
} metrics[] = {
	{ "reliability_rating", "Reliability", "" },
	{ "security_rating", "Security", "" },
	{ "maintainability_rating", "Maintainability", "" },
	{ "coverage", "Coverage", " %" },
	{ "duplicated_lines_density", "Duplications", " %" },
	{ "security_hotspots_reviewed", "Hotspots reviewed", " %" },
	{ "bugs", "Bugs", "" },
	{ "vulnerabilities", "Vulnerabilities", "" },
	{ "code_smells", "Code smells", "" },
};
#define METRIC_COUNT (sizeof(metrics) / sizeof(metrics[0]))

/* "1.0" to "5.0" are A to E; NULL for what is no rating. */
static const char *grade_of(const char *value)
{
	static const char *const grades[] = { "A", "B", "C", "D", "E" };
	long n = value ? strtol(value, NULL, 10) : 0;

	return n >= 1 && n <= 5 ? grades[n - 1] : NULL;
}

static enum cb_tone tone_of_grade(const char *grade)
{
	if (!grade)
		return CB_TONE_NEUTRAL;
	if (grade[0] <= 'B')
		return CB_TONE_GOOD;
	return grade[0] == 'C' ? CB_TONE_WARN : CB_TONE_BAD;
}

static const char *value_text(struct cb_ctx *ctx, size_t metric, bool rating,
                              const char *value)
{
	const char *grade = rating ? grade_of(value) : NULL;

	if (grade)
		return grade;
	return cb_printf(ctx, "%s%s", value, metrics[metric].unit);
}

/* "Coverage of new code: 61.4 %, at least 80 % wanted" */
static void draw_condition(struct cb_ctx *ctx, json_t *row,
                           struct cb_html *html)
{
	const char *metric = cb_json_text(row, "metric", "");
	const char *value = cb_json_text(row, "value", "");
	const char *limit = cb_json_text(row, "limit", "");
	bool fresh = strncmp(metric, "new_", 4) == 0;
	bool least = strcmp(cb_json_text(row, "comparator", ""), "LT") == 0;
	const char *bare = fresh ? metric + 4 : metric;
	bool rating = strstr(bare, "_rating") != NULL;
	size_t i = 0;

	while (i < METRIC_COUNT && strcmp(metrics[i].metric, bare) != 0)
		i++;
	cb_html_item_open(html);
	if (i == METRIC_COUNT) {
		cb_html_text(html, metric);
		cb_html_text(html, cb_printf(ctx, "%s (%s)", value, limit));
	} else {
		const char *seen = value_text(ctx, i, rating, value);
		const char *wanted = value_text(ctx, i, rating, limit);

		cb_html_text(
		    html, cb_printf(ctx, "%s%s", cb_tr(ctx, metrics[i].label),
		                    fresh ? cb_tr(ctx, " of new code") : ""));
		cb_html_text(html,
		             cb_printf(ctx, "%s, %s %s", seen ? seen : "",
		                       least ? cb_tr(ctx, "wanted at least")
		                             : cb_tr(ctx, "wanted at most"),
		                       wanted ? wanted : ""));
	}
	cb_html_item_close(html);
}

static void draw_gate(struct cb_ctx *ctx, json_t *answer, struct cb_html *html)
{
	json_t *failing = cb_json_at(answer, "failing"), *row;
	bool passed = strcmp(cb_json_text(answer, "gate", ""), "OK") == 0;
	size_t i;

	cb_html_status(
	    html, passed ? CB_TONE_GOOD : CB_TONE_BAD,
	    cb_tr(ctx, passed ? "Quality gate passed" : "Quality gate failed"));
	if (json_array_size(failing) == 0)
		return;
	cb_html_list_open(html);
	json_array_foreach(failing, i, row)
	{
		draw_condition(ctx, row, html);
	}
	cb_html_list_close(html);
}

/* A count with the rating that goes with it. */
static void draw_rated(json_t *measures, const char *label, const char *metric,
                       const char *rating, struct cb_html *html)
{
	const char *value =
	    json_string_value(json_object_get(measures, metric));
	const char *grade =
	    grade_of(json_string_value(json_object_get(measures, rating)));

	if (value)
		cb_html_stat(html, tone_of_grade(grade), label, value, grade);
}

/* A share; good and fair are limits, counted downwards when good < fair. */
static void draw_share(struct cb_ctx *ctx, json_t *measures, const char *label,
                       const char *metric, double good, double fair,
                       struct cb_html *html)
{
	const char *value =
	    json_string_value(json_object_get(measures, metric));
	enum cb_tone tone = CB_TONE_BAD;
	double share;

	if (!value)
		return;
	share = strtod(value, NULL);
	if (good < fair ? share <= good : share >= good)
		tone = CB_TONE_GOOD;
	else if (good < fair ? share <= fair : share >= fair)
		tone = CB_TONE_WARN;
	cb_html_stat(html, tone, label, cb_printf(ctx, "%s %%", value), NULL);
}

static void draw_tiles(struct cb_ctx *ctx, json_t *answer, struct cb_html *html)
{
	json_t *measures = cb_json_at(answer, "measures");

	draw_rated(measures, "Bugs", "bugs", "reliability_rating", html);
	draw_rated(measures, "Vulnerabilities", "vulnerabilities",
	           "security_rating", html);
	draw_rated(measures, "Code smells", "code_smells", "sqale_rating",
	           html);
	draw_share(ctx, measures, "Coverage", "coverage", 80, 50, html);
	draw_share(ctx, measures, "Duplications", "duplicated_lines_density", 3,
	           10, html);
	draw_share(ctx, measures, "Hotspots reviewed",
	           "security_hotspots_reviewed", 100, 50, html);
}

static int draw_card(struct cb_ctx *ctx, void *state,
                     const struct cb_entity *entity, struct cb_html *html)
{
	const char *link;
	json_t *answer;
	int rc;

	(void)state;
	rc = cb_source_json(ctx, "quality", entity, &answer);
	if (rc == CB_ENOENT) {
		cb_html_empty(html, "SonarQube does not know this project.",
		              "Check the annotation " ANNOTATION ".");
		cb_html_field(html, "Project",
		              cb_entity_annotation(entity, ANNOTATION));
		return CB_OK;
	}
	if (rc < 0)
		return rc;
	if (strcmp(cb_json_text(answer, "gate", ""), "NONE") == 0) {
		cb_html_empty(html, "This project was never analysed.", NULL);
		return CB_OK;
	}
	draw_gate(ctx, answer, html);
	draw_tiles(ctx, answer, html);
	link = cb_json_text(answer, "link", "");
	if (link[0])
		cb_html_link(html, cb_tr(ctx, "Open in SonarQube"), link);
	return CB_OK;
}

static const struct cb_source sources[] = {
	{
	    .name = "quality",
	    .hosts_key = "url",
	    .key = project_of,
	    .fill = ask_sonarqube,
	    .fresh_key = "fresh",
	    .stale = 86400,
	},
	CB_END,
};

static const struct cb_permission permissions[] = {
	{
	    .name = "sonarqube.read",
	    .action = "read",
	    .help = "See the code quality of a component",
	},
	CB_END,
};

static const struct cb_card cards[] = {
	{
	    .name = "quality",
	    .place = "entity.overview",
	    .when = "metadata.annotations." ANNOTATION,
	    .title = "Code quality",
	    .needs = "sonarqube.read",
	    .draw = draw_card,
	    .order = 50,
	},
	CB_END,
};

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	.name = "sonarqube",
	.version = "1.0.0",
	.summary = "Shows quality gate and measures of a component's project",
	.state_size = sizeof(struct sonarqube),
	.keys = keys,
	.cards = cards,
	.sources = sources,
	.permissions = permissions,
	.probe = probe_sonarqube,
};
