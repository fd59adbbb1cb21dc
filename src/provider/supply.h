/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supply.h - the kinds of suppliers, and those that the config asks for.
 *
 * A kind is one file and one row of the table in supply.c; its name is the
 * section below catalog.providers that configures it.
 */
#ifndef CB_PROVIDER_SUPPLY_H
#define CB_PROVIDER_SUPPLY_H

#include <callboard/ctx.h>

#include "base/supply.h"

struct cbi_config;
struct cbi_http;

/* What a supplier works with; outlives it. */
struct cbi_supply_place {
	const struct cbi_config *config;
	struct cbi_http *http; /* NULL: only to check the config */
};

struct cbi_supply_kind {
	const char *section; /* "ldapOrg" */
	const char *help;    /* one line */
	/*
	 * A section is a map from ids to settings, or a list of settings with
	 * an `id` each; or, when it has one of these keys (ends in NULL), the
	 * settings of one supplier with the id "default".
	 */
	const char *const *single;
	/* For a settings' schedule that is not given, or in part. */
	struct cbi_schedule schedule;
	/*
	 * Fills arg, run and concerned; name and schedule are set already.
	 * path ("catalog.providers.ldapOrg.default") is for messages.  What
	 * it allocates lives with ctx, as long as the supplier; what is not
	 * memory is cb_deferred.  CB_EINVAL names the key that is wrong.
	 */
	int (*configure)(struct cb_ctx *ctx,
	                 const struct cbi_supply_place *place,
	                 const json_t *settings, const char *path,
	                 struct cbi_supplier *out);
};

/* All kinds; ends in NULL. */
const struct cbi_supply_kind *const *cbi_supply_kinds(void);

/*
 * The suppliers that the config asks for; *out lives with ctx, which must
 * outlive them.  CB_EINVAL for two of one name, and what a kind refuses.  A
 * section that no kind has is passed over: another's config still runs.
 */
int cbi_supply_configure(struct cb_ctx *ctx,
                         const struct cbi_supply_place *place,
                         struct cbi_supplier **out, size_t *n) CB_USED;

/* The first section of catalog.providers that is passed over, or NULL. */
const char *cbi_supply_unknown(const struct cbi_config *config);

/* --- for the kinds --- */

/* A text of the settings, never empty; what is absent is fallback (may be
 * NULL), or CB_EINVAL when that is CBI_SUPPLY_NEEDED. */
int cbi_supply_text(struct cb_ctx *ctx, const json_t *settings,
                    const char *path, const char *key, const char *fallback,
                    const char **out) CB_USED;
#define CBI_SUPPLY_NEEDED ""

/*
 * A name as Backstage makes it of what people call something: what is not
 * [a-zA-Z0-9_.-] becomes '_', runs of it one, none at the ends, at most 63.
 * Lives with ctx; NULL when nothing is left, or without memory.
 */
char *cbi_supply_name(struct cb_ctx *ctx, const char *text) CB_USED;

/* Escaped for an address: all but letters, digits and -._~; "" without memory.
 * Lives with ctx. */
const char *cbi_supply_encode(struct cb_ctx *ctx, const char *text);

/*
 * {apiVersion, kind, metadata: {name, annotations: both managed-by = place},
 * spec}; takes spec.  A new reference, NULL without memory.
 */
json_t *cbi_supply_entity(const char *kind, const char *name, const char *place,
                          json_t *spec);
/* Sets metadata.annotations.<name>; value NULL or "": nothing. */
void cbi_supply_annotate(json_t *entity, const char *name, const char *value);

#endif
