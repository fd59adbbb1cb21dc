/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ownership - who looks after an entity, and how to reach them.
 *
 * Reads the catalog alone: the owner's own entity, whose relations tell
 * members, parent and what else it owns.
 */

#include <callboard/callboard.h>

#include <stdio.h>
#include <string.h>

/* So many of the owner's other things are listed, the rest is counted. */
#define OTHERS_MAX 6
/* A group that owns more is counted as "more than". */
#define COUNT_MAX 2000

static size_t count(const struct cb_entity *entity, const char *type)
{
	size_t n = 0;

	while (n < COUNT_MAX && cb_entity_relation(entity, type, n))
		n++;
	return n;
}

static void draw_email(struct cb_ctx *ctx, const struct cb_entity *owner,
                       struct cb_html *html)
{
	const char *email = cb_entity_text(owner, "spec.profile.email");
	const char *address = email ? cb_printf(ctx, "mailto:%s", email) : NULL;

	if (address)
		cb_html_field_link(html, "E-mail", email, address);
}

static void draw_group(struct cb_ctx *ctx, const struct cb_entity *owner,
                       struct cb_html *html)
{
	const char *parent = cb_entity_relation(owner, "childOf", 0);
	const char *members;

	members = cb_printf(ctx, "%zu", count(owner, "hasMember"));
	cb_html_field(html, "Members", members);
	if (parent)
		cb_html_field_entity(html, "Part of", parent);
}

static void draw_user(const struct cb_entity *owner, struct cb_html *html)
{
	const char *team = cb_entity_relation(owner, "memberOf", 0);

	if (team)
		cb_html_field_entity(html, "Member of", team);
}

/* What else the owner owns, without the entity that is being looked at. */
static void draw_others(struct cb_ctx *ctx, const struct cb_entity *entity,
                        const struct cb_entity *owner, struct cb_html *html)
{
	const char *self = cb_entity_ref(entity), *ref, *more;
	size_t shown = 0, n = count(owner, "ownerOf");

	if (n < 2)
		return;
	cb_html_heading(html, "Also looks after");
	cb_html_list_open(html);
	for (size_t i = 0; shown < OTHERS_MAX; i++) {
		ref = cb_entity_relation(owner, "ownerOf", i);
		if (!ref)
			break;
		if (strcmp(ref, self) == 0)
			continue;
		cb_html_item_open(html);
		cb_html_entity(html, ref);
		cb_html_item_close(html);
		shown++;
	}
	cb_html_list_close(html);
	more =
	    cb_printf(ctx, "%s%zu", n == COUNT_MAX ? "more than " : "", n - 1);
	if (n - 1 > shown)
		cb_html_field(html, "Altogether", more);
}

static int draw_card(struct cb_ctx *ctx, void *state,
                     const struct cb_entity *entity, struct cb_html *html)
{
	const char *ref = cb_entity_owner(entity);
	const struct cb_entity *owner;
	int rc;

	(void)state;
	if (!ref) {
		cb_html_empty(html, "Nobody looks after this.",
		              "Name a group or user in spec.owner.");
		return CB_OK;
	}
	rc = cb_entity_get(ctx, ref, &owner);
	if (rc == CB_ENOENT) {
		cb_html_field_entity(html, "Owner", ref);
		cb_html_note(html, "The owner is not in the catalog.");
		return CB_OK;
	}
	if (rc < 0)
		return rc;
	cb_html_field_entity(html, "Owner", ref);
	draw_email(ctx, owner, html);
	if (strncmp(cb_entity_ref(owner), "user:", 5) == 0)
		draw_user(owner, html);
	else
		draw_group(ctx, owner, html);
	draw_others(ctx, entity, owner, html);
	return CB_OK;
}

static const struct cb_permission permissions[] = {
	{
	    .name = "ownership.read",
	    .action = "read",
	    .help = "See who looks after an entity",
	},
	CB_END,
};

static const struct cb_card cards[] = {
	{
	    .name = "owner",
	    .place = "entity.side",
	    .when = "kind=component,kind=api,kind=resource,kind=system,"
		    "kind=domain,kind=template",
	    .title = "Ownership",
	    .needs = "ownership.read",
	    .draw = draw_card,
	    .order = 10,
	},
	CB_END,
};

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	.name = "ownership",
	.version = "1.0.0",
	.summary = "Shows who looks after an entity and how to reach them",
	.cards = cards,
	.permissions = permissions,
};
