/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/jenkins/jenkins.c"

#define PLUGIN_HAS_SOURCES
#include "tests/lib/plugin_test.h"

static struct jenkins jenkins = { "https://ci.example/jenkins", 3, 60 };

/* As Jenkins 2.462 answers, shortened. */
static const char answer[] =
    "{\"_class\":\"org.jenkinsci.plugins.workflow.job.WorkflowJob\","
    "\"fullDisplayName\":\"team » ferry\","
    "\"url\":\"https://ci.example/jenkins/job/team/job/ferry/\",\"builds\":["
    "{\"actions\":[{}],\"building\":true,\"duration\":0,\"number\":14,"
    "\"result\":null,\"timestamp\":1760000300000,"
    "\"url\":\"https://ci.example/jenkins/job/team/job/ferry/14/\"},"
    "{\"actions\":[{},{\"failCount\":2,\"skipCount\":1,\"totalCount\":340}],"
    "\"building\":false,\"duration\":61000,\"number\":13,"
    "\"result\":\"UNSTABLE\",\"timestamp\":1760000200000,"
    "\"url\":\"https://ci.example/jenkins/job/team/job/ferry/13/\"},"
    "{\"actions\":[],\"building\":false,\"duration\":80000,\"number\":12,"
    "\"result\":\"SUCCESS\",\"timestamp\":1760000100000,"
    "\"url\":\"https://ci.example/jenkins/job/team/job/ferry/12/\"},"
    "{\"actions\":[],\"building\":false,\"duration\":70000,\"number\":11,"
    "\"result\":\"FAILURE\",\"timestamp\":1760000000000,"
    "\"url\":\"https://ci.example/jenkins/job/team/job/ferry/11/\"}]}";

static const char *fill(const char *job)
{
	static struct cb_buf out;

	cbi_buf_finish(&out);
	cbi_buf_init(&out, 1 << 20);
	assert_int_equal(ask_jenkins(&ctx, &jenkins, job, &out), CB_OK);
	/* Kept by the context, so that the buffer may go. */
	return cb_strdup(&ctx, cbi_buf_string(&out));
}

static void a_job_in_folders_becomes_jenkins_path(void **state)
{
	(void)state;
	http_body[0] = answer;
	fill("team/a b/ferry");
	assert_memory_equal(http_url[0],
	                    "https://ci.example/jenkins/job/team/job/a%20b/"
	                    "job/ferry/api/json?tree=fullDisplayName",
	                    85);
}

static void a_name_that_is_no_job_is_refused(void **state)
{
	struct cb_buf out;

	(void)state;
	cbi_buf_init(&out, 100);
	assert_int_equal(ask_jenkins(&ctx, &jenkins, "//", &out), CB_EINVAL);
	assert_string_equal(cb_failure(&ctx), "'//' is no job's name");
	cb_failure_clear(&ctx);
	assert_int_equal(ask_jenkins(&ctx, &jenkins, "a/b/c/d/e/f/g/h/i", &out),
	                 CB_EINVAL);
	assert_int_equal(http_count, 0);
	cbi_buf_finish(&out);
}

static void the_controllers_name_is_left_out_of_the_key(void **state)
{
	const char *key;

	(void)state;
	assert_int_equal(job_of(&ctx, &jenkins,
	                        component(ANNOTATION, "main:team/ferry", NULL),
	                        &key),
	                 CB_OK);
	assert_string_equal(key, "team/ferry");
	assert_int_equal(
	    job_of(&ctx, &jenkins, component(NULL, NULL, NULL), &key),
	    CB_ENOKEY);
}

static void builds_are_drawn_as_a_table(void **state)
{
	(void)state;
	http_body[0] = answer;
	source_text = fill("team/ferry");
	assert_int_equal(
	    draw(&jenkins, component(ANNOTATION, "team/ferry", NULL)), CB_OK);
	assert_shows("Last builds");
	assert_shows("href=\"https://ci.example/jenkins/job/team/job/ferry/14/"
	             "\"");
	assert_shows("#13");
	assert_shows("Building");
	assert_shows("Unstable");
	assert_shows("1 min 20 s");
	/* Three builds are wanted: the fourth stands in the trend only. */
	assert_hides("#11");
	assert_shows("1 of 2");
	assert_shows("338 of 340");
	assert_shows("<polyline");
	assert_shows("Open in Jenkins");
}

static void a_job_without_builds_says_so(void **state)
{
	(void)state;
	http_body[0] = "{\"url\":\"https://ci.example/\",\"builds\":[]}";
	source_text = fill("team/ferry");
	assert_int_equal(
	    draw(&jenkins, component(ANNOTATION, "team/ferry", NULL)), CB_OK);
	assert_shows("This job was never built.");
}

static void what_makes_no_sense_is_the_tools_fault(void **state)
{
	static const char *const bodies[] = {
		"<html>Sign in</html>", "[]", "{}", "{\"builds\":3}", "{\"bui",
	};
	struct cb_buf out;

	(void)state;
	cbi_buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		http_body[0] = bodies[i];
		http_count = 0;
		assert_int_equal(ask_jenkins(&ctx, &jenkins, "ferry", &out),
		                 CB_EUPSTREAM);
		cb_failure_clear(&ctx);
	}
	http_code = CB_EAUTH;
	assert_int_equal(ask_jenkins(&ctx, &jenkins, "ferry", &out), CB_EAUTH);
	cbi_buf_finish(&out);
}

static void odd_builds_are_drawn_all_the_same(void **state)
{
	(void)state;
	http_body[0] =
	    "{\"builds\":[null,3,{},{\"number\":\"7\",\"result\":\"<b>\","
	    "\"url\":\"javascript:alert(1)\",\"actions\":3,"
	    "\"timestamp\":-5,\"duration\":1e300}]}";
	jenkins.builds = 20;
	source_text = fill("ferry");
	assert_int_equal(draw(&jenkins, component(ANNOTATION, "ferry", NULL)),
	                 CB_OK);
	jenkins.builds = 3;
	assert_shows("#7");
	assert_shows("&lt;b&gt;");
	assert_hides("javascript:");
}

static void other_answers_are_passed_on_or_explained(void **state)
{
	const struct cb_entity *entity = component(ANNOTATION, "gone", NULL);

	(void)state;
	source_code = CB_EPENDING;
	assert_int_equal(draw(&jenkins, entity), CB_EPENDING);
	source_code = CB_EAWAY;
	assert_int_equal(draw(&jenkins, entity), CB_EAWAY);
	assert_int_equal(draw(&jenkins, component(NULL, NULL, NULL)),
	                 CB_ENOKEY);
	source_code = CB_ENOENT;
	assert_int_equal(draw(&jenkins, entity), CB_OK);
	assert_shows("Jenkins does not know this job.");
	assert_shows("gone");
}

static void a_probe_asks_for_one_word(void **state)
{
	(void)state;
	http_body[0] = "{\"mode\":\"NORMAL\"}";
	assert_int_equal(probe_jenkins(&ctx, &jenkins), CB_OK);
	assert_string_equal(http_url[0],
	                    "https://ci.example/jenkins/api/json?tree=mode");
	http_code = CB_EAUTH;
	assert_int_equal(probe_jenkins(&ctx, &jenkins), CB_EAUTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_job_in_folders_becomes_jenkins_path),
		TEST(a_name_that_is_no_job_is_refused),
		TEST(the_controllers_name_is_left_out_of_the_key),
		TEST(a_probe_asks_for_one_word),
		TEST(builds_are_drawn_as_a_table),
		TEST(a_job_without_builds_says_so),
		TEST(what_makes_no_sense_is_the_tools_fault),
		TEST(odd_builds_are_drawn_all_the_same),
		TEST(other_answers_are_passed_on_or_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
