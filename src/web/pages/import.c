/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.c - see import.h: the form, looking, and registering.
 */
#include "web/pages/import.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "catalog/inferred.h"
#include "html/addr.h"
#include "web/api/answer.h"
#include "web/api/error.h"
#include "web/pages/forms.h"
#include "web/pages/shell.h"

/* More than this is not shown again to who typed it. */
#define SHOWN_MAX 4096

void cbi_import_head(struct cb_html *html, enum cbi_import_step step)
{
	static const char *const titles[] = { "Address", "Preview", "Done" };

	cbi_html_page_head(html, "Register existing component",
	                   "Tell the catalog where a description stands. It "
	                   "is read again whenever it changes.");
	cbi_html_lit(html, "<ol class=\"steps\">");
	for (int i = 0; i < 3; i++) {
		cbi_html_lit(html, "<li");
		if (i == (int)step)
			cbi_html_lit(html, " aria-current=\"step\"");
		else if (i < (int)step)
			cbi_html_lit(html, " class=\"past\"");
		cbi_html_lit(html, ">");
		cbi_html_tr(html, titles[i]);
		cbi_html_lit(html, "</li>");
	}
	cbi_html_lit(html, "</ol>\n");
}

/* ---- The form ----------------------------------------------------------- */

static void hint(struct cb_html *html, const char *icon, const char *title,
                 const char *example, const char *text)
{
	cbi_html_lit(html, "<li>");
	cbi_html_icon(html, icon);
	cbi_html_lit(html, "<div><strong>");
	cbi_html_tr(html, title);
	cbi_html_lit(html, "</strong><code class=\"path\">");
	cbi_html_path(html, example);
	cbi_html_lit(html, "</code><p>");
	cbi_html_tr(html, text);
	cbi_html_lit(html, "</p></div></li>\n");
}

static void hints(struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "import-hints",
		                            .title = "What can stand here" };

	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<ul class=\"hints\">\n");
	hint(html, "file-text", "A catalog file",
	     "https://github.com/acme/shop/blob/main/catalog-info.yaml",
	     "Its entities are shown before anything is registered.");
	hint(html, "folder-tree", "Many files at once",
	     "https://github.com/acme/shop/blob/main/services/*/"
	     "catalog-info.yaml",
	     "A star stands for any folder or file; new ones come in by "
	     "themselves.");
	hint(html, "git-branch", "A repository", "https://github.com/acme/shop",
	     "Its catalog files are looked for. Where there are none, you "
	     "get one to begin with.");
	cbi_html_lit(html, "</ul>\n");
	cbi_html_card_close(html);
}

static void address_field(const struct cbi_import *import, struct cb_html *html)
{
	bool shown = strlen(import->target) <= SHOWN_MAX;

	cbi_html_lit(html, "<div class=\"field\"><label for=\"target\">");
	cbi_html_tr(html, "Address");
	cbi_html_lit(html, "</label><input class=\"input big\" id=\"target\""
	                   " name=\"target\" type=\"text\""
	                   " inputmode=\"url\" autocomplete=\"url\""
	                   " spellcheck=\"false\"");
	cbi_html_attr(html, "value", shown ? import->target : NULL);
	cbi_html_attr(html, "placeholder",
	              "https://github.com/acme/shop/blob/main/"
	              "catalog-info.yaml");
	if (import->problem)
		cbi_html_lit(html, " aria-invalid=\"true\""
		                   " aria-describedby=\"target-error"
		                   " target-help\"");
	else
		cbi_html_lit(html, " aria-describedby=\"target-help\"");
	if (import->off)
		cbi_html_lit(html, " disabled");
	cbi_html_lit(html, ">\n");
	if (import->problem) {
		cbi_html_lit(html, "<p class=\"field-error\""
		                   " id=\"target-error\" role=\"alert\">");
		cbi_html_esc(html, import->problem);
		cbi_html_lit(html, "</p>\n");
	}
	cbi_html_lit(html, "<p class=\"field-help\" id=\"target-help\">");
	cbi_html_tr(html, "The address as your browser shows it. Nothing is "
	                  "stored before you have seen what it brings.");
	cbi_html_lit(html, "</p></div>\n");
}

static void form(const struct cbi_import *import, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "import",
		                            .title = "Where is it described?",
		                            .wide = true };
	const char *token = import->off ? NULL : cbi_form_token(import->req);
	const struct cbi_html_form f = {
		.address = cbi_addr(html->ctx, "/catalog-import"),
		.csrf = token,
		.cls = "form roomy",
	};

	cbi_html_card_open(html, &card);
	if (import->off)
		cbi_form_off(html, "You cannot register here", import->off);
	cbi_html_form_open(html, &f);
	address_field(import, html);
	cbi_html_lit(html, "<div class=\"buttons\"><button"
	                   " class=\"button primary\" type=\"submit\"");
	if (!token)
		cbi_html_lit(html, " disabled");
	cbi_html_lit(html, ">");
	cbi_html_icon(html, "search");
	cbi_html_tr(html, "Analyze");
	cbi_html_lit(html, "</button></div>\n");
	cbi_html_form_close(html);
	cbi_html_card_close(html);
}

int cbi_import_draw(const struct cbi_import *import)
{
	struct cb_req *req = import->req;
	const struct cbi_page shell = {
		.title = cb_tr(req->ctx, "Register existing component"),
		.here = "import",
	};
	bool looked = import->tried || import->analysis;
	struct cb_html html;
	int rc = cbi_page_open(req, &shell, &html);

	if (rc < 0)
		return rc;
	req->answer.status = import->status;
	cbi_import_head(&html,
	                looked ? CBI_IMPORT_PREVIEW : CBI_IMPORT_ADDRESS);
	cbi_html_lit(&html, "<div class=\"cards import\">\n");
	if (!looked)
		form(import, &html);
	if (!looked)
		hints(&html);
	if (import->tried)
		rc = cbi_import_preview(import, &html);
	if (rc == CB_OK && import->analysis)
		rc = cbi_import_repository(import, &html);
	cbi_html_lit(&html, "</div>\n");
	return rc < 0 ? rc : cbi_page_close(req, &html);
}

/* ---- Looking ------------------------------------------------------------ */

const char *cbi_import_trimmed(struct cb_req *req, const char *text)
{
	static const char blanks[] = " \t\r\n";
	size_t len;

	if (!text)
		return "";
	text += strspn(text, blanks);
	len = strlen(text);
	while (len && strchr(blanks, text[len - 1]))
		len--;
	return cb_strndup(req->ctx, text, len);
}

/* A failure that whoever typed the address can do something about stands on
 * the page, beside it. */
int cbi_import_explain(struct cbi_import *import, int rc)
{
	struct cb_ctx *ctx = import->req->ctx;
	int status = cbi_api_status(rc, 400);

	if (rc == CB_OK || status == 500)
		return rc;
	import->problem = cb_strdup(ctx, cb_failure(ctx));
	import->status = status;
	cb_failure_clear(ctx);
	return import->problem ? CB_OK : CB_ENOMEM;
}

static bool ends_in_yaml(const char *text, size_t len)
{
	return (len > 5 && strncasecmp(text + len - 5, ".yaml", 5) == 0) ||
	       (len > 4 && strncasecmp(text + len - 4, ".yml", 4) == 0);
}

/* Does it name files itself?  Azure has them behind "?path=". */
static bool names_files(const char *target)
{
	size_t len = strcspn(target, "?#");
	const char *path = strstr(target + len, "path=");

	return memchr(target, '*', len) || ends_in_yaml(target, len) ||
	       (path && ends_in_yaml(path, strcspn(path, "&#")));
}

static int try_it(struct cbi_import *import)
{
	const struct cbi_location_wish wish = { .type = "url",
		                                .target = import->target };
	int rc = cbi_locations_try(import->req, &wish, true, &import->trial);

	import->tried = rc == CB_OK;
	if (rc == CB_OK && json_array_size(import->trial.errors))
		import->status = 400;
	return rc;
}

/* Files that are there, and what is known of the repository itself. */
static bool says_much(const json_t *analysis)
{
	const json_t *found = json_object_get(analysis, "generateEntities");

	return json_array_size(
		   json_object_get(analysis, "existingEntityFiles")) ||
	       json_array_size(
		   json_object_get(json_array_get(found, 0), "fields"));
}

/*
 * What no file's name tells: the repository's host is asked first.  Where it
 * knows nothing the address may still be a file under another name.
 */
static int analyze(struct cbi_import *import)
{
	struct cb_ctx *ctx = import->req->ctx;
	json_t *analysis;
	int rc = cbi_api_analyze(import->req, import->target, NULL,
	                         &import->repository, &analysis);

	if (rc == CB_OK && import->repository)
		rc = cbi_inferred_of(ctx, import->repository,
		                     &import->confirmed);
	if (rc == CB_ENOENT && import->repository) {
		cb_failure_clear(ctx);
		rc = CB_OK;
	}
	if (rc < 0)
		return rc;
	if (!says_much(analysis)) {
		rc = try_it(import);
		/* Its own Location is always there. */
		if (rc < 0 || json_array_size(import->trial.entities) > 1 ||
		    import->trial.exists)
			return rc;
	}
	import->analysis = analysis;
	return CB_OK;
}

int cbi_import_check(const struct cbi_import *import)
{
	struct cb_ctx *ctx = import->req->ctx;
	const struct cbi_location_wish wish = { .type = "url",
		                                .target = import->target };
	int rc;

	if (!*import->target)
		return cb_fail(ctx, CB_EINVAL,
		               "an address is needed, such as "
		               "https://host/catalog-info.yaml");
	rc = cbi_location_check(ctx, &wish);
	if (rc == CB_OK && !cbi_str_starts(import->target, "https://") &&
	    !cbi_str_starts(import->target, "http://"))
		rc = cb_fail(ctx, CB_EINVAL,
		             "'%.200s' is no http or https address",
		             import->target);
	return rc;
}

static int look(struct cbi_import *import)
{
	int rc = cbi_import_check(import);

	if (rc < 0)
		return rc;
	return names_files(import->target) ? try_it(import) : analyze(import);
}

int cbi_import_begin(struct cb_req *req, const char *typed,
                     struct cbi_import *import)
{
	*import = (struct cbi_import){ .req = req, .status = 200 };
	import->target = cbi_import_trimmed(req, typed);
	import->off = cbi_form_location_why(req, "catalog.location.create");
	return import->target ? CB_OK : CB_ENOMEM;
}

static int show(struct cb_req *req)
{
	struct cbi_import import;
	int rc = cbi_import_begin(req, cbi_req_query(req, "target"), &import);

	return rc < 0 ? rc : cbi_import_draw(&import);
}

static int preview(struct cb_req *req)
{
	struct cbi_import import;
	int rc = cbi_import_begin(req, cbi_req_form(req, "target"), &import);

	if (rc == CB_OK)
		rc = cbi_import_explain(&import, look(&import));
	return rc < 0 ? rc : cbi_import_draw(&import);
}

/* ---- Registering -------------------------------------------------------- */

/* What the preview has shown: so many are waited for. */
static const char *expected(struct cb_req *req)
{
	const char *text = cbi_req_form(req, "expect");
	int64_t n = 0;

	if (!text || cbi_str_int(text, 1, 100000, &n) < 0)
		return "";
	return cb_printf(req->ctx, "?expect=%lld", (long long)n);
}

static int enrol(struct cb_req *req)
{
	struct cbi_import import;
	struct cbi_location location;
	struct cbi_location_wish wish = { .type = "url",
		                          .address = req->address };
	const char *path;
	int rc = cbi_import_begin(req, cbi_req_form(req, "target"), &import);

	if (rc < 0)
		return rc;
	wish.target = import.target;
	rc = cbi_locations_add(req, &wish, &location);
	if (rc == CB_ECONFLICT) {
		/* Somebody was faster, or it was sent twice: here it is. */
		cb_failure_clear(req->ctx);
		rc = cbi_location_find(req->ctx, wish.type, wish.target,
		                       &location);
	}
	if (rc < 0) {
		rc = cbi_import_explain(&import, rc);
		return rc < 0 ? rc : cbi_import_draw(&import);
	}
	path = cb_printf(req->ctx, "/catalog-import/%s%s", location.id,
	                 expected(req));
	return path ? cbi_req_redirect(req, path) : CB_ENOMEM;
}

const struct cbi_endpoint cbi_pages_import[] = {
	{
	    .path = "/catalog-import",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.import",
	    .handle = show,
	},
	{
	    .path = "/catalog-import",
	    .method = "POST",
	    .access = CBI_ACCESS_WRITE,
	    .face = CBI_FACE_PAGE,
	    .name = "page.import.preview",
	    .permission = "catalog.location.create",
	    .handle = preview,
	},
	{
	    .path = "/catalog-import/register",
	    .method = "POST",
	    .access = CBI_ACCESS_WRITE,
	    .face = CBI_FACE_PAGE,
	    .name = "page.import.register",
	    .permission = "catalog.location.create",
	    .handle = enrol,
	},
	{
	    .path = "/catalog-import/{id}",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.import.location",
	    .permission = "catalog.location.read",
	    .handle = cbi_import_show_location,
	},
	{ 0 },
};
