/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity.c - `callboardctl catalog get|explain|refresh|confirm`: one entity.
 */
#include "ctl/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/catalog.h"
#include "catalog/explain.h"
#include "catalog/ingest.h"
#include "catalog/location.h"
#include "catalog/ref.h"
#include "catalog/view.h"
#include "json/json.h"

int cbi_ctl_ref(struct cbi_ctl *ctl, int argc, char **argv, const char **ref)
{
	const char *why = NULL;

	if (argc != 1)
		return cbi_ctl_complain(
		    CBI_EXIT_USAGE, "expected one entity reference, such as "
				    "component:default/booking-desk");
	if (cbi_ref_canonical(&ctl->ctx, argv[0], NULL, NULL, ref, &why) < 0)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "'%.200s': %s, expected "
		                        "kind:[namespace/]name",
		                        argv[0], why ? why : "no reference");
	return cbi_ctl_database(ctl) < 0 ? cbi_ctl_fail(ctl) : CBI_EXIT_OK;
}

static int print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
	return ferror(stdout) ? CBI_EXIT_FAILED : CBI_EXIT_OK;
}

int cbi_ctl_catalog_get(struct cbi_ctl *ctl, int argc, char **argv)
{
	/* Not the copy: the portal may be down. */
	static const struct cbi_catalog catalog;
	struct cbi_served served;
	struct cbi_fresh fresh;
	const char *ref;
	json_t *entity;
	int rc = cbi_ctl_ref(ctl, argc, argv, &ref);

	if (rc)
		return rc;
	ctl->ctx.scope.all = true;
	if (cbi_view_by_ref(&ctl->ctx, &catalog, ref, &served, &fresh) < 0 ||
	    cb_json_parse(&ctl->ctx, served.body, served.len, &entity) < 0)
		return cbi_ctl_fail(ctl);
	return print_json(entity);
}

int cbi_ctl_catalog_refresh(struct cbi_ctl *ctl, int argc, char **argv)
{
	const char *ref;
	int rc = cbi_ctl_ref(ctl, argc, argv, &ref);

	if (rc)
		return rc;
	if (cbi_location_refresh(&ctl->ctx, ref) < 0)
		return cbi_ctl_fail(ctl);
	printf("%s is looked at again\n", ref);
	return CBI_EXIT_OK;
}

int cbi_ctl_catalog_confirm(struct cbi_ctl *ctl, int argc, char **argv)
{
	const char *ref;
	int rc = cbi_ctl_ref(ctl, argc, argv, &ref);

	if (rc)
		return rc;
	if (cbi_ingest_confirm(&ctl->ctx, ref, NULL) < 0)
		return cbi_ctl_fail(ctl);
	printf("%s may delete what it no longer brings in\n", ref);
	return CBI_EXIT_OK;
}

/* --- explain, for people --- */

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

static long long number_at(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void print_texts(const char *label, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		printf("%-12s%s\n", i ? "" : label,
		       json_string_value(json_array_get(list, i)));
}

static void print_lists(const json_t *all)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(all, "errors"), i, item)
	    printf("%-12s%s\n", i ? "" : "errors", text_at(item, "message"));
	json_array_foreach(json_object_get(all, "conflicts"), i, item)
	    printf("%-12s%s (from %s)\n", i ? "" : "passed over",
	           text_at(item, "source"), text_at(item, "location"));
	json_array_foreach(json_object_get(all, "above"), i, item)
	{
		const char *provider = text_at(item, "provider");

		printf("%-12s%*s", i ? "" : "brought by",
		       (int)number_at(item, "depth"), "");
		if (json_is_string(json_object_get(item, "ref")))
			printf("%s (%s)%s", text_at(item, "ref"),
			       text_at(item, "source"),
			       *provider == '-' ? "" : " of ");
		printf("%s\n", *provider == '-' ? "" : provider);
	}
}

static void print_explained(const json_t *all)
{
	const json_t *served = json_object_get(all, "served");

	printf("%-12s%s\n", "entity", text_at(all, "ref"));
	printf("%-12s%s\n", "state", text_at(all, "state"));
	printf("%-12s%s\n", "source", text_at(all, "source"));
	printf("%-12s%s\n", "owner", text_at(all, "owner"));
	print_texts("processors", json_object_get(all, "processors"));
	printf("%-12s%lld declared, %lld by others\n", "relations",
	       number_at(all, "emitted"), number_at(all, "received"));
	if (number_at(all, "below"))
		printf("%-12s%lld entities\n", "brings in",
		       number_at(all, "below"));
	if (json_is_object(served))
		printf("%-12schange %s of %s\n", "served",
		       text_at(served, "change"), text_at(served, "updatedAt"));
	if (json_is_string(json_object_get(all, "due")))
		printf("%-12s%s\n", "next look", text_at(all, "due"));
	if (json_is_true(json_object_get(all, "confirm")))
		printf("%-12scallboardctl catalog confirm %s\n", "waits for",
		       text_at(all, "ref"));
	print_texts("keys", json_object_get(all, "keys"));
	print_lists(all);
}

int cbi_ctl_catalog_explain(struct cbi_ctl *ctl, int argc, char **argv)
{
	const char *ref;
	json_t *all;
	int rc = cbi_ctl_ref(ctl, argc, argv, &ref);

	if (rc)
		return rc;
	if (cbi_explain(&ctl->ctx, ref, &all) < 0)
		return cbi_ctl_fail(ctl);
	if (ctl->output != CBI_OUTPUT_TABLE)
		return print_json(all);
	print_explained(all);
	return ferror(stdout) ? CBI_EXIT_FAILED : CBI_EXIT_OK;
}
