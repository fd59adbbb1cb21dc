/* SPDX-License-Identifier: Apache-2.0 */
/*
 * veil.c - the text of a config file with stars for its secrets, letter by
 * letter, so that lines around an error can be shown.
 *
 * It looks at lines, not at YAML: a file that cannot be read has secrets, too.
 */
#include "config/config_priv.h"

#include <stdlib.h>
#include <string.h>

#define KEY_MAX 128

static bool is_key_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/* Does a secret's key end at the colon? */
static bool is_secret(const char *line, const char *colon)
{
	const char *end = colon, *start;
	char key[KEY_MAX];

	while (end > line && (end[-1] == '"' || end[-1] == '\''))
		end--;
	for (start = end; start > line && is_key_letter(start[-1]);)
		start--;
	if (start == end || end - start >= KEY_MAX)
		return false;
	memcpy(key, start, (size_t)(end - start));
	key[end - start] = '\0';
	return cbi_config_secret(key);
}

static void stars(char *from, const char *to)
{
	for (; from < to; from++)
		if (*from != ' ' && *from != '\t' && *from != '\r')
			*from = '*';
}

/* One line; true when a block of text follows that is all secret. */
static bool veil_line(char *line, char *end)
{
	for (char *at = line; at < end; at++) {
		char *value = at + 1, *stop;

		if (*at != ':' || (value < end && *value != ' ' &&
		                   *value != '"' && *value != '\''))
			continue;
		if (!is_secret(line, at))
			continue;
		while (value < end &&
		       (*value == ' ' || *value == '"' || *value == '\''))
			value++;
		if (value < end && (*value == '|' || *value == '>'))
			return true;
		/* Where it comes from is no secret. */
		if (value < end && (*value == '$' || *value == '{' ||
		                    *value == '[' || *value == '#'))
			continue;
		for (stop = value; stop < end && *stop != ',' && *stop != '}';)
			stop++;
		stars(value, stop);
		at = stop;
	}
	return false;
}

static size_t indent_of(const char *line, const char *end)
{
	const char *at = line;

	while (at < end && (*at == ' ' || *at == '-'))
		at++;
	return (size_t)(at - line);
}

char *cbi_config_veiled(const char *text, size_t len)
{
	char *copy = malloc(len + 1), *line, *end, *last;
	size_t block = SIZE_MAX;

	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	last = copy + len;
	for (line = copy; line < last; line = end + 1) {
		size_t indent;

		end = memchr(line, '\n', (size_t)(last - line));
		if (!end)
			end = last;
		indent = indent_of(line, end);
		if (block != SIZE_MAX &&
		    (indent > block || line + indent == end)) {
			stars(line, end);
			continue;
		}
		block = veil_line(line, end) ? indent : SIZE_MAX;
	}
	return copy;
}
