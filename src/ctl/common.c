/* SPDX-License-Identifier: Apache-2.0 */
/*
 * common.c - what every command uses: arguments, failures, printing.
 */
#include "ctl/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static void take(int *argc, char **argv, int at, int n)
{
	for (int i = at; i + n < *argc; i++)
		argv[i] = argv[i + n];
	*argc -= n;
}

const char *cbi_ctl_option(int *argc, char **argv, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < *argc; i++) {
		const char *value;

		if (strcmp(argv[i], "--") == 0)
			return NULL;
		if (strncmp(argv[i], name, len) != 0)
			continue;
		if (argv[i][len] == '=') {
			value = argv[i] + len + 1;
			take(argc, argv, i, 1);
			return value;
		}
		if (argv[i][len] == '\0' && i + 1 < *argc) {
			value = argv[i + 1];
			take(argc, argv, i, 2);
			return value;
		}
	}
	return NULL;
}

bool cbi_ctl_flag(int *argc, char **argv, const char *name)
{
	for (int i = 0; i < *argc; i++) {
		if (strcmp(argv[i], name) != 0)
			continue;
		take(argc, argv, i, 1);
		return true;
	}
	return false;
}

int cbi_ctl_complain(int code, const char *fmt, ...)
{
	va_list args;

	fputs("callboardctl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return code;
}

int cbi_ctl_fail(struct cbi_ctl *ctl)
{
	int code = CBI_EXIT_FAILED;

	switch (cb_failure_code(&ctl->ctx)) {
	case CB_EAWAY:
	case CB_ETIME:
	case CB_EBUSY:
		code = CBI_EXIT_AWAY;
		break;
	case CB_EDENIED:
	case CB_EAUTH:
		code = CBI_EXIT_DENIED;
		break;
	default:
		break;
	}
	return cbi_ctl_complain(code, "%s", cb_failure(&ctl->ctx));
}

/* The cell's text; lives until the next call with the same buffer. */
static const char *cell(const json_t *row, const char *column, char *buf,
                        size_t size)
{
	const json_t *value = json_object_get(row, column);

	if (json_is_string(value))
		return *json_string_value(value) ? json_string_value(value)
		                                 : "-";
	if (json_is_integer(value))
		snprintf(buf, size, "%lld",
		         (long long)json_integer_value(value));
	else if (json_is_real(value))
		snprintf(buf, size, "%.3g", json_real_value(value));
	else if (json_is_boolean(value))
		snprintf(buf, size, "%s", json_is_true(value) ? "yes" : "no");
	else
		snprintf(buf, size, "-");
	return buf;
}

static void print_row(const json_t *row, const char *const *columns,
                      const size_t *widths)
{
	char buf[64];

	for (size_t c = 0; columns[c]; c++) {
		const char *text =
		    row ? cell(row, columns[c], buf, sizeof(buf)) : columns[c];
		int pad = columns[c + 1] ? (int)widths[c] : 0;

		printf("%-*s%s", pad, text, columns[c + 1] ? "  " : "\n");
	}
}

#define COLUMNS_MAX 16

static void print_table(const json_t *rows, const char *const *columns)
{
	size_t widths[COLUMNS_MAX] = { 0 };
	const json_t *row;
	char buf[64];
	size_t i;

	for (size_t c = 0; columns[c] && c < COLUMNS_MAX; c++)
		widths[c] = strlen(columns[c]);
	json_array_foreach(
	    rows, i, row) for (size_t c = 0; columns[c] && c < COLUMNS_MAX; c++)
	{
		size_t len = strlen(cell(row, columns[c], buf, sizeof(buf)));

		if (len > widths[c])
			widths[c] = len;
	}
	print_row(NULL, columns, widths);
	json_array_foreach(rows, i, row) print_row(row, columns, widths);
}

/* JSON's scalars are YAML's, so only the layout is ours. */
static void print_yaml(const json_t *rows)
{
	json_t *row, *value;
	const char *key;
	size_t i;

	json_array_foreach((json_t *)rows, i, row)
	{
		const char *lead = "- ";

		json_object_foreach(row, key, value)
		{
			char *text =
			    json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

			printf("%s%s: %s\n", lead, key, text ? text : "null");
			free(text);
			lead = "  ";
		}
	}
	if (json_array_size(rows) == 0)
		puts("[]");
}

int cbi_ctl_print(struct cbi_ctl *ctl, const json_t *rows,
                  const char *const *columns)
{
	if (ctl->output == CBI_OUTPUT_JSON) {
		json_dumpf(rows, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		putchar('\n');
	} else if (ctl->output == CBI_OUTPUT_YAML) {
		print_yaml(rows);
	} else {
		print_table(rows, columns);
	}
	return ferror(stdout) ? CBI_EXIT_FAILED : CBI_EXIT_OK;
}
