/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_org.c - `callboardctl catalog import`: the repositories of an
 * organisation, and what the catalog can have of each.
 *
 * All of it is found out before anything is stored, so that a list that ends
 * halfway stores nothing; what is stored then is a transaction each.
 */
#include "ctl/ctl.h"

#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#include <callboard/json.h>

#include "catalog/inferred.h"
#include "catalog/location.h"
#include "http/http.h"
#include "json/json.h"
#include "scm/infer.h"

struct import {
	struct cbi_ctl *ctl;
	const char *match, *owner; /* NULL: any; nobody */
	bool dry;
	struct cbi_scm *scm;
	const struct cbi_scm_host *host;
	const char *org;
	json_t *rows;    /* what is printed */
	json_t *pending; /* {row: number, target or repository and proposal} */
	json_t *refs;    /* of this run */
	/* Of the list; of those to be stored; of those that cannot. */
	size_t seen, locations, entities, wrong;
};

/* ---- what there is ------------------------------------------------------ */

static int out_of_memory(struct cb_ctx *ctx)
{
	return cb_fail(ctx, CB_ENOMEM, "out of memory");
}

static int add_row(struct import *im, const char *url, const char *result,
                   const char *what, const char *note)
{
	json_t *row = json_pack("{s:s, s:s, s:s, s:s}", "repository", url,
	                        "result", result, "what", what ? what : "",
	                        "note", note ? note : "");

	return row && json_array_append_new(im->rows, row) == 0
	           ? CB_OK
	           : out_of_memory(&im->ctl->ctx);
}

/* The last row's, to be done when everything is known. */
static int put_off(struct import *im, json_t *what)
{
	if (what &&
	    json_object_set_new(
		what, "row",
		json_integer((json_int_t)json_array_size(im->rows) - 1)) == 0 &&
	    json_array_append(im->pending, what) == 0) {
		json_decref(what);
		return CB_OK;
	}
	json_decref(what);
	return out_of_memory(&im->ctl->ctx);
}

/* Its own row; the failure is cleared, and nothing else is hindered. */
static int note_failure(struct import *im, struct cb_ctx *ctx, const char *url,
                        const char *result, const char *what)
{
	const char *why = cb_strdup(ctx, cb_failure(ctx));

	im->wrong++;
	cb_failure_clear(ctx);
	return why ? add_row(im, url, result, what, why) : CB_ENOMEM;
}

static int take_file(struct import *im, struct cb_ctx *ctx, const char *url,
                     const char *target)
{
	struct cbi_location found;
	int rc = cbi_location_find(ctx, "url", target, &found);

	if (rc == CB_OK)
		return add_row(im, url, "registered before", target, NULL);
	if (rc != CB_ENOENT)
		return rc;
	cb_failure_clear(ctx);
	im->locations++;
	rc = add_row(im, url, "would be registered", target, NULL);
	return rc < 0 ? rc : put_off(im, json_pack("{s:s}", "target", target));
}

static void fill_wish(const struct import *im, const json_t *proposal,
                      const char *repository, struct cbi_inferred_wish *out)
{
	json_t *entity = json_object_get(proposal, "entity");

	*out = (struct cbi_inferred_wish){ .proposal = proposal,
		                           .repository = repository };
	if (!*cb_json_text(entity, "spec.owner", ""))
		out->owner = im->owner;
}

static int judge(struct import *im, struct cb_ctx *ctx, const char *url,
                 const json_t *proposal)
{
	struct cbi_inferred_wish wish;
	const char *ref = "", *from;
	json_t *entity = json_object_get(proposal, "entity");
	int rc;

	fill_wish(im, proposal, url, &wish);
	wish.dry = true;
	if (!wish.owner && !*cb_json_text(entity, "spec.owner", "")) {
		im->wrong++;
		return add_row(im, url, "left out",
		               cb_json_text(entity, "metadata.name", ""),
		               "no CODEOWNERS names an owner: give --owner, "
		               "or confirm it on /catalog-import");
	}
	rc = cbi_inferred_confirm(ctx, &wish, &ref);
	if (rc == CB_OK && json_object_get(im->refs, ref))
		rc = cb_fail(ctx, CB_ECONFLICT,
		             "another repository of this run is %s", ref);
	if (rc == CB_EINVAL || rc == CB_ECONFLICT)
		return note_failure(im, ctx, url, "left out",
		                    cb_json_text(entity, "metadata.name", ""));
	if (rc < 0)
		return rc;
	from = json_string_value(json_object_get(
	    json_object_get(json_object_get(entity, "metadata"), "annotations"),
	    "callboard.io/inferred-from"));
	im->entities++;
	rc = add_row(im, url, "would be stored", ref, from);
	if (rc < 0 || json_object_set_new(im->refs, ref, json_true()))
		return out_of_memory(ctx);
	return put_off(im, json_pack("{s:s, s:O}", "repository", url,
	                             "proposal", proposal));
}

static int take_answer(struct import *im, struct cb_ctx *ctx, const char *url,
                       const json_t *answer)
{
	const json_t *file;
	const char *ref;
	size_t i;
	int rc = CB_OK;

	json_array_foreach(json_object_get(answer, "files"), i, file)
	{
		if (rc == CB_OK)
			rc = take_file(im, ctx, url, json_string_value(file));
	}
	if (rc < 0 || i > 0)
		return rc;
	rc = cbi_inferred_of(ctx, url, &ref);
	if (rc == CB_OK)
		return add_row(im, url, "confirmed before", ref, NULL);
	if (rc != CB_ENOENT)
		return rc;
	cb_failure_clear(ctx);
	return judge(im, ctx, url,
	             json_array_get(json_object_get(answer, "proposals"), 0));
}

/* What would go wrong with every other repository as well. */
static bool ends_all(int rc)
{
	return rc == CB_EBUSY || rc == CB_EAWAY || rc == CB_ETIME ||
	       rc == CB_EAUTH || rc == CB_ENOMEM;
}

static int take(void *arg, struct cb_ctx *ctx, const struct cbi_scm_repo *repo)
{
	struct import *im = arg;
	json_t *answer;
	int rc;

	if (im->match && fnmatch(im->match, repo->name, 0) != 0)
		return CB_OK;
	im->seen++;
	if (repo->archived || repo->empty)
		return add_row(im, repo->url, "skipped", NULL,
		               repo->archived ? "it is archived"
		                              : "it is empty");
	rc = cbi_scm_infer_repo(ctx, im->scm, im->host, repo, NULL, &answer);
	if (rc == CB_OK)
		return take_answer(im, ctx, repo->url, answer);
	/* GitHub answers 409, others 404, for a tree that has no commit. */
	if (rc == CB_ECONFLICT || rc == CB_ENOENT) {
		cb_failure_clear(ctx);
		return add_row(im, repo->url, "skipped", NULL,
		               "it has no commit on its default branch");
	}
	return ends_all(rc) ? rc
	                    : note_failure(im, ctx, repo->url, "failed", NULL);
}

static int find_out(struct import *im, const char *url)
{
	struct cb_ctx *ctx = &im->ctl->ctx;
	struct cbi_scm_listing listing = { .each = take, .arg = im };
	json_t *pages = NULL;
	int rc = cbi_scm_org_at(ctx, im->scm, url, &im->host, &im->org);

	if (rc < 0)
		return rc;
	listing.host = im->host;
	listing.org = im->org;
	rc = cbi_scm_repos(ctx, im->scm, &listing, &pages);
	json_decref(pages);
	return rc;
}

/* ---- storing ------------------------------------------------------------ */

static int store_one(struct import *im, const json_t *what, const char **result)
{
	struct cb_ctx *ctx = &im->ctl->ctx;
	const char *target = json_string_value(json_object_get(what, "target"));
	struct cbi_location_wish location = { .type = "url", .target = target };
	struct cbi_inferred_wish wish;
	struct cbi_location added;
	const char *ref;
	uint64_t number;
	int rc;

	*result = target ? "registered" : "stored";
	if (target) {
		rc = cbi_location_add(ctx, &location, &added, &number);
		if (rc == CB_OK)
			cbi_ctl_tell(im->ctl, number);
		return rc;
	}
	fill_wish(im, json_object_get(what, "proposal"),
	          json_string_value(json_object_get(what, "repository")),
	          &wish);
	return cbi_inferred_confirm(ctx, &wish, &ref);
}

static int store_all(struct import *im)
{
	struct cb_ctx *ctx = &im->ctl->ctx;
	const json_t *what;
	size_t i;

	json_array_foreach(im->pending, i, what)
	{
		json_t *row = json_array_get(
		    im->rows,
		    (size_t)json_integer_value(json_object_get(what, "row")));
		const char *result;
		int rc = store_one(im, what, &result);

		if (rc == CB_EINVAL || rc == CB_ECONFLICT) {
			im->wrong++;
			result = "left out";
			json_object_set_new(row, "note",
			                    json_string(cb_failure(ctx)));
			cb_failure_clear(ctx);
		} else if (rc < 0) {
			return rc;
		}
		json_object_set_new(row, "result", json_string(result));
	}
	return CB_OK;
}

/* ---- asking ------------------------------------------------------------- */

static int print(const struct import *im)
{
	static const char *const columns[] = { "repository", "result", "what",
		                               "note", NULL };

	return cbi_ctl_print(im->ctl, im->rows, columns);
}

static bool agreed(const struct import *im)
{
	char line[16] = "";

	print(im);
	fprintf(stderr,
	        "Register %zu locations and store %zu inferred components? "
	        "[y/N] ",
	        im->locations, im->entities);
	return fgets(line, sizeof(line), stdin) &&
	       (line[0] == 'y' || line[0] == 'Y');
}

static int finish(struct import *im, bool yes)
{
	bool some = json_array_size(im->pending) > 0;
	int rc;

	if (some && !im->dry && !yes && !agreed(im))
		return cbi_ctl_complain(CBI_EXIT_FAILED, "nothing was stored");
	rc = im->dry ? CB_OK : store_all(im);
	print(im);
	if (rc < 0)
		return cbi_ctl_fail(im->ctl);
	fprintf(stderr,
	        "%zu repositories: %zu locations %sregistered, %zu inferred "
	        "components %sstored, %zu left out or failed\n",
	        im->seen, im->locations, im->dry ? "would be " : "",
	        im->entities, im->dry ? "would be " : "", im->wrong);
	return im->wrong ? CBI_EXIT_PARTLY : CBI_EXIT_OK;
}

static int import(struct import *im, const char *url, bool yes)
{
	struct cb_ctx *ctx = &im->ctl->ctx;
	struct cbi_config *config = im->ctl->config;
	struct cbi_http *http = NULL;
	int rc = cbi_ctl_database(im->ctl);

	if (rc == CB_OK)
		rc = cbi_http_create(ctx, cbi_config_get(config, "connections"),
		                     &http);
	if (rc == CB_OK)
		rc = cbi_scm_create(ctx, cbi_config_get(config, "integrations"),
		                    http, &im->scm);
	im->rows = json_array();
	im->pending = json_array();
	im->refs = json_object();
	if (rc == CB_OK && (!im->rows || !im->pending || !im->refs))
		rc = out_of_memory(ctx);
	if (rc == CB_OK)
		rc = find_out(im, url);
	rc = rc == CB_OK ? finish(im, yes) : cbi_ctl_fail(im->ctl);
	json_decref(im->rows);
	json_decref(im->pending);
	json_decref(im->refs);
	cbi_scm_destroy(im->scm);
	cbi_http_destroy(http);
	return rc;
}

int cbi_ctl_catalog_import(struct cbi_ctl *ctl, int argc, char **argv)
{
	struct import im = { .ctl = ctl };
	const char *url = cbi_ctl_option(&argc, argv, "--org");
	bool yes = cbi_ctl_flag(&argc, argv, "--yes");

	im.match = cbi_ctl_option(&argc, argv, "--match");
	im.owner = cbi_ctl_option(&argc, argv, "--owner");
	im.dry = cbi_ctl_flag(&argc, argv, "--dry-run");
	if (argc > 0 || !url || (yes && im.dry))
		return cbi_ctl_complain(
		    CBI_EXIT_USAGE,
		    "catalog import takes --org URL, --match GLOB, --owner "
		    "REF, and one of --dry-run and --yes");
	if (!yes && !im.dry && !isatty(STDIN_FILENO))
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "nobody can be asked here: give "
		                        "--dry-run or --yes");
	return import(&im, url, yes);
}
