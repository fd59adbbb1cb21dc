/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill.c - the addresses of a host's API are templates of its kind.
 *
 * {name} stands for a value, escaped as its place in an address needs it;
 * what stands in [ ] is left out when the place names no ref.
 */
#include "scm/scm_priv.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"

#include <string.h>

static int put_number(struct cb_buf *buf, const struct cbi_scm_page *page)
{
	return cb_buf_printf(buf, "%d", page ? page->number : 1);
}

/* The whole project as one part of a path. */
static int put_project(struct cb_buf *buf, const struct cbi_scm_place *place)
{
	int rc = cbi_str_url_encode(buf, place->owner, "");

	if (rc == CB_OK)
		rc = cb_buf_text(buf, "%2F");
	return rc == CB_OK ? cbi_str_url_encode(buf, place->repo, "") : rc;
}

static int put(struct cb_buf *buf, const char *name, size_t len,
               const struct cbi_scm_place *place,
               const struct cbi_scm_page *page)
{
	const char *start = page && *page->start ? page->start : "0";
	const struct {
		const char *name, *value, *keep;
	} rows[] = {
		{ "owner", place->owner, "/~" },
		{ "group", place->owner, "" },
		{ "repo", place->repo, "" },
		{ "path", place->path, "/" },
		{ "file", place->path, "" },
		{ "ref", *place->ref ? place->ref : "HEAD", "" },
		{ "start", start, "" },
	};

	if (len == 3 && memcmp(name, "api", 3) == 0)
		return cb_buf_text(buf, place->host->api);
	if (len == 3 && memcmp(name, "url", 3) == 0)
		return cb_buf_text(buf, place->before);
	if (len == 4 && memcmp(name, "page", 4) == 0)
		return put_number(buf, page);
	if (len == 7 && memcmp(name, "project", 7) == 0)
		return put_project(buf, place);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strlen(rows[i].name) == len &&
		    memcmp(rows[i].name, name, len) == 0)
			return cbi_str_url_encode(buf, rows[i].value,
			                          rows[i].keep);
	return CB_EBUG;
}

static int fill(struct cb_buf *buf, const char *template,
                const struct cbi_scm_place *place,
                const struct cbi_scm_page *page)
{
	int rc = CB_OK;

	while (rc == CB_OK && *template) {
		size_t len = strcspn(template, "{[]");

		rc = cb_buf_add(buf, template, len);
		template += len;
		if (rc < 0 || !*template)
			return rc;
		if (*template == '{') {
			len = strcspn(template, "}");
			rc = put(buf, template + 1, len - 1, place, page);
			template += len + 1;
		} else if (*template == '[' && !*place->ref) {
			template += strcspn(template, "]") + 1;
		} else {
			template ++;
		}
	}
	return rc;
}

const char *cbi_scm_fill(struct cb_ctx *ctx, const char *template,
                         const struct cbi_scm_place *place,
                         const struct cbi_scm_page *page)
{
	struct cb_buf buf;
	const char *out = NULL;
	int rc;

	cbi_buf_init(&buf, CB_URL_MAX);
	rc = fill(&buf, template, place, page);
	if (rc == CB_OK)
		out = cb_strdup(ctx, cbi_buf_string(&buf));
	else
		cb_fail(ctx, rc, "an address of more than %d bytes",
		        CB_URL_MAX);
	cbi_buf_finish(&buf);
	return out;
}
