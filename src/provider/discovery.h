/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery.h - catalog files in the repositories of an organisation: what
 * the five kinds of code hosts share.
 *
 * A run lists the repositories and hands over a Location for each that the
 * filters let through, as Backstage's providers do.  A list whose pages all
 * answer 304 costs nothing more.
 */
#ifndef CB_PROVIDER_DISCOVERY_H
#define CB_PROVIDER_DISCOVERY_H

#include "provider/pattern.h"
#include "provider/supply.h"
#include "scm/scm.h"

#define CBI_DISCOVERY_GROUPS 16
#define CBI_DISCOVERY_UNSERVED 8

struct cbi_discovery {
	struct cbi_scm *scm;
	const struct cbi_scm_host *host;
	const char *org;    /* of the listing */
	const char *prefix; /* of what webhooks say: "host/org/", lower case */
	const char *key;    /* location key, as Backstage's provider has it */
	const char *path;   /* of the catalog file; may be a pattern */
	const char *branch; /* "": the repository's own */
	const char *presence;
	/* Is the file looked for?  A repository whose mark has not changed
	 * still has, or has not, what it had. */
	bool check;
	bool forks, archived;
	struct cbi_pattern *names; /* of "owner/name", or name */
	bool full_names;
	struct cbi_pattern *owners;
	const char *name_glob, *owner_glob; /* NULL: any */
	/* Of the group or one above it, any of them; none: any group. */
	struct cbi_pattern *groups[CBI_DISCOVERY_GROUPS];
	size_t groups_n;
	const char *fallback;     /* where the host tells no default branch */
	const json_t *topics_all; /* NULL: any; else it has all of them */
	/* Keys of Backstage that are set and not served; said at each run. */
	const char *unserved[CBI_DISCOVERY_UNSERVED];
	/* Lists of texts; NULL: any. */
	const json_t *topics_in, *topics_out, *visibility, *excluded;
	const char *settings; /* what earlier runs must have had as well */
};

/* For suppliers whose arg it is; discovery_config.c fills it. */
int cbi_discovery_run(struct cb_ctx *ctx, void *arg,
                      const struct cbi_supply_run *run, enum cbi_supply *what,
                      json_t **after);
bool cbi_discovery_concerned(void *arg, const struct cbi_supply_event *event);

#endif
