/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_words.c - every visible string of a page passes cb_tr(): in the
 * pseudo-locale, what stands outside of brackets is data, and all data here
 * says "zz", or is an address.
 */
#include "config.h"

#include "tests/lib/cmock.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "html/html.h"
#include "tests/web/pages/house.h"

static const char *const entities[] = {
	"{\"kind\":\"Component\",\"metadata\":{\"name\":\"zzgate\","
	"\"namespace\":\"zzport\",\"title\":\"zzTitle\",\"description\":"
	"\"zzOpens\",\"tags\":[\"zzrust\"],\"labels\":{\"zz/tier\":\"zz1\"},"
	"\"annotations\":{\"zz/a\":\"zzb\"},\"links\":[{\"url\":\"https://zz."
	"example/\",\"title\":\"zzBoard\"}]},\"spec\":{\"type\":\"zzservice\","
	"\"lifecycle\":\"zzlive\",\"owner\":\"zzcrew\"},\"relations\":[{"
	"\"type\":\"ownedBy\",\"targetRef\":\"group:zzport/zzcrew\"},{"
	"\"type\":\"partOf\",\"targetRef\":\"system:zzport/zzboard\"},{"
	"\"type\":\"dependsOn\",\"targetRef\":\"resource:zzport/zzgone\"}]}",
	"{\"kind\":\"Group\",\"metadata\":{\"name\":\"zzcrew\",\"namespace\":"
	"\"zzport\"},\"spec\":{\"type\":\"zzteam\",\"profile\":{"
	"\"displayName\":\"zzCrew\",\"email\":\"zz@zz.example\"}}}",
	"{\"kind\":\"API\",\"metadata\":{\"name\":\"zzapi\",\"namespace\":"
	"\"zzport\"},\"spec\":{\"type\":\"zzopenapi\",\"definition\":"
	"\"zz: 3\\n\"}}",
	NULL,
};

/* What is data all the same: kinds, who the guest is, what house.c calls the
 * portal and the company. */
static const char *const names[] = {
	"component", "group",     "api",      "system", "resource",
	"location",  "user",      "template", "domain", "guest",
	"default",   "callboard", "ondry",    "line",   "amp",
	"quot",      "lt",        "gt",       "utc",    "user:default/guest",
};

static bool is_data(const char *word, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (strncasecmp(word + i, "zz", 2) == 0 ||
		    strncmp(word + i, "//", 2) == 0)
			return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len &&
		    strncasecmp(word, names[i], len) == 0)
			return true;
	return false;
}

/* Words of two letters and more, outside of brackets. */
static int count_bare(const char *where, const char *text, size_t len)
{
	int depth = 0, bare = 0;

	for (size_t i = 0; i < len; i++) {
		size_t from = i;

		depth += text[i] == '[' ? 1 : text[i] == ']' ? -1 : 0;
		if (depth > 0)
			continue;
		while (i < len && (isalpha((unsigned char)text[i]) ||
		                   strchr("@.:/-", text[i])))
			i++;
		if (i - from < 2 || !isalpha((unsigned char)text[from]))
			continue;
		if (!is_data(text + from, i - from)) {
			print_message("%s: '%.*s' in: %.*s\n", where,
			              (int)(i - from), text + from,
			              (int)(len < 160 ? len : 160), text);
			bare++;
		}
		i--;
	}
	return bare;
}

/* Attributes that people see or hear. */
static int count_attributes(const char *where, const char *tag, size_t len)
{
	static const char *const seen[] = { " title=\"", " aria-label=\"",
		                            " placeholder=\"", " alt=\"" };
	int bare = 0;

	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		const char *at = memmem(tag, len, seen[i], strlen(seen[i]));

		if (!at)
			continue;
		at += strlen(seen[i]);
		bare += count_bare(where, at, strcspn(at, "\""));
	}
	return bare;
}

static bool is_tag(const char *tag, const char *name)
{
	return strncmp(tag + 1, name, strlen(name)) == 0 &&
	       strchr(" >", tag[1 + strlen(name)]);
}

static int check(struct house *house, const char *uri)
{
	const struct house_answer *answer = house_ask(house, uri, NULL);
	const char *at = answer->body;
	int bare = 0;

	if (answer->status != 200)
		fail_msg("%s: %d", uri, answer->status);
	assert_non_null(strchr(at, '['));
	while (*at) {
		size_t len = strcspn(at, *at == '<' ? ">" : "<");

		if (*at != '<') {
			bare += count_bare(uri, at, len);
			at += len;
			continue;
		}
		bare += count_attributes(uri, at, len);
		/* What a source says, or code, is no message. */
		if (is_tag(at, "pre") || is_tag(at, "code") ||
		    is_tag(at, "svg") || is_tag(at, "kbd")) {
			char end[12];

			snprintf(end, sizeof(end), "</%.*s",
			         (int)strcspn(at + 1, " >"), at + 1);
			at = strstr(at, end);
			assert_non_null(at);
			len = strcspn(at, ">");
		}
		at += len + (at[len] == '>');
	}
	return bare;
}

static void every_visible_string_passes_cb_tr(void **state)
{
	static const char *const uris[] = {
		"/",
		"/catalog",
		"/catalog?kind=component&q=zz",
		"/catalog?kind=api",
		"/catalog/zzport/component/zzgate",
		"/catalog/zzport/group/zzcrew",
		"/catalog/zzport/api/zzapi",
		"/catalog-import",
		"/search?query=zz",
	};
	struct house *house = *state;
	int bare = 0;

	house_ask(house, "/sign-in?return=/", NULL);
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++)
		bare += check(house, uris[i]);
	assert_int_equal(bare, 0);
}

static int begin(void **state)
{
	assert_false(cbi_html_language("tlh"));
	assert_true(cbi_html_language("en-XA"));
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
		cmocka_unit_test_setup_teardown(
		    every_visible_string_passes_cb_tr, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
