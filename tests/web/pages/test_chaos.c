/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_chaos.c - every allocation of a request fails once: whatever it was,
 * the reader gets a whole answer, and who asks next gets the right one.
 */
#include "tests/lib/cmock.h"

#include "tests/lib/chaos.h"
#include "tests/web/pages/house.h"

static const char *const entities[] = {
	"{\"kind\":\"Component\",\"metadata\":{\"name\":\"gate\",\"namespace\":"
	"\"default\",\"title\":\"Gate\",\"tags\":[\"rust\"],\"links\":[{"
	"\"url\":\"https://x.example/\",\"title\":\"Board\"}]},\"spec\":{"
	"\"type\":\"service\",\"lifecycle\":\"production\",\"owner\":\"crew\"},"
	"\"relations\":[{\"type\":\"ownedBy\",\"targetRef\":\"group:default/"
	"crew\"},{\"type\":\"dependsOn\",\"targetRef\":\"resource:default/"
	"gone\"}]}",
	"{\"kind\":\"Group\",\"metadata\":{\"name\":\"crew\",\"namespace\":"
	"\"default\"},\"spec\":{\"type\":\"team\"}}",
	NULL,
};

static void a_request_survives_each_failure(struct house *house,
                                            const char *uri, const char *form)
{
	int n = 0, whole = 0, status;
	bool failed;

	/* What is made once is made, and the answer has its room. */
	house_ask(house, uri, form);
	status = house_ask(house, uri, form)->status;
	do {
		const struct house_answer *answer;

		chaos_arm(++n);
		answer = house_ask(house, uri, form);
		failed = chaos_disarm();
		if (answer->status != status && answer->status != 500 &&
		    answer->status != 503)
			fail_msg("%s: %d when %d fails", uri, answer->status,
			         n);
		whole += answer->status == status;
		if (house_ask(house, uri, form)->status != status)
			fail_msg("%s: %d after %d failed", uri,
			         house_ask(house, uri, form)->status, n);
	} while (failed && n < 5000);
	print_message("%s: %d allocations, %d without harm\n", uri, n - 1,
	              whole - 1);
	assert_in_range(n, 2, 4999);
}

static void every_allocation_fails_once(void **state)
{
	static const char *const uris[] = {
		"/",
		"/catalog",
		"/catalog?kind=component&q=gate&sort=type",
		"/catalog/default/component/gate",
		"/catalog/default/component/nobody",
	};
	struct house *house = *state;

	if (!chaos_ready())
		skip();
	house_ask(house, "/sign-in?return=/", NULL);
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++)
		a_request_survives_each_failure(house, uris[i], NULL);
	a_request_survives_each_failure(house, "/catalog-import",
	                                "target=https%3A%2F%2Fx.example%2Fy");
}

static int begin(void **state)
{
	*state = house_open("", entities);
	return 0;
}

static int end(void **state)
{
	house_close(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_allocation_fails_once,
		                                begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
