/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.c - the organisation that an address leads to, as each kind of host
 * shows it to browsers.
 */
#include "scm/scm_priv.h"

#include "base/str.h"

#include <string.h>

/* Segments before the name that some of a host's pages have, and how many
 * the name may have. */
static const struct form {
	const char *section, *front;
	size_t least, most;
	const char *expected;
} forms[] = {
	{ "github", "orgs", 1, 1, "https://HOST/ORGANIZATION" },
	{ "gitlab", "groups", 1, CBI_SCM_SEGMENTS,
	  "https://HOST/GROUP[/SUBGROUP]" },
	{ "gitea", NULL, 1, 1, "https://HOST/ORGANIZATION" },
	{ "bitbucketServer", "projects", 1, 1, "https://HOST/projects/KEY" },
	{ "azure", NULL, 2, 2, "https://HOST/ORGANIZATION/PROJECT" },
};

static const struct form *form_of(const struct cbi_scm_host *host)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(forms[i].section, host->kind->section) == 0)
			return &forms[i];
	return NULL;
}

int cbi_scm_org_at(struct cb_ctx *ctx, const struct cbi_scm *scm,
                   const char *url, const struct cbi_scm_host **host,
                   const char **org)
{
	const struct cbi_scm_host *found = NULL;
	struct cbi_scm_url at;
	const struct form *form;
	size_t from = 0;
	int rc = cbi_scm_split(ctx, url, &at);

	for (size_t i = 0; rc == CB_OK && i < scm->n && !found; i++)
		if (cbi_str_casecmp(scm->hosts[i].name, at.host) == 0)
			found = &scm->hosts[i];
	if (rc < 0)
		return rc;
	if (!found)
		return cb_fail(ctx, CB_ENOENT,
		               "no entry of integrations has the host %s",
		               at.host);
	form = form_of(found);
	if (!form)
		return cb_fail(ctx, CB_EBUG, "%s has no organisations",
		               found->kind->section);
	if (form->front && at.n > 1 && strcmp(at.segment[0], form->front) == 0)
		from = 1;
	/* Pages of a group: ".../-/group_members". */
	for (size_t i = from; i < at.n; i++)
		if (strcmp(at.segment[i], "-") == 0)
			at.n = i;
	if (at.n < from + form->least || at.n > from + form->most)
		return cb_fail(ctx, CB_EINVAL,
		               "'%.200s' is no organisation of %s, expected "
		               "%s",
		               url, form->section, form->expected);
	*org = cbi_scm_join(ctx, &at, from, at.n);
	*host = found;
	return *org ? CB_OK : CB_ENOMEM;
}
