/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scm.c - the hosts of the config, and whose an address is.
 */
#include "scm/git_priv.h"
#include "scm/scm_priv.h"

#include "base/limits.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct cbi_scm_kind *const kinds[] = {
	&cbi_scm_github,    &cbi_scm_gitlab, &cbi_scm_gitea,
	&cbi_scm_bitbucket, &cbi_scm_azure,
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *cbi_scm_keep(struct cb_ctx *ctx, struct cbi_scm *scm,
                         const char *text)
{
	size_t len = text ? strlen(text) : 0;
	char *copy = text ? cbi_arena_alloc(&scm->arena, len + 1) : NULL;

	if (!copy) {
		cb_fail(ctx, CB_ENOMEM, "no memory for integrations");
		return NULL;
	}
	memcpy(copy, text, len + 1);
	return copy;
}

static int read_allow(struct cb_ctx *ctx, struct cbi_scm *scm,
                      struct cbi_scm_host *host, size_t at)
{
	const json_t *list = json_object_get(host->config, "allow");
	size_t n = json_array_size(list);

	if (list && !json_is_array(list))
		return cb_fail(ctx, CB_EINVAL,
		               "integrations.%s.%zu.allow: expected a list of "
		               "address ranges",
		               host->kind->section, at);
	host->allow =
	    cbi_arena_alloc(&scm->arena, (n + 1) * sizeof(*host->allow));
	if (!host->allow)
		return cb_fail(ctx, CB_ENOMEM, "no memory for integrations");
	for (size_t i = 0; i < n; i++) {
		host->allow[i] = json_string_value(json_array_get(list, i));
		if (!host->allow[i])
			return cb_fail(ctx, CB_EINVAL,
			               "integrations.%s.%zu.allow.%zu: "
			               "expected a text",
			               host->kind->section, at, i);
	}
	host->allow[n] = NULL;
	return CB_OK;
}

static int read_api(struct cb_ctx *ctx, struct cbi_scm *scm,
                    struct cbi_scm_host *host, size_t at)
{
	const char *given = cbi_scm_word(host->config, host->kind->api_key);
	const char *url = given ? given : host->kind->api(ctx, host->name);
	struct cbi_scm_url parts;
	size_t len;
	char *api;

	if (!url)
		return CB_ENOMEM;
	if (cbi_scm_split(ctx, url, &parts) < 0 || parts.query[0]) {
		cb_failure_clear(ctx);
		return cb_fail(ctx, CB_EINVAL,
		               "integrations.%s.%zu.%s: expected an http or "
		               "https address",
		               host->kind->section, at, host->kind->api_key);
	}
	len = strlen(url);
	while (len > 0 && url[len - 1] == '/')
		len--;
	api = cb_strndup(ctx, url, len);
	host->api = cbi_scm_keep(ctx, scm, api);
	host->hosts[0] = host->name;
	host->hosts[1] = cbi_scm_keep(ctx, scm, parts.host);
	return host->api && host->hosts[1] ? CB_OK : CB_ENOMEM;
}

static int read_one(struct cb_ctx *ctx, struct cbi_scm *scm,
                    const struct cbi_scm_kind *kind, const json_t *config,
                    size_t at)
{
	struct cbi_scm_host *host = &scm->hosts[scm->n];
	const char *name = cbi_scm_word(config, "host");
	char *lower;
	int rc;

	if (!name)
		name = kind->host;
	if (!json_is_object(config) || !name || strpbrk(name, "/?#@ "))
		return cb_fail(ctx, CB_EINVAL,
		               "integrations.%s.%zu.host: expected a host such "
		               "as git.example.com",
		               kind->section, at);
	lower = cb_strdup(ctx, name);
	if (!lower)
		return CB_ENOMEM;
	cbi_str_lower(lower);
	*host = (struct cbi_scm_host){ .kind = kind,
		                       .config = config,
		                       .name = cbi_scm_keep(ctx, scm, lower) };
	if (!host->name)
		return CB_ENOMEM;
	rc = read_api(ctx, scm, host, at);
	if (rc == CB_OK)
		rc = read_allow(ctx, scm, host, at);
	if (rc == CB_OK)
		rc = cbi_scm_app_check(ctx, host, at);
	if (rc == CB_OK)
		scm->n++;
	return rc;
}

static int read_all(struct cb_ctx *ctx, struct cbi_scm *scm,
                    const json_t *integrations)
{
	size_t n = 0, at;
	const json_t *row;
	int rc = CB_OK;

	for (size_t k = 0; k < KINDS; k++)
		n += json_array_size(
		    json_object_get(integrations, kinds[k]->section));
	scm->hosts =
	    cbi_arena_alloc(&scm->arena, (n + 1) * sizeof(*scm->hosts));
	if (!scm->hosts)
		return cb_fail(ctx, CB_ENOMEM, "no memory for integrations");
	for (size_t k = 0; k < KINDS; k++) {
		const json_t *list =
		    json_object_get(integrations, kinds[k]->section);

		if (list && !json_is_array(list))
			return cb_fail(ctx, CB_EINVAL,
			               "integrations.%s: expected a list",
			               kinds[k]->section);
		json_array_foreach(list, at, row)
		{
			rc = read_one(ctx, scm, kinds[k], row, at);
			if (rc < 0)
				return rc;
		}
	}
	return CB_OK;
}

int cbi_scm_create(struct cb_ctx *ctx, const json_t *integrations,
                   struct cbi_http *http, struct cbi_scm **out)
{
	struct cbi_scm *scm = calloc(1, sizeof(*scm));
	int rc;

	if (!scm)
		return cb_fail(ctx, CB_ENOMEM, "no memory for integrations");
	scm->http = http;
	cbi_arena_init(&scm->arena, 4 * CB_MIB);
	rc = cbi_scm_tokens_create(ctx, &scm->tokens);
	if (rc == CB_OK)
		rc = read_all(ctx, scm, integrations);
	if (rc == CB_OK)
		rc = cbi_scm_git_config(ctx, scm,
		                        json_object_get(integrations, "git"));
	if (rc < 0) {
		cbi_scm_destroy(scm);
		return rc;
	}
	*out = scm;
	return CB_OK;
}

void cbi_scm_destroy(struct cbi_scm *scm)
{
	if (!scm)
		return;
	cbi_scm_tokens_destroy(scm->tokens);
	cbi_arena_finish(&scm->arena);
	free(scm);
}

static const struct cbi_scm_host *host_of(const struct cbi_scm *scm,
                                          const char *name, size_t len)
{
	for (size_t i = 0; i < scm->n; i++)
		if (strlen(scm->hosts[i].name) == len &&
		    strncasecmp(scm->hosts[i].name, name, len) == 0)
			return &scm->hosts[i];
	return NULL;
}

bool cbi_scm_knows(const struct cbi_scm *scm, const char *url)
{
	const char *host = strstr(url, "://");
	size_t len;

	if (cbi_scm_is_git(url))
		return true;
	if (!host)
		return false;
	host += 3;
	len = strcspn(host, "/?#");
	if (len > 4 && cbi_str_starts(url, "https://") &&
	    strncmp(host + len - 4, ":443", 4) == 0)
		len -= 4;
	return host_of(scm, host, len) != NULL;
}

int cbi_scm_parse(struct cb_ctx *ctx, const struct cbi_scm *scm,
                  const char *url, struct cbi_scm_place *out)
{
	struct cbi_scm_place place = { 0 };
	struct cbi_scm_url parts;
	int rc;

	if (cbi_scm_is_git(url))
		return cbi_scm_git_parse(ctx, url, out);
	rc = cbi_scm_split(ctx, url, &parts);
	if (rc < 0)
		return rc;
	place.host = host_of(scm, parts.host, strlen(parts.host));
	if (!place.host)
		return cb_fail(ctx, CB_ENOENT, "no integration for %s",
		               parts.host);
	rc = place.host->kind->parse(ctx, &parts, &place);
	if (rc == CB_EINVAL && cb_failure_code(ctx) == CB_OK)
		return cb_fail(ctx, CB_EINVAL,
		               "%s: no file or folder of a repository of %s",
		               url, place.host->kind->section);
	if (rc < 0)
		return rc;
	*out = place;
	return CB_OK;
}
