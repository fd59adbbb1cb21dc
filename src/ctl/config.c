/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.c - `callboardctl config check|print|get`.
 */
#include "ctl/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

int cbi_ctl_config_check(struct cbi_ctl *ctl, int argc, char **argv)
{
	(void)ctl;
	(void)argv;
	if (argc > 0)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "config check takes no argument");
	puts("the config is fine");
	return CBI_EXIT_OK;
}

static json_t *masked(json_t *value, bool secret)
{
	const char *key;
	json_t *member, *copy;
	size_t i;

	if (json_is_object(value)) {
		copy = json_object();
		json_object_foreach(value, key, member) json_object_set_new(
		    copy, key, masked(member, cbi_config_secret(key)));
		return copy;
	}
	if (json_is_array(value)) {
		copy = json_array();
		json_array_foreach(value, i, member)
		    json_array_append_new(copy, masked(member, secret));
		return copy;
	}
	if (secret && json_is_string(value))
		return json_string("<masked>");
	return json_incref(value);
}

int cbi_ctl_config_print(struct cbi_ctl *ctl, int argc, char **argv)
{
	json_t *copy;

	(void)argv;
	if (argc > 0)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "config print takes no argument");
	copy = masked((json_t *)cbi_config_root(ctl->config), false);
	json_dumpf(copy, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(copy);
	return CBI_EXIT_OK;
}

int cbi_ctl_config_get(struct cbi_ctl *ctl, int argc, char **argv)
{
	const json_t *value;
	char *text;

	if (argc != 1)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "config get takes one key");
	value = cbi_config_get(ctl->config, argv[0]);
	if (!value)
		return cbi_ctl_complain(CBI_EXIT_FAILED, "%s is not set",
		                        argv[0]);
	if (json_is_string(value)) {
		puts(json_string_value(value));
		return CBI_EXIT_OK;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_INDENT(2));
	puts(text ? text : "");
	free(text);
	return CBI_EXIT_OK;
}
