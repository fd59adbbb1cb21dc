/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog.c - `callboardctl catalog list|add|delete|errors`.
 */
#include "ctl/ctl.h"

#include <string.h>

#include "base/board.h"
#include "catalog/ingest.h"
#include "catalog/location.h"

#define TROUBLES_MAX 10000

static int usage(const char *what)
{
	return cbi_ctl_complain(CBI_EXIT_USAGE, "%s", what);
}

void cbi_ctl_tell(struct cbi_ctl *ctl, uint64_t number)
{
	if (cbi_ctl_board(ctl) < 0)
		cb_failure_clear(&ctl->ctx);
	cbi_board_raise(&cbi_board()->wanted, number);
}

int cbi_ctl_catalog_list(struct cbi_ctl *ctl, int argc, char **argv)
{
	static const char *const columns[] = { "id", "type", "target", NULL };
	const struct cbi_location *all;
	json_t *rows;
	size_t n;
	int rc;

	(void)argv;
	if (argc > 0)
		return usage("catalog list takes no argument");
	if (cbi_ctl_database(ctl) < 0 ||
	    cbi_location_list(&ctl->ctx, &all, &n) < 0)
		return cbi_ctl_fail(ctl);
	rows = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		    rows,
		    json_pack("{s:s, s:s, s:s, s:s}", "id", all[i].id, "type",
		              all[i].type, "target", all[i].target, "entityRef",
		              all[i].entity_ref));
	rc = cbi_ctl_print(ctl, rows, columns);
	json_decref(rows);
	return rc;
}

int cbi_ctl_catalog_add(struct cbi_ctl *ctl, int argc, char **argv)
{
	const char *type = cbi_ctl_option(&argc, argv, "--type");
	struct cbi_location_wish wish = { .type = type ? type : "url" };
	struct cbi_location added;
	uint64_t number;

	if (argc != 1)
		return usage("catalog add takes one target");
	wish.target = argv[0];
	if (cbi_ctl_database(ctl) < 0 ||
	    cbi_location_add(&ctl->ctx, &wish, &added, &number) < 0)
		return cbi_ctl_fail(ctl);
	cbi_ctl_tell(ctl, number);
	printf("%s\n", added.id);
	return CBI_EXIT_OK;
}

int cbi_ctl_catalog_delete(struct cbi_ctl *ctl, int argc, char **argv)
{
	uint64_t number;

	if (argc != 1)
		return usage("catalog delete takes one id");
	if (cbi_ctl_database(ctl) < 0 ||
	    cbi_location_delete(&ctl->ctx, argv[0], NULL, &number) < 0)
		return cbi_ctl_fail(ctl);
	cbi_ctl_tell(ctl, number);
	printf("deleted %s\n", argv[0]);
	return CBI_EXIT_OK;
}

int cbi_ctl_catalog_errors(struct cbi_ctl *ctl, int argc, char **argv)
{
	static const char *const columns[] = { "entity", "source", "confirm",
		                               "problem", NULL };
	struct cbi_ingest_trouble *troubles;
	json_t *rows, *item;
	size_t n, k;
	int rc;

	(void)argv;
	if (argc > 0)
		return usage("catalog errors takes no argument");
	if (cbi_ctl_database(ctl) < 0 ||
	    cbi_ingest_troubles(&ctl->ctx, TROUBLES_MAX, &troubles, &n) < 0)
		return cbi_ctl_fail(ctl);
	rows = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_foreach((json_t *)troubles[i].errors, k, item)
		{
			const char *text =
			    json_string_value(json_object_get(item, "message"));

			json_array_append_new(
			    rows, json_pack("{s:s, s:s, s:s, s:b, s:b}",
			                    "entity", troubles[i].ref, "source",
			                    troubles[i].source, "problem",
			                    text ? text : "unknown", "visible",
			                    troubles[i].visible, "confirm",
			                    troubles[i].confirm));
		}
	n = json_array_size(rows);
	rc = cbi_ctl_print(ctl, rows, columns);
	json_decref(rows);
	return rc == CBI_EXIT_OK && n ? CBI_EXIT_PARTLY : rc;
}
