/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/sonarqube/sonarqube.c"

#define PLUGIN_HAS_SOURCES
#include "tests/lib/plugin_test.h"

static struct sonarqube sonar = { "https://quality.example", "", 300 };

/* As SonarQube 10.2 answers, shortened. */
static const char failed[] =
    "{\"projectStatus\":{\"status\":\"ERROR\",\"conditions\":["
    "{\"status\":\"ERROR\",\"metricKey\":\"new_coverage\","
    "\"comparator\":\"LT\",\"errorThreshold\":\"80\","
    "\"actualValue\":\"61.4\"},"
    "{\"status\":\"ERROR\",\"metricKey\":\"new_reliability_rating\","
    "\"comparator\":\"GT\",\"errorThreshold\":\"1\",\"actualValue\":\"3\"},"
    "{\"status\":\"ERROR\",\"metricKey\":\"new_lines_of_verse\","
    "\"comparator\":\"GT\",\"errorThreshold\":\"1\",\"actualValue\":\"9\"},"
    "{\"status\":\"OK\",\"metricKey\":\"new_security_rating\","
    "\"comparator\":\"GT\",\"errorThreshold\":\"1\",\"actualValue\":\"1\"}],"
    "\"ignoredConditions\":false,\"caycStatus\":\"compliant\"}}";
static const char measures_body[] =
    "{\"component\":{\"key\":\"org:ferry\",\"name\":\"ferry\","
    "\"qualifier\":\"TRK\",\"measures\":["
    "{\"metric\":\"bugs\",\"value\":\"4\",\"bestValue\":false},"
    "{\"metric\":\"reliability_rating\",\"value\":\"3.0\"},"
    "{\"metric\":\"vulnerabilities\",\"value\":\"0\"},"
    "{\"metric\":\"security_rating\",\"value\":\"1.0\"},"
    "{\"metric\":\"coverage\",\"value\":\"61.4\"},"
    "{\"metric\":\"duplicated_lines_density\",\"value\":\"2.1\"}]}}";

static const char *fill(const char *project)
{
	static struct cb_buf out;

	cbi_buf_finish(&out);
	cbi_buf_init(&out, 1 << 20);
	assert_int_equal(ask_sonarqube(&ctx, &sonar, project, &out), CB_OK);
	return cb_strdup(&ctx, cbi_buf_string(&out));
}

static void both_requests_name_the_project(void **state)
{
	(void)state;
	http_body[0] = failed;
	http_body[1] = measures_body;
	fill("org:ferry");
	assert_int_equal(http_count, 2);
	assert_string_equal(http_url[0],
	                    "https://quality.example/api/qualitygates/"
	                    "project_status?projectKey=org%3Aferry");
	assert_memory_equal(http_url[1],
	                    "https://quality.example/api/measures/component"
	                    "?component=org%3Aferry&metricKeys=bugs",
	                    83);
}

static void a_failed_gate_says_what_fails(void **state)
{
	(void)state;
	http_body[0] = failed;
	http_body[1] = measures_body;
	source_text = fill("org:ferry");
	assert_int_equal(draw(&sonar, component(ANNOTATION, "org:ferry", NULL)),
	                 CB_OK);
	assert_shows("Quality gate failed");
	assert_shows("Coverage of new code");
	assert_shows("61.4 %, wanted at least 80 %");
	assert_shows("Reliability of new code");
	assert_shows("C, wanted at most A");
	/* A metric we have no words for keeps its own. */
	assert_shows("new_lines_of_verse");
	assert_hides("Security of new code");
	assert_shows("data-rating=\"c\"");
	assert_shows("Vulnerabilities");
	assert_shows("2.1 %");
	/* Not measured, not drawn. */
	assert_hides("Code smells");
	assert_shows(
	    "href=\"https://quality.example/dashboard?id=org%3Aferry\"");
}

static void a_passed_gate_is_short(void **state)
{
	(void)state;
	http_body[0] =
	    "{\"projectStatus\":{\"status\":\"OK\",\"conditions\":[]}}";
	http_body[1] = measures_body;
	source_text = fill("org:ferry");
	assert_int_equal(draw(&sonar, component(ANNOTATION, "org:ferry", NULL)),
	                 CB_OK);
	assert_shows("Quality gate passed");
	assert_hides("wanted");
}

static void a_project_never_analysed_says_so(void **state)
{
	(void)state;
	http_body[0] =
	    "{\"projectStatus\":{\"status\":\"NONE\",\"conditions\":[]}}";
	http_body[1] = "{\"component\":{\"measures\":[]}}";
	source_text = fill("org:ferry");
	assert_int_equal(draw(&sonar, component(ANNOTATION, "org:ferry", NULL)),
	                 CB_OK);
	assert_shows("This project was never analysed.");
}

static void what_makes_no_sense_is_the_tools_fault(void **state)
{
	static const char *const bodies[] = { "<html>", "[]", "{}",
		                              "{\"projectStatus\":3}" };
	struct cb_buf out;

	(void)state;
	cbi_buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		http_body[0] = bodies[i];
		http_body[1] = measures_body;
		http_count = 0;
		assert_int_equal(ask_sonarqube(&ctx, &sonar, "p", &out),
		                 CB_EUPSTREAM);
		cb_failure_clear(&ctx);
	}
	cbi_buf_finish(&out);
}

static void odd_values_are_drawn_all_the_same(void **state)
{
	(void)state;
	http_body[0] =
	    "{\"projectStatus\":{\"status\":\"ERROR\",\"conditions\":"
	    "[null,{\"status\":\"ERROR\",\"actualValue\":\"<i>\"}]}}";
	http_body[1] = "{\"component\":{\"measures\":[3,{\"metric\":\"bugs\","
		       "\"value\":\"<script>\"},{\"metric\":"
		       "\"reliability_rating\",\"value\":\"99\"}]}}";
	source_text = fill("p");
	assert_int_equal(draw(&sonar, component(ANNOTATION, "p", NULL)), CB_OK);
	assert_shows("&lt;script&gt;");
	assert_hides("<script>");
}

static void other_answers_are_passed_on_or_explained(void **state)
{
	const struct cb_entity *entity = component(ANNOTATION, "gone", NULL);

	(void)state;
	source_code = CB_EPENDING;
	assert_int_equal(draw(&sonar, entity), CB_EPENDING);
	assert_int_equal(draw(&sonar, component(NULL, NULL, NULL)), CB_ENOKEY);
	source_code = CB_ENOENT;
	assert_int_equal(draw(&sonar, entity), CB_OK);
	assert_shows("SonarQube does not know this project.");
}

static void a_probe_wants_it_up(void **state)
{
	(void)state;
	http_body[0] = "{\"id\":\"1\",\"status\":\"UP\"}";
	http_body[1] = "{\"id\":\"1\",\"status\":\"DB_MIGRATION_NEEDED\"}";
	http_body[2] = "Bad Gateway";
	assert_int_equal(probe_sonarqube(&ctx, &sonar), CB_OK);
	assert_string_equal(http_url[0],
	                    "https://quality.example/api/system/status");
	assert_int_equal(probe_sonarqube(&ctx, &sonar), CB_EAWAY);
	assert_string_equal(cb_failure(&ctx),
	                    "sonarqube says that it is 'DB_MIGRATION_NEEDED'");
	cb_failure_clear(&ctx);
	assert_int_equal(probe_sonarqube(&ctx, &sonar), CB_EUPSTREAM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_requests_name_the_project),
		TEST(a_probe_wants_it_up),
		TEST(a_failed_gate_says_what_fails),
		TEST(a_passed_gate_is_short),
		TEST(a_project_never_analysed_says_so),
		TEST(what_makes_no_sense_is_the_tools_fault),
		TEST(odd_values_are_drawn_all_the_same),
		TEST(other_answers_are_passed_on_or_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
