/* SPDX-License-Identifier: Apache-2.0 */
/*
 * things.c - see things.h.
 */
#include "web/pages/things.h"

#include <string.h>

#include "base/str.h"
#include "catalog/entity.h"
#include "html/addr.h"

static const struct {
	const char *kind, *one, *many, *few; /* few: of a number of them */
} kinds[] = {
	{ "component", "Component", "Components", "components" },
	{ "api", "API", "APIs", "APIs" },
	{ "system", "System", "Systems", "systems" },
	{ "domain", "Domain", "Domains", "domains" },
	{ "resource", "Resource", "Resources", "resources" },
	{ "group", "Group", "Groups", "groups" },
	{ "user", "User", "Users", "users" },
	{ "location", "Location", "Locations", "locations" },
	{ "template", "Template", "Templates", "templates" },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct {
	const char *type, *title;
} relations[] = {
	{ "partOf", "Part of" },       { "hasPart", "Has parts" },
	{ "ownedBy", "Owned by" },     { "ownerOf", "Owns" },
	{ "memberOf", "Member of" },   { "hasMember", "Members" },
	{ "childOf", "Child of" },     { "parentOf", "Parent of" },
	{ "providesApi", "Provides" }, { "apiProvidedBy", "Provided by" },
	{ "consumesApi", "Consumes" }, { "apiConsumedBy", "Consumed by" },
	{ "dependsOn", "Depends on" }, { "dependencyOf", "Depended on by" },
};
#define RELATIONS (sizeof(relations) / sizeof(relations[0]))

int cbi_thing_order(const char *kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (cbi_str_casecmp(kind, kinds[i].kind) == 0)
			return (int)i;
	return (int)KINDS;
}

const char *cbi_thing_kind(const char *kind)
{
	int i = cbi_thing_order(kind);

	return i < (int)KINDS ? kinds[i].one : kind;
}

const char *cbi_thing_kinds(const char *kind)
{
	int i = cbi_thing_order(kind);

	return i < (int)KINDS ? kinds[i].many : kind;
}

const char *cbi_thing_count(const char *kind, size_t n)
{
	int i = kind ? cbi_thing_order(kind) : (int)KINDS;

	if (!kind)
		return n == 1 ? "entity" : "entities";
	if (i == (int)KINDS)
		return kind;
	return n == 1 ? kinds[i].one : kinds[i].few;
}

static enum cb_tone draw_lifecycle(const char *lifecycle)
{
	if (cbi_str_casecmp(lifecycle, "production") == 0)
		return CB_TONE_GOOD;
	if (cbi_str_casecmp(lifecycle, "experimental") == 0)
		return CB_TONE_INFO;
	if (cbi_str_casecmp(lifecycle, "deprecated") == 0)
		return CB_TONE_WARN;
	return CB_TONE_NEUTRAL;
}

int cbi_thing_relation_order(const char *type)
{
	for (size_t i = 0; i < RELATIONS; i++)
		if (strcmp(type, relations[i].type) == 0)
			return (int)i;
	return (int)RELATIONS;
}

const char *cbi_thing_relation(const char *type)
{
	int i = cbi_thing_relation_order(type);

	return i < (int)RELATIONS ? relations[i].title : type;
}

/* Pairs stand together, the forward one first. */
const char *cbi_thing_relation_forward(const char *type, bool *turned)
{
	int i = cbi_thing_relation_order(type);

	*turned = i < (int)RELATIONS && i % 2;
	return *turned ? relations[i - 1].type : type;
}

const char *cbi_thing_link_icon(const char *icon)
{
	static const struct {
		const char *word, *icon;
	} known[] = {
		{ "dashboard", "layout-dashboard" },
		{ "docs", "book-open" },
		{ "book", "book-open" },
		{ "runbook", "life-buoy" },
		{ "help", "life-buoy" },
		{ "chat", "message-square" },
		{ "email", "mail" },
		{ "github", "git-branch" },
		{ "code", "code" },
		{ "alert", "bell" },
		{ "web", "globe" },
		{ "catalog", "library" },
		{ "group", "group" },
		{ "user", "user" },
		{ "warning", "warn" },
	};

	for (size_t i = 0; icon && i < sizeof(known) / sizeof(known[0]); i++)
		if (cbi_str_casecmp(icon, known[i].word) == 0)
			return known[i].icon;
	return "link";
}

const char *cbi_thing_title(const struct cb_entity *entity)
{
	const char *shown = cb_entity_text(entity, "spec.profile.displayName");

	return shown && *shown ? shown : cb_entity_title(entity);
}

const char *cbi_thing_row_title(const struct cbi_table_row *row)
{
	if (*row->display)
		return row->display;
	return *row->title ? row->title : row->name;
}

const struct cb_entity *cbi_thing_get(struct cb_req *req, const char *ref)
{
	const struct cb_entity *entity = NULL;
	struct cbi_served served;

	if (!req->web->catalog ||
	    cbi_view_by_ref(req->ctx, req->web->catalog, ref, &served, NULL) <
	        0 ||
	    cbi_entity_create(req->ctx, served.body, served.len, &entity) < 0)
		cb_failure_clear(req->ctx);
	return entity;
}

static const char *title_of(void *knower, const char *ref)
{
	struct cb_req *req = knower;
	const char *title;

	if (!req->web->catalog ||
	    cbi_table_title(req->ctx, req->web->catalog, ref, &title) < 0) {
		cb_failure_clear(req->ctx);
		return NULL;
	}
	return title;
}

bool cbi_thing_known(struct cb_req *req, const char *ref)
{
	return title_of(req, ref) != NULL;
}

const char *cbi_thing_ref_title(struct cb_req *req, const char *ref)
{
	const char *title = title_of(req, ref);
	const char *slash = strrchr(ref, '/');

	if (title)
		return title;
	return slash && slash[1] ? slash + 1 : ref;
}

void cbi_thing_titles(struct cb_req *req, struct cb_html *html)
{
	html->title_of = title_of;
	html->knower = req;
}

void cbi_thing_ref(struct cb_req *req, struct cb_html *html, const char *ref)
{
	const char *title = title_of(req, ref);

	if (title) {
		cbi_html_ref(html, ref, title);
		return;
	}
	cbi_html_lit(html, "<span class=\"ref missing\"");
	cbi_html_attr_tr(html, "title", "Not in the catalog");
	cbi_html_lit(html, ">");
	cbi_html_icon(html, "unknown");
	cbi_html_esc(html, ref);
	cbi_html_lit(html, "</span>");
}

void cbi_thing_lifecycle_badge(struct cb_html *html, const char *lifecycle)
{
	cbi_html_lit(html, "<span class=\"badge\"");
	cbi_html_attr(html, "data-tone",
	              cbi_html_tone(draw_lifecycle(lifecycle)));
	cbi_html_lit(html, ">");
	cbi_html_esc(html, lifecycle);
	cbi_html_lit(html, "</span>");
}
