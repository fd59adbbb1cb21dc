/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery_config.c - the sections github, gitlab, gitea, bitbucketServer and
 * azureDevOps of catalog.providers: what they share.  Their own keys are read
 * by discovery_keys.c.
 */
#include "provider/discovery_priv.h"

#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "base/str.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "json/json.h"
#include "provider/kinds.h"

static const struct form {
	const char *name;    /* of the section */
	const char *section; /* of integrations */
	const char *key;     /* of its locations; the id follows */
	int (*read)(const struct cbi_discovery_reading *r);
} forms[] = {
	{ "github", "github", "github-provider", cbi_discovery_github },
	{ "gitlab", "gitlab", "GitlabDiscoveryEntityProvider",
	  cbi_discovery_gitlab },
	{ "gitea", "gitea", "gitea-provider", cbi_discovery_gitea },
	{ "bitbucketServer", "bitbucketServer", "bitbucketServer-provider",
	  cbi_discovery_bitbucket },
	{ "azureDevOps", "azure", "AzureDevOpsEntityProvider",
	  cbi_discovery_azure },
};

/* The supplier's name is "section:id". */
static const struct form *form_of(const char *name)
{
	size_t len = strcspn(name, ":");

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strlen(forms[i].name) == len &&
		    memcmp(forms[i].name, name, len) == 0)
			return &forms[i];
	return NULL;
}

static void close_scm(void *scm)
{
	cbi_scm_destroy(scm);
}

/* An id is a number or a text. */
static int choose_app(const struct cbi_discovery_reading *r,
                      const struct form *form)
{
	const json_t *app = json_object_get(r->settings, "app");
	const char *id = json_string_value(app);

	if (!app || strcmp(form->section, "github") != 0)
		return CB_OK;
	if (json_is_integer(app))
		id = cb_printf(r->ctx, "%lld",
		               (long long)json_integer_value(app));
	if (!id)
		return cb_fail(r->ctx, CB_EINVAL,
		               "%s.app: expected the appId of an App", r->path);
	if (cbi_scm_app_choose(r->ctx, r->own->scm, r->own->host, id) < 0) {
		cb_failure_clear(r->ctx);
		return cb_fail(r->ctx, CB_EINVAL,
		               "%s.app: %s is no App of integrations.github",
		               r->path, id);
	}
	return CB_OK;
}

static int open_host(const struct cbi_discovery_reading *r,
                     const struct cbi_supply_place *place,
                     const struct form *form)
{
	struct cbi_discovery *own = r->own;
	const char *host;
	char *prefix;
	int rc =
	    cbi_supply_text(r->ctx, r->settings, r->path, "host", NULL, &host);

	if (rc == CB_OK)
		rc = cbi_scm_create(
		    r->ctx, cbi_config_get(place->config, "integrations"),
		    place->http, &own->scm);
	if (rc < 0)
		return rc;
	rc = cb_defer(r->ctx, close_scm, own->scm);
	if (rc < 0)
		return rc;
	own->host = cbi_scm_host(own->scm, form->section, host);
	if (!own->host)
		return cb_fail(r->ctx, CB_EINVAL,
		               "%s: integrations.%s has no entry for %s",
		               r->path, form->section,
		               host ? host : "its host");
	rc = choose_app(r, form);
	if (rc < 0)
		return rc;
	prefix = cb_printf(r->ctx, "%s/%s%s", cbi_scm_host_name(own->host),
	                   own->org, *own->org ? "/" : "");
	if (!prefix)
		return CB_ENOMEM;
	cbi_str_lower(prefix);
	own->prefix = prefix;
	return CB_OK;
}

/* What another config would have found is not what this one would. */
static int note_settings(const struct cbi_discovery_reading *r)
{
	char *hash = cb_alloc(r->ctx, CB_SHA1_HEX);
	struct cb_buf buf;
	int rc;

	if (!hash)
		return CB_ENOMEM;
	cbi_buf_init(&buf, CB_MIB);
	rc = cbi_json_canonical(&buf, r->settings);
	if (rc == CB_OK)
		cbi_crypto_sha1_hex(buf.data, buf.len, hash);
	cbi_buf_finish(&buf);
	r->own->settings = hash;
	return rc < 0 ? cb_fail(r->ctx, rc, "%s is too large", r->path) : CB_OK;
}

static int configure(struct cb_ctx *ctx, const struct cbi_supply_place *place,
                     const json_t *settings, const char *path,
                     struct cbi_supplier *out)
{
	struct cbi_discovery *own = cb_alloc(ctx, sizeof(*own));
	const struct cbi_discovery_reading r = { ctx, settings, path, own };
	const struct form *form = form_of(out->name);
	int rc;

	if (!own || !form)
		return form ? CB_ENOMEM : CB_EBUG;
	*own = (struct cbi_discovery){ .branch = "",
		                       .fallback = "",
		                       .presence = "optional" };
	own->key =
	    cb_printf(ctx, "%s:%s", form->key, strchr(out->name, ':') + 1);
	rc = own->key ? form->read(&r) : CB_ENOMEM;
	if (rc == CB_OK)
		rc = open_host(&r, place, form);
	if (rc == CB_OK)
		rc = note_settings(&r);
	out->arg = own;
	out->run = cbi_discovery_run;
	out->concerned = cbi_discovery_concerned;
	return rc;
}

static const char *const single_org[] = { "organization", NULL };
static const char *const single_host[] = { "host", NULL };

#define USUAL                                                                 \
	{                                                                     \
		.frequency_ms = 30 * 60 * 1000, .timeout_ms = 10 * 60 * 1000, \
		.initial_ms = 15 * 1000                                       \
	}

const struct cbi_supply_kind cbi_supply_github = {
	.section = "github",
	.help = "catalog files of a GitHub organisation",
	.single = single_org,
	.schedule = USUAL,
	.configure = configure,
};

const struct cbi_supply_kind cbi_supply_gitlab = {
	.section = "gitlab",
	.help = "catalog files of a GitLab group",
	.single = single_host,
	.schedule = USUAL,
	.configure = configure,
};

const struct cbi_supply_kind cbi_supply_gitea = {
	.section = "gitea",
	.help = "catalog files of a Gitea organisation",
	.single = single_org,
	.schedule = USUAL,
	.configure = configure,
};

const struct cbi_supply_kind cbi_supply_bitbucket = {
	.section = "bitbucketServer",
	.help = "catalog files of a Bitbucket Server",
	.single = single_host,
	.schedule = USUAL,
	.configure = configure,
};

const struct cbi_supply_kind cbi_supply_azure = {
	.section = "azureDevOps",
	.help = "catalog files of an Azure DevOps organisation",
	.single = single_org,
	.schedule = USUAL,
	.configure = configure,
};
