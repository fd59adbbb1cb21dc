/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdlib.h>
#include <string.h>

#include "config/config_priv.h"

static void secrets_are_stars_of_the_same_length(void **state)
{
	static const struct {
		const char *text, *veiled;
	} rows[] = {
		{ "", "" },
		{ "a: b\n", "a: b\n" },
		{ "token: abc def\n", "token: *** ***\n" },
		{ "  - token: 'abc'\nport: 1", "  - token: '****\nport: 1" },
		{ "\"token\": \"abc\"", "\"token\": \"****" },
		{ "o: {token: abc, subject: ci}",
		  "o: {token: ***, subject: ci}" },
		{ "token: ${TOKEN}", "token: ${TOKEN}" },
		{ "token: {$file: /x}", "token: {$file: /x}" },
		{ "privateKey: |\n  aa bb\n\n  cc\nnext: 1\n",
		  "privateKey: |\n  ** **\n\n  **\nnext: 1\n" },
		{ "a:\n  clientSecret: >-\n    xx\n  clientId: me\n",
		  "a:\n  clientSecret: >-\n    **\n  clientId: me\n" },
		{ "url: http://token:8080", "url: http://token:8080" },
		{ "token:", "token:" },
		{ ":", ":" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *veiled =
		    cbi_config_veiled(rows[i].text, strlen(rows[i].text));

		assert_string_equal(veiled, rows[i].veiled);
		free(veiled);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_stars_of_the_same_length),
	};

	return cmocka_run_group_tests_name("config/veil", tests, NULL, NULL);
}
