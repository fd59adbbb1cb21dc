/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.c - /api/search: the catalog's entities by words.
 *
 * The type `techdocs` is known and empty until docs are served; other types
 * are nobody's.
 */
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "web/api/answer.h"
#include "web/api/api.h"
#include "web/found.h"
#include "web/web.h"

#define TERM_MAX 100
#define LIMIT_MAX 100
#define LIMIT 25
/* Nobody turns so many pages; an offset beyond would only cost. */
#define PAGE_MAX 10000
#define FILTERS_MAX 16
#define VALUES_MAX 50

#define PRE "<callboard-mark>"
#define POST "</callboard-mark>"

struct asked {
	struct cbi_search search;
	struct cbi_search_filter filters[FILTERS_MAX];
	const char *values[FILTERS_MAX][VALUES_MAX];
	int64_t limit, page;
	bool entities; /* the type was asked for, or none was */
};

/* "name", "name[]" or "name[0]". */
static bool is_named(const char *text, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(text, name, len) != 0)
		return false;
	text += len;
	if (!*text)
		return true;
	if (*text++ != '[')
		return false;
	text += strspn(text, "0123456789");
	return strcmp(text, "]") == 0;
}

static int read_types(struct cb_req *req, struct asked *asked)
{
	bool any = false;

	for (const struct cbi_param *p = req->query; p; p = p->next) {
		if (!is_named(p->name, "types"))
			continue;
		any = true;
		if (strcmp(p->value, "software-catalog") == 0)
			asked->entities = true;
		else if (strcmp(p->value, "techdocs") != 0)
			return cb_fail(req->ctx, CB_EINVAL,
			               "types has '%.80s'; expected "
			               "'software-catalog' or 'techdocs'",
			               p->value);
	}
	if (!any)
		asked->entities = true;
	return CB_OK;
}

/* filters[kind]=API, filters[kind][0]=API, filters[kind][]=API */
static int read_filter(struct cb_req *req, struct asked *asked,
                       const struct cbi_param *p)
{
	const char *from = p->name + strlen("filters[");
	size_t len = strcspn(from, "]"), i = 0;
	struct cbi_search_filter *filter;
	char *field = cb_strndup(req->ctx, from, len);

	if (!field)
		return CB_ENOMEM;
	if (!len || from[len] != ']' || !is_named(from + len + 1, ""))
		return cb_fail(req->ctx, CB_EINVAL,
		               "'%.80s' is no filter; expected "
		               "'filters[<field>]'",
		               p->name);
	while (i < asked->search.filter_count &&
	       strcmp(asked->filters[i].field, field) != 0)
		i++;
	if (i == FILTERS_MAX || (i < asked->search.filter_count &&
	                         asked->filters[i].n == VALUES_MAX))
		return cb_fail(req->ctx, CB_EINVAL,
		               "there are too many filters; at most %d with "
		               "%d values each",
		               FILTERS_MAX, VALUES_MAX);
	filter = &asked->filters[i];
	filter->field = field;
	filter->values = asked->values[i];
	asked->values[i][filter->n++] = p->value;
	if (i == asked->search.filter_count)
		asked->search.filter_count++;
	return CB_OK;
}

static int read_cursor(struct cb_req *req, struct asked *asked)
{
	const char *text = cbi_req_query(req, "pageCursor");
	unsigned char page[24];
	size_t len = text ? strlen(text) : 0;

	if (!len)
		return CB_OK;
	if (len < sizeof(page) - 4 &&
	    (cbi_crypto_unbase64(CBI_BASE64_STD, text, len, page, &len) ||
	     cbi_crypto_unbase64(CBI_BASE64_URL, text, len, page, &len))) {
		page[len] = '\0';
		if (cbi_str_int((char *)page, 0, PAGE_MAX, &asked->page) == 0)
			return CB_OK;
	}
	return cb_fail(req->ctx, CB_EINVAL,
	               "query parameter 'pageCursor' is not one that this "
	               "search gave");
}

static int read_asked(struct cb_req *req, struct asked *asked)
{
	const char *term = cbi_req_query(req, "term");
	size_t letters = 0;
	int rc;

	asked->search.term = term ? term : "";
	asked->search.seen = cbi_found_seen;
	asked->search.filters = asked->filters;
	asked->limit = LIMIT;
	for (const char *p = asked->search.term; *p; p++)
		letters += ((unsigned char)*p & 0xc0) != 0x80;
	if (letters > TERM_MAX)
		return cb_fail(req->ctx, CB_EINVAL,
		               "the search term is too long; at most %d "
		               "characters",
		               TERM_MAX);
	rc = read_types(req, asked);
	for (const struct cbi_param *p = req->query; rc == CB_OK && p;
	     p = p->next)
		if (cbi_str_starts(p->name, "filters["))
			rc = read_filter(req, asked, p);
	if (rc == CB_OK)
		rc = cbi_api_int(req, "pageLimit", 0, &asked->limit);
	if (rc == CB_OK && asked->limit > LIMIT_MAX)
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "query parameter 'pageLimit' is %lld; at most %d",
		             (long long)asked->limit, LIMIT_MAX);
	if (rc == CB_OK)
		rc = read_cursor(req, asked);
	asked->search.limit = (size_t)asked->limit;
	asked->search.offset = (size_t)(asked->limit * asked->page);
	return rc;
}

/* --- the answer --- */

static void member(struct cb_buf *buf, const char *name, const char *value)
{
	cb_buf_printf(buf, "\"%s\":", name);
	cbi_str_json(buf, value, strlen(value));
}

static void marked_member(struct cb_ctx *ctx, struct cb_buf *buf,
                          const char *name, const char *value,
                          const char *const *words, size_t n)
{
	struct cbi_span piece;
	struct cb_buf text;
	size_t at = 0;
	bool marked, any = false;

	cbi_buf_init(&text, 4 * CB_MIB);
	while (cbi_found_piece(value, words, n, &at, &piece, &marked)) {
		any = any || marked;
		cb_buf_text(&text, marked ? PRE : "");
		cb_buf_add(&text, piece.ptr, piece.len);
		cb_buf_text(&text, marked ? POST : "");
	}
	/* A field without one of the words is "", as upstream has it. */
	member(buf, name, any && !text.failed ? cbi_buf_string(&text) : "");
	if (text.failed)
		(void)cb_fail(ctx, text.failed, "no memory for the answer");
	cbi_buf_finish(&text);
}

static void write_document(struct cb_buf *buf, const struct cbi_found *found)
{
	const struct {
		const char *name, *value;
	} members[] = {
		{ "title", found->title },
		{ "text", found->text },
		{ "location", found->location },
		{ "kind", found->kind },
		{ "namespace", found->space },
		{ "type", found->type },
		{ "componentType", found->type },
		{ "lifecycle", found->lifecycle },
		{ "owner", found->owner },
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		cb_buf_text(buf, i ? "," : "\"document\":{");
		member(buf, members[i].name, members[i].value);
	}
	cb_buf_text(buf, "}");
}

static int write_hit(struct cb_req *req, const struct cbi_search_hit *hit,
                     size_t rank, const char *const *words, size_t n)
{
	struct cb_buf *buf = req->answer.body;
	struct cbi_found found;
	int rc = cbi_found_read(req->ctx, hit, &found);

	if (rc < 0)
		return rc;
	cb_buf_printf(buf, "%s{\"type\":\"software-catalog\",\"rank\":%zu,",
	              buf->data[buf->len - 1] == '[' ? "" : ",", rank);
	write_document(buf, &found);
	cb_buf_text(buf, ",\"highlight\":{\"preTag\":\"" PRE
	                 "\",\"postTag\":\"" POST "\",\"fields\":{");
	if (n) {
		marked_member(req->ctx, buf, "title", found.title, words, n);
		cb_buf_text(buf, ",");
		marked_member(req->ctx, buf, "text", found.text, words, n);
		cb_buf_text(buf, ",\"location\":\"\",\"path\":\"\"");
	}
	cb_buf_text(buf, "}}}");
	return buf->failed
	           ? cb_fail(req->ctx, buf->failed, "no memory for the answer")
	           : CB_OK;
}

static void write_cursor(struct cb_buf *buf, const char *name, int64_t page)
{
	char text[24], encoded[CB_BASE64_LEN(sizeof(text))];

	snprintf(text, sizeof(text), "%lld", (long long)page);
	cbi_crypto_base64(CBI_BASE64_STD, text, strlen(text), encoded);
	cb_buf_printf(buf, ",\"%s\":\"%s\"", name, encoded);
}

static int answer(struct cb_req *req)
{
	struct cb_buf *buf = req->answer.body;
	struct cbi_search_found found = { 0 };
	const char *const *words = NULL;
	struct asked *asked = cb_alloc(req->ctx, sizeof(*asked));
	size_t n = 0;
	int rc;

	if (!asked)
		return CB_ENOMEM;
	memset(asked, 0, sizeof(*asked));
	rc = read_asked(req, asked);
	if (rc == CB_OK)
		rc = cbi_search_words(req->ctx, asked->search.term, &words, &n);
	if (rc == CB_OK && asked->entities)
		rc = cbi_search_run(req->ctx, &asked->search, &found);
	if (rc == CB_OK)
		rc = cb_buf_text(buf, "{\"results\":[");
	for (size_t i = 0; rc == CB_OK && i < found.count; i++)
		rc = write_hit(req, &found.hits[i],
		               asked->search.offset + i + 1, words, n);
	if (rc < 0)
		return rc;
	cb_buf_text(buf, "]");
	if (found.total >= 0)
		cb_buf_printf(buf, ",\"numberOfResults\":%lld",
		              (long long)found.total);
	if (found.more)
		write_cursor(buf, "nextPageCursor", asked->page + 1);
	if (asked->page > 0)
		write_cursor(buf, "previousPageCursor", asked->page - 1);
	return cb_buf_text(buf, "}");
}

static int query(struct cb_req *req)
{
	return cbi_api_cached(req, answer);
}

const struct cbi_endpoint cbi_api_search[] = {
	{
	    .path = "/api/search/query",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "search-query",
	    .handle = query,
	    /* Other names are for engines; the API leaves them alone. */
	},
	{ .path = NULL },
};
