/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_host.c - loads the tiny plugins of tests/abi and calls them.
 *
 * What may bring the process down runs in a child, whose end is looked at.
 */
#include "tests/host/host_test.h"

static void a_card_is_drawn(void **state)
{
	struct cbi_card_result result;

	(void)state;
	result = draw("plain", "main", entity_of(entity_body));
	assert_int_equal(result.outcome, CBI_CARD_DRAWN);
	assert_string_equal(result.title, "Test card of plain");
	assert_non_null(
	    strstr(cbi_buf_string(&body), "<p>component:default/ferry</p>"));
	result = draw("plain", "main", NULL);
	assert_non_null(strstr(cbi_buf_string(&body), "<p>nobody</p>"));
}

static void what_is_not_there_is_gone(void **state)
{
	(void)state;
	assert_int_equal(draw("plain", "other", NULL).outcome, CBI_CARD_GONE);
	assert_int_equal(draw("absent", "main", NULL).outcome, CBI_CARD_GONE);
}

static void a_card_that_writes_too_much_is_grey(void **state)
{
	struct cbi_card_result result;

	(void)state;
	result = draw("greedy", "main", entity_of(entity_body));
	assert_int_equal(result.outcome, CBI_CARD_GREY);
	assert_string_equal(result.message,
	                    "This card is larger than a card may be.");
	assert_int_equal(body.len, 0);
	result = draw("greedy", "main", entity_of(calm_body));
	assert_int_equal(result.outcome, CBI_CARD_DRAWN);
}

static void a_card_that_fails_is_grey_then_left_alone(void **state)
{
	const struct cb_entity *entity = entity_of(entity_body);
	int plugin = cbi_board_plugin("failing");
	struct cbi_card_result result;

	(void)state;
	for (int i = 0; i < 5; i++) {
		result = draw("failing", "main", entity);
		assert_int_equal(result.outcome, CBI_CARD_GREY);
		assert_string_equal(result.failure, "EBUG: provoked");
	}
	assert_true(cbi_breaker_open(plugin));
	assert_int_equal(cbi_snapshot_state(entry_of("failing")),
	                 CBI_PLUGIN_OPEN);
	result = draw("failing", "main", entity_of(calm_body));
	assert_int_equal(result.outcome, CBI_CARD_GREY);
	assert_string_equal(result.message,
	                    "This card is out of service for now.");
	usleep(1200 * 1000);
	result = draw("failing", "main", entity_of(calm_body));
	assert_int_equal(result.outcome, CBI_CARD_DRAWN);
	assert_false(cbi_breaker_open(plugin));
}

static void a_request_that_crashed_it_does_not_run_it_again(void **state)
{
	struct cbi_card_result result;

	(void)state;
	strcpy(ctx.request_id, "0123456789abcdef0123456789abcdef");
	cbi_board_note_dead(ctx.request_id, cbi_board_plugin("crash"));
	result = draw("crash", "main", entity_of(entity_body));
	assert_int_equal(result.outcome, CBI_CARD_GREY);
	result = draw("plain", "main", entity_of(entity_body));
	assert_int_equal(result.outcome, CBI_CARD_DRAWN);
}

/* Draws in a child that shares nothing but how it ended. */
static int status_of(const char *plugin)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		draw(plugin, "main", entity_of(entity_body));
		_exit(77);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void a_crash_ends_the_process_as_it_is(void **state)
{
	int status;

	(void)state;
	status = status_of("crash");
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
	status = status_of("exits");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
}

static void a_plugin_whose_start_fails_is_left_out(void **state)
{
	struct cbi_card_result result;

	(void)state;
	result = draw("failstart", "main", entity_of(entity_body));
	assert_int_equal(result.outcome, CBI_CARD_GREY);
	assert_int_equal(cbi_snapshot_state(entry_of("failstart")),
	                 CBI_PLUGIN_REFUSED);
	assert_string_equal(cbi_snapshot_reason(&ctx, entry_of("failstart")),
	                    "the engine room is locked");
	assert_int_equal(cbi_snapshot_state(entry_of("plain")),
	                 CBI_PLUGIN_READY);
}

/* Loads everything in a process of its own; how that ended. */
static int load_in_child(pid_t *child)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		if (cbi_board_process_enter(getpid(), CBI_PROCESS_WEB, "tools",
		                            1, 1) < 0)
			_exit(78);
		open_host();
		_exit(77);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	*child = pid;
	return status;
}

static void a_crash_in_start_is_charged_until_it_is_left_out(void **state)
{
	const struct cbi_board_process *process;
	int plugin, status;
	pid_t child;
	char path[128];

	(void)state;
	cbi_config_destroy(config);
	write_config("crashstart:\n  always: true\n");
	snprintf(path, sizeof(path), "%s/board", home);
	assert_int_equal(cbi_board_attach(path, true), 0);
	plugin = cbi_board_plugin("crashstart");
	for (int i = 0; i < CB_CRASH_LIMIT; i++) {
		status = load_in_child(&child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSEGV);
		/* What the master finds, and what it does. */
		process =
		    &cbi_board()->processes[cbi_board_process_find(child)];
		assert_int_equal(atomic_load(&process->threads[3].plugin),
		                 plugin + 1);
		cbi_board_process_leave(cbi_board_process_find(child));
		assert_int_equal(cbi_board_charge(plugin),
		                 i == CB_CRASH_LIMIT - 1);
	}
	status = load_in_child(&child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 77);
}

static void a_plugin_in_quarantine_is_not_called(void **state)
{
	int plugin = cbi_board_plugin("slow");
	struct cbi_card_result result;

	(void)state;
	for (int i = 0; i < CB_CRASH_LIMIT; i++)
		cbi_board_charge(plugin);
	assert_int_equal(cbi_snapshot_state(entry_of("slow")),
	                 CBI_PLUGIN_QUARANTINED);
	result = draw("slow", "main", entity_of(entity_body));
	assert_int_equal(result.outcome, CBI_CARD_GREY);
	atomic_store(&cbi_board()->plugins[plugin].quarantined_at, 0);
	result = draw("slow", "main", entity_of(entity_body));
	assert_int_equal(result.outcome, CBI_CARD_DRAWN);
}

static void the_slot_says_who_runs_and_is_given_back(void **state)
{
	int row = cbi_board_process_find(getpid());
	struct cbi_board_thread *slot = &cbi_board()->processes[row].threads[3];

	(void)state;
	atomic_store(&slot->since, 5);
	atomic_store(&slot->hard, 7000000000000);
	draw("plain", "main", entity_of(entity_body));
	assert_int_equal(atomic_load(&slot->plugin), 0);
	assert_int_equal(atomic_load(&slot->hard), 7000000000000);
	assert_int_equal(atomic_load(&slot->since), 5);
}

static void a_card_reads_its_source(void **state)
{
	struct cbi_card_result result;

	(void)state;
	result = draw("tool", "main", entity_of(entity_body));
	assert_int_equal(result.outcome, CBI_CARD_DRAWN);
	assert_true(result.asked);
	assert_in_range(result.stale_ms, 89000, 95000);
	assert_non_null(strstr(cbi_buf_string(&body), "value of k1"));
	/* No annotation: nothing to show, and nothing was asked. */
	result = draw("tool", "main", entity_of(calm_body));
	assert_int_equal(result.outcome, CBI_CARD_NOTE);
	assert_false(result.asked);
	value_code = CB_EPENDING;
	result = draw("tool", "main", entity_of(entity_body));
	assert_int_equal(result.outcome, CBI_CARD_PENDING);
	assert_int_equal(body.len, 0);
	value_code = CB_EAWAY;
	result = draw("tool", "main", entity_of(entity_body));
	assert_int_equal(result.outcome, CBI_CARD_GREY);
	assert_string_equal(result.message, "The tool does not answer.");
	assert_string_equal(result.failure, "EAWAY: the tool is away");
	/* The tool's failures are not the plugin's. */
	for (int i = 0; i < 10; i++)
		draw("tool", "main", entity_of(entity_body));
	assert_false(cbi_breaker_open(cbi_board_plugin("tool")));
}

static int note_key(struct cb_ctx *c, void *arg,
                    const struct cbi_host_source *source, const char *key)
{
	char *text = arg;

	(void)c;
	snprintf(text, 128, "%s.%s=%s fresh %d stale %d pool %s",
	         source->plugin, source->source->name, key, source->fresh_s,
	         source->stale_s, source->pool);
	return CB_OK;
}

static void fetch_finds_sources_fills_and_keys(void **state)
{
	struct cbi_host_source source;
	char text[128] = "";
	struct cb_buf out;

	(void)state;
	assert_int_equal(cbi_host_source(&ctx, host, "tool", "thing", &source),
	                 CB_OK);
	assert_int_equal(source.fresh_s, 90);
	assert_int_equal(cbi_host_source(&ctx, host, "tool", "other", &source),
	                 CB_ENOENT);
	cb_failure_clear(&ctx);
	cbi_buf_init(&out, 1024);
	assert_int_equal(cbi_host_fill(&ctx, host, "tool", "thing", "k1", &out),
	                 CB_OK);
	assert_string_equal(cbi_buf_string(&out), "filled k1");
	cbi_buf_finish(&out);
	assert_int_equal(cbi_host_keys(&ctx, host, NULL, entity_of(entity_body),
	                               note_key, text),
	                 CB_OK);
	assert_string_equal(text,
	                    "tool.thing=k1 fresh 90 stale 600 pool tools");
}

static void routes_are_found_by_path_and_method(void **state)
{
	const struct cbi_plugin_route *route;

	(void)state;
	cbi_buf_clear(&body);
	cbi_html_init(&html, &ctx, &body, "page", 2);
	assert_int_equal(cbi_host_route(&ctx, host, "plain", false, "", "HEAD",
	                                NULL, &html, &route),
	                 CB_OK);
	assert_string_equal(route->title, "Plain");
	assert_non_null(strstr(cbi_buf_string(&body), "a plain page"));
	assert_int_equal(cbi_host_route(&ctx, host, "plain", false, "", "POST",
	                                NULL, &html, &route),
	                 CB_ENOTSUP);
	assert_string_equal(cb_failure(&ctx), "allowed: GET");
	cb_failure_clear(&ctx);
	assert_int_equal(cbi_host_route(&ctx, host, "plain", true, "", "GET",
	                                NULL, NULL, &route),
	                 CB_ENOENT);
	cb_failure_clear(&ctx);
	assert_int_equal(cbi_host_route(&ctx, host, "absent", false, "", "GET",
	                                NULL, &html, &route),
	                 CB_ENOENT);
	cb_failure_clear(&ctx);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_card_is_drawn),
		TEST(what_is_not_there_is_gone),
		TEST(a_card_that_writes_too_much_is_grey),
		TEST(a_card_that_fails_is_grey_then_left_alone),
		TEST(a_request_that_crashed_it_does_not_run_it_again),
		TEST(a_crash_ends_the_process_as_it_is),
		TEST(a_plugin_whose_start_fails_is_left_out),
		TEST(a_plugin_in_quarantine_is_not_called),
		TEST(a_crash_in_start_is_charged_until_it_is_left_out),
		TEST(the_slot_says_who_runs_and_is_given_back),
		TEST(a_card_reads_its_source),
		TEST(fetch_finds_sources_fills_and_keys),
		TEST(routes_are_found_by_path_and_method),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
