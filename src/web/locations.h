/* SPDX-License-Identifier: Apache-2.0 */
/*
 * locations.h - what the API and pages do alike with locations: trying,
 * registering and taking back.
 *
 * What is changed is raised on the board before it is answered: this host's
 * readers see it from then on.
 */
#ifndef CB_WEB_LOCATIONS_H
#define CB_WEB_LOCATIONS_H

#include <stdbool.h>

#include <jansson.h>

#include "catalog/location.h"
#include "web/req.h"

/* May locations be changed at all?  CB_EDENIED while catalog.readonly is
 * set, whoever asks. */
int cbi_locations_open(struct cb_req *req) CB_USED;

/* What a location would be; all lives with the request. */
struct cbi_locations_trial {
	bool exists; /* registered already, as location */
	struct cbi_location location;
	json_t *entities; /* what it brings in, its own Location first */
	json_t *errors;   /* status items */
};

/*
 * Reads it in a fetch process; nothing is stored.  With excerpts an error
 * that names a line of what was read has that file's text around it
 * (catalog/excerpt.h).  What is wrong with what was read is in errors and no
 * failure; CB_EINVAL is a wish that could not be registered.
 */
int cbi_locations_try(struct cb_req *req, const struct cbi_location_wish *wish,
                      bool excerpts, struct cbi_locations_trial *out) CB_USED;

/* cbi_location_add and cbi_location_delete, while locations are open. */
int cbi_locations_add(struct cb_req *req, const struct cbi_location_wish *wish,
                      struct cbi_location *out) CB_USED;
int cbi_locations_delete(struct cb_req *req, const char *id) CB_USED;

#endif
