/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_supply.c - what the kinds of entity providers share: names, entities,
 * settings and schedules.
 */
#include "tests/lib/cmock.h"

#include <string.h>

#include "base/ctx.h"
#include "config/config.h"
#include "provider/supply.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;

static int begin(void **state)
{
	(void)state;
	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	return 0;
}

static int end(void **state)
{
	(void)state;
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return 0;
}

static void names_become_entity_names(void **state)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "mary", "mary" },
		{ "Mary.O-Neill", "Mary.O-Neill" },
		{ "mary@example.org", "mary_example.org" },
		{ "Team  A & B", "Team_A_B" },
		{ "  spaced  ", "spaced" },
		{ "_x_", "x" },
		{ "-.x.-", "x" },
		{ "a__b", "a_b" },
		{ "Müller", "M_ller" },
		{ "...", NULL },
		{ "", NULL },
		{ "1234567890123456789012345678901234567890123456789012345678"
		  "901234567890",
		  "1234567890123456789012345678901234567890123456789012345678"
		  "90123" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = cbi_supply_name(&ctx, rows[i].text);

		if (!name || !rows[i].name)
			assert_ptr_equal(name, rows[i].name);
		else
			assert_string_equal(name, rows[i].name);
	}
}

static void entities_say_where_they_are_from(void **state)
{
	json_t *entity =
	    cbi_supply_entity("User", "mary", "ldap://x", json_object());
	const json_t *all =
	    json_object_get(json_object_get(entity, "metadata"), "annotations");

	(void)state;
	cbi_supply_annotate(entity, "example.org/a", "1");
	cbi_supply_annotate(entity, "example.org/b", "");
	cbi_supply_annotate(entity, "example.org/c", NULL);
	assert_int_equal(json_object_size(all), 3);
	assert_string_equal(
	    json_string_value(json_object_get(
		all, "backstage.io/managed-by-origin-location")),
	    "ldap://x");
	json_decref(entity);
}

static void settings_say_what_they_lack(void **state)
{
	json_t *settings =
	    json_pack("{s:s, s:s, s:i}", "a", "1", "b", "", "c", 1);
	const char *text = NULL;

	(void)state;
	assert_int_equal(
	    cbi_supply_text(&ctx, settings, "p", "a", CBI_SUPPLY_NEEDED, &text),
	    CB_OK);
	assert_string_equal(text, "1");
	assert_int_equal(
	    cbi_supply_text(&ctx, settings, "p", "z", "usual", &text), CB_OK);
	assert_string_equal(text, "usual");
	assert_int_equal(cbi_supply_text(&ctx, settings, "p", "z", NULL, &text),
	                 CB_OK);
	assert_null(text);
	assert_int_equal(
	    cbi_supply_text(&ctx, settings, "p", "z", CBI_SUPPLY_NEEDED, &text),
	    CB_EINVAL);
	assert_string_equal(cb_failure(&ctx), "p.z is needed");
	cb_failure_clear(&ctx);
	assert_int_equal(cbi_supply_text(&ctx, settings, "p", "b", NULL, &text),
	                 CB_EINVAL);
	cb_failure_clear(&ctx);
	assert_int_equal(cbi_supply_text(&ctx, settings, "p", "c", NULL, &text),
	                 CB_EINVAL);
	cb_failure_clear(&ctx);
	json_decref(settings);
}

static void schedules_are_read_as_backstage_has_them(void **state)
{
	static const struct cbi_schedule usual = { .frequency_ms = 7,
		                                   .timeout_ms = 8,
		                                   .initial_ms = 9 };
	static const struct {
		const char *json;
		int64_t frequency, timeout, initial;
		const char *cron, *wrong;
	} rows[] = {
		{ "null", 7, 8, 9, "", NULL },
		{ "{}", 7, 8, 9, "", NULL },
		{ "{\"frequency\":{\"minutes\":30},\"timeout\":\"PT3M\"}",
		  1800000, 180000, 9, "", NULL },
		{ "{\"frequency\":\"1h\",\"initialDelay\":{\"seconds\":15}}",
		  3600000, 8, 15000, "", NULL },
		{ "{\"frequency\":{\"cron\":\"0 2 * * *\"}}", 0, 8, 9,
		  "0 2 * * *", NULL },
		{ "{\"frequency\":{\"trigger\":\"manual\"}}", 0, 8, 9, "",
		  NULL },
		{ "{\"frequency\":{\"trigger\":\"x\"}}", 0, 0, 0, NULL,
		  "s.frequency.trigger" },
		{ "{\"frequency\":{\"cron\":\"0 25 * * *\"}}", 0, 0, 0, NULL,
		  "s.frequency.cron" },
		{ "{\"frequency\":\"10ms\"}", 0, 0, 0, NULL, "s.frequency" },
		{ "{\"frequency\":{\"moons\":1}}", 0, 0, 0, NULL,
		  "s.frequency" },
		{ "{\"timeout\":true}", 0, 0, 0, NULL, "s.timeout" },
		{ "[]", 0, 0, 0, NULL, "s: expected" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *json = json_loads(rows[i].json, JSON_DECODE_ANY, NULL);
		struct cbi_schedule got;
		int rc = cbi_config_schedule(
		    &ctx, json_is_null(json) ? NULL : json, "s", &usual, &got);

		json_decref(json);
		if (rows[i].wrong) {
			assert_int_equal(rc, CB_EINVAL);
			assert_non_null(
			    strstr(cb_failure(&ctx), rows[i].wrong));
			cb_failure_clear(&ctx);
			continue;
		}
		assert_int_equal(rc, CB_OK);
		assert_int_equal(got.frequency_ms, rows[i].frequency);
		assert_int_equal(got.timeout_ms, rows[i].timeout);
		assert_int_equal(got.initial_ms, rows[i].initial);
		assert_string_equal(got.cron, rows[i].cron);
	}
}

static void every_kind_has_its_own_section(void **state)
{
	const struct cbi_supply_kind *const *kinds = cbi_supply_kinds();

	(void)state;
	for (size_t i = 0; kinds[i]; i++) {
		assert_true(*kinds[i]->help);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(kinds[i]->section,
			                        kinds[k]->section);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_entity_names),
		cmocka_unit_test(entities_say_where_they_are_from),
		cmocka_unit_test(settings_say_what_they_lack),
		cmocka_unit_test(schedules_are_read_as_backstage_has_them),
		cmocka_unit_test(every_kind_has_its_own_section),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
