/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog_query.c - the catalog page's address: reading it, and making those
 * of its links.
 */
#include "web/pages/catalog.h"

#include <string.h>

#include "base/str.h"
#include "html/addr.h"
#include "web/at.h"

static const struct {
	const char *param, *title;
} columns[CBI_COLUMNS] = {
	[CBI_COLUMN_KIND] = { "kind", "Kind" },
	[CBI_COLUMN_TYPE] = { "type", "Type" },
	[CBI_COLUMN_OWNER] = { "owner", "Owner" },
	[CBI_COLUMN_LIFECYCLE] = { "lifecycle", "Lifecycle" },
	[CBI_COLUMN_TAG] = { "tag", "Tag" },
	[CBI_COLUMN_NAMESPACE] = { "namespace", "Namespace" },
};

static const char *const sorts[] = {
	[CBI_SORT_NAME] = "name",
	[CBI_SORT_TYPE] = "type",
	[CBI_SORT_OWNER] = "owner",
	[CBI_SORT_LIFECYCLE] = "lifecycle",
};
#define SORTS (sizeof(sorts) / sizeof(sorts[0]))

const char *cbi_catalog_param(enum cbi_table_column column)
{
	return columns[column].param;
}

const char *cbi_catalog_column(enum cbi_table_column column)
{
	return columns[column].title;
}

const char *cbi_catalog_sort_param(enum cbi_table_sort sort, bool descending)
{
	static const char *const down[] = {
		[CBI_SORT_NAME] = "-name",
		[CBI_SORT_TYPE] = "-type",
		[CBI_SORT_OWNER] = "-owner",
		[CBI_SORT_LIFECYCLE] = "-lifecycle",
	};

	return descending ? down[sort] : sorts[sort];
}

/* The values of a parameter that are not empty: a form sends all it has. */
static int read_values(struct cb_req *req, const char *name,
                       const char *const **values, size_t *n)
{
	const char **out;
	size_t count = 0;

	for (const struct cbi_param *p = req->query; p; p = p->next)
		count += strcmp(p->name, name) == 0 && *p->value;
	*n = count;
	*values = NULL;
	if (!count)
		return CB_OK;
	out = cb_alloc(req->ctx, count * sizeof(*out));
	if (!out)
		return CB_ENOMEM;
	*values = out;
	for (const struct cbi_param *p = req->query; p; p = p->next)
		if (strcmp(p->name, name) == 0 && *p->value)
			*out++ = p->value;
	return CB_OK;
}

static const char *one(const struct cb_req *req, const char *name)
{
	const char *value = cbi_req_query(req, name);

	return value && *value ? value : NULL;
}

static int read_sort(struct cb_req *req, struct cbi_catalog_page *page)
{
	const char *sort = one(req, "sort");

	if (!sort)
		return CB_OK;
	page->query.descending = *sort == '-';
	sort += *sort == '-';
	for (size_t i = 0; i < SORTS; i++)
		if (strcmp(sort, sorts[i]) == 0) {
			page->query.sort = (enum cbi_table_sort)i;
			return CB_OK;
		}
	return cb_fail(req->ctx, CB_EINVAL,
	               "sort: '%s' is no column, expected name, type, owner "
	               "or lifecycle",
	               sort);
}

int cbi_catalog_query_read(struct cb_req *req, struct cbi_catalog_page *page)
{
	const char *row = one(req, "row");
	int64_t n = 0;
	int rc = cbi_req_at(req);

	if (rc < 0)
		return rc;
	page->req = req;
	for (int i = 0; i < CBI_COLUMNS; i++) {
		rc = read_values(req, columns[i].param,
		                 &page->query.filters[i].values,
		                 &page->query.filters[i].n);
		if (rc < 0)
			return rc;
	}
	if (page->query.filters[CBI_COLUMN_KIND].n) {
		char *kind = cb_strdup(
		    req->ctx, page->query.filters[CBI_COLUMN_KIND].values[0]);

		if (!kind)
			return CB_ENOMEM;
		cbi_str_lower(kind);
		page->kind = kind;
	}
	page->query.text = one(req, "q");
	page->query.after = one(req, "after");
	page->query.before = page->query.after ? NULL : one(req, "before");
	page->query.limit = CBI_CATALOG_PAGE;
	if (row && cbi_str_int(row, 0, INT32_MAX, &n) < 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "row: '%s' is no position, expected a number",
		               row);
	page->at = page->query.after || page->query.before ? (size_t)n : 0;
	return read_sort(req, page);
}

static bool is_position(const char *name)
{
	return strcmp(name, "after") == 0 || strcmp(name, "before") == 0 ||
	       strcmp(name, "row") == 0;
}

static bool dropped(const struct cbi_param *param,
                    const struct cbi_catalog_change *change)
{
	if (!*param->value || is_position(param->name))
		return true;
	if (change->drop_too && strcmp(param->name, change->drop_too) == 0)
		return true;
	return change->drop && strcmp(param->name, change->drop) == 0 &&
	       (!change->drop_value ||
	        cbi_str_casecmp(param->value, change->drop_value) == 0);
}

const char *cbi_catalog_addr(const struct cbi_catalog_page *page,
                             const struct cbi_catalog_change *change)
{
	const char *addr =
	    cbi_addr_then(page->req->ctx, cbi_addr(page->req->ctx, "/catalog"));

	/* Only parameters of ours are carried on. */
	for (const struct cbi_param *p = page->req->query; p; p = p->next) {
		bool ours =
		    strcmp(p->name, "q") == 0 || strcmp(p->name, "sort") == 0;

		for (int i = 0; i < CBI_COLUMNS && !ours; i++)
			ours = strcmp(p->name, columns[i].param) == 0;
		if (ours && !dropped(p, change))
			addr = cbi_addr_with(page->req->ctx, addr, p->name,
			                     p->value);
	}
	if (change->name)
		addr = cbi_addr_with(page->req->ctx, addr, change->name,
		                     change->value);
	return addr;
}

const char *cbi_catalog_shown(const struct cbi_catalog_page *page,
                              enum cbi_table_column column, const char *value)
{
	if (column == CBI_COLUMN_OWNER)
		return cbi_thing_ref_title(page->req, value);
	if (column == CBI_COLUMN_KIND)
		return cb_tr(page->req->ctx, cbi_thing_kind(value));
	return value;
}
