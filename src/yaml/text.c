/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c - what a text needs before libfyaml reads it.
 */
#include <stdlib.h>
#include <string.h>

#include "yaml/yaml_priv.h"

/* Is there any line end but NEL?  YAML 1.1 knew it, editors of mainframes
 * write it, and 1.2 would read such a file as one line. */
static bool only_nel(const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	if (memchr(text, '\n', len) || memchr(text, '\r', len))
		return false;
	while ((p = memchr(p, '\x85', (size_t)(end - p))) != NULL) {
		if (p > text && p[-1] == '\xc2')
			return true;
		p++;
	}
	return false;
}

static char *without_nel(const char *text, size_t *len)
{
	char *copy = malloc(*len + 1);
	size_t n = 0;

	if (!copy)
		return NULL;
	for (size_t i = 0; i < *len; i++) {
		if (text[i] == '\xc2' && i + 1 < *len &&
		    text[i + 1] == '\x85') {
			copy[n++] = '\n';
			i++;
		} else {
			copy[n++] = text[i];
		}
	}
	copy[n] = '\0';
	*len = n;
	return copy;
}

static char *own_copy(const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	if (copy) {
		memcpy(copy, text, len);
		copy[len] = '\0';
	}
	return copy;
}

/* The next line that declares a tag's handle, at or after p; NULL for none. */
static const char *tag_line(const char *text, const char *p, const char *end)
{
	while ((p = memchr(p, '%', (size_t)(end - p))) != NULL) {
		if ((p == text || p[-1] == '\n' || p[-1] == '\r') &&
		    end - p > 4 && memcmp(p, "%TAG", 4) == 0)
			return p;
		p++;
	}
	return NULL;
}

/*
 * libfyaml compares each handle with all before it.  Tags mean nothing to us,
 * so those beyond a number that people may have become comments: the text
 * keeps its lines, and who uses such a handle is told that nobody knows it.
 */
static int few_tags(const char **text, size_t len, char **own)
{
	const char *end = *text + len;
	const char *p = *text;
	int seen = 0;

	while ((p = tag_line(*text, p, end)) != NULL) {
		size_t at = (size_t)(p - *text);

		p++;
		if (seen++ < CB_YAML_TAGS_MAX)
			continue;
		if (!*own)
			*own = own_copy(*text, len);
		if (!*own)
			return CB_ENOMEM;
		*text = *own;
		(*own)[at] = '#';
		end = *text + len;
		p = *text + at + 1;
	}
	return CB_OK;
}

int cbi_yaml_ready(const char **text, size_t *len, char **own)
{
	*own = NULL;
	if (only_nel(*text, *len)) {
		*own = without_nel(*text, len);
		if (!*own)
			return CB_ENOMEM;
		*text = *own;
	}
	return few_tags(text, *len, own);
}
