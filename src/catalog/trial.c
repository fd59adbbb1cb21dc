/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.c - see trial.h.
 */
#include "catalog/trial.h"

#include <callboard/json.h>

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/batch.h"
#include "catalog/fill.h"
#include "catalog/model.h"
#include "catalog/ref.h"
#include "catalog/round.h"
#include "json/json.h"

struct trial {
	struct cb_ctx *ctx;
	const struct cbi_ingest *in;
	const char *origin;
	json_t *stack; /* processed, not yet in entities */
	json_t *entities, *errors;
	json_t *refs; /* object: seen */
	size_t locations;
};

static int out_of_memory(struct cb_ctx *ctx)
{
	return cb_fail(ctx, CB_ENOMEM, "out of memory");
}

static int complain(struct cb_ctx *ctx, json_t *errors, const char *name,
                    const char *text)
{
	json_t *item = text ? cbi_model_status(name, text) : NULL;

	return !item || json_array_append_new(errors, item) ? out_of_memory(ctx)
	                                                    : CB_OK;
}

/* Reads the targets of a Location that stands at place; what they bring in
 * goes to found. */
static int read_targets(struct trial *t, const json_t *entity,
                        const char *place, json_t *found)
{
	struct cbi_ingest_done done = { 0 };
	struct cbi_round round = { .in = t->in,
		                   .done = &done,
		                   .origin = t->origin,
		                   .before = json_object(),
		                   .found = found };
	struct cb_buf ids;
	const char *why;
	int rc = cbi_json_keep(t->ctx, round.before);

	if (rc == CB_OK && ++t->locations > CBI_TRIAL_LOCATIONS)
		rc = cb_fail(t->ctx, CB_ETOOBIG,
		             "more than %d locations follow from this one",
		             CBI_TRIAL_LOCATIONS);
	if (rc == CB_OK && cb_time_left(t->ctx) == 0)
		rc = cb_fail(t->ctx, CB_ETIME,
		             "reading the location took too long");
	if (rc == CB_OK)
		rc = cbi_location_ref_parse(t->ctx, place, &round.type,
		                            &round.target, &why);
	if (rc < 0)
		return cb_failure_code(t->ctx)
		           ? rc
		           : cb_fail(t->ctx, rc, "'%.200s' %s", place, why);
	round.spec = json_object_get(entity, "spec");
	round.ref = "";
	cbi_buf_init(&ids, CB_MIB);
	round.ids = &ids;
	rc = cbi_round_try(t->ctx, &round);
	cbi_buf_finish(&ids);
	if (rc == CB_OK && json_array_extend(t->errors, round.errors))
		rc = out_of_memory(t->ctx);
	return rc;
}

static const char *place_of(const json_t *entity)
{
	const json_t *annotations =
	    json_object_get(json_object_get(entity, "metadata"), "annotations");

	return json_string_value(
	    json_object_get(annotations, "backstage.io/managed-by-location"));
}

static bool is_location(const json_t *entity)
{
	const char *kind = json_string_value(json_object_get(entity, "kind"));

	return kind && cbi_str_casecmp(kind, "location") == 0;
}

static int take_one(struct trial *t, json_t *entity)
{
	struct cbi_problem problem;
	const char *ref;
	int rc = cbi_model_envelope(t->ctx, entity, &ref, &problem);

	if (rc < 0)
		return cb_failure_code(t->ctx)
		           ? rc
		           : cb_fail(t->ctx, CB_EBUG, "an entity without ref");
	if (json_object_get(t->refs, ref))
		return complain(
		    t->ctx, t->errors, "InputError",
		    cb_printf(t->ctx,
		              "%s comes twice, expected each entity once",
		              ref));
	if (json_object_set_new(t->refs, ref, json_true()) ||
	    json_array_append(t->entities, entity))
		return out_of_memory(t->ctx);
	if (json_array_size(t->entities) > CBI_TRIAL_ENTITIES)
		return cb_fail(t->ctx, CB_ETOOBIG,
		               "the location brings in more than %d entities",
		               CBI_TRIAL_ENTITIES);
	return is_location(entity)
	           ? read_targets(t, entity, place_of(entity), t->stack)
	           : CB_OK;
}

/* The last one first: what it brings in comes before its elders. */
static int work_off(struct trial *t)
{
	int rc = CB_OK;

	while (rc == CB_OK && json_array_size(t->stack) > 0) {
		size_t last = json_array_size(t->stack) - 1;
		json_t *entity = json_incref(json_array_get(t->stack, last));

		json_array_remove(t->stack, last);
		rc = cbi_json_keep(t->ctx, entity);
		if (rc == CB_OK)
			rc = take_one(t, entity);
	}
	return rc;
}

int cbi_trial_location(struct cb_ctx *ctx, const struct cbi_ingest *in,
                       const char *type, const char *target,
                       const char *presence, json_t *entities, json_t *errors)
{
	struct trial t = { .ctx = ctx,
		           .in = in,
		           .entities = entities,
		           .errors = errors,
		           .stack = json_array(),
		           .refs = json_object() };
	json_t *own = cbi_model_generated(type, target, presence);
	struct cbi_model_place place = { 0 };
	struct cbi_problem problem;
	struct cbi_model model;
	int rc = cbi_json_keep(ctx, t.stack);

	if (rc == CB_OK)
		rc = cbi_json_keep(ctx, t.refs);
	if (rc == CB_OK)
		rc = cbi_json_keep(ctx, own);
	t.origin = cb_printf(ctx, "%s:%s", type, target);
	if (rc < 0 || !t.origin)
		return rc < 0 ? rc : CB_ENOMEM;
	place.location = t.origin;
	place.origin = t.origin;
	rc = cbi_model_process(ctx, own, &place, &model, &problem);
	if (rc == CB_EINVAL)
		return complain(ctx, errors, problem.name, problem.text);
	if (rc == CB_OK && json_array_append(t.stack, own))
		rc = out_of_memory(ctx);
	return rc == CB_OK ? work_off(&t) : rc;
}

/* Both annotations, unless the author has set them. */
static void set_place(const json_t *entity, const char *location,
                      const struct cbi_kinds *kinds,
                      struct cbi_model_place *place)
{
	static const char *const names[] = {
		"backstage.io/managed-by-location",
		"backstage.io/managed-by-origin-location",
	};
	const char *found[2];
	const json_t *metadata = json_object_get(entity, "metadata");
	const json_t *annotations = json_object_get(metadata, "annotations");

	for (int i = 0; i < 2; i++) {
		found[i] =
		    json_string_value(json_object_get(annotations, names[i]));
		if (!found[i])
			found[i] = location;
	}
	place->location = found[0];
	place->origin = found[1];
	place->kinds = kinds;
}

static int fill(struct cb_ctx *ctx, const struct cbi_ingest *in,
                const char *key, json_t *entity, struct cbi_problem *problem)
{
	struct cbi_fill one = { .ctx = ctx,
		                .feed = &in->feed,
		                .key = key,
		                .state = json_object() };
	int rc = cbi_json_keep(ctx, one.state);

	return rc < 0 ? rc : cbi_fill(&one, entity, problem);
}

int cbi_trial_entity(struct cb_ctx *ctx, const struct cbi_ingest *in,
                     const char *location, json_t *entity, json_t *errors)
{
	struct trial t = { .ctx = ctx, .in = in, .errors = errors };
	struct cbi_batch batch = { .parent_ref = "", .n = 1 };
	struct cbi_item item = { .entity = entity, .source = location };
	struct cbi_problem problem;
	json_t *found, *broken;
	int rc = cbi_model_envelope(ctx, entity, &item.ref, &problem);

	if (rc == CB_EINVAL && !cb_failure_code(ctx))
		return complain(ctx, errors, problem.name, problem.text);
	if (rc < 0)
		return rc;
	set_place(entity, location, in->kinds, &batch.place);
	batch.items = &item;
	rc = fill(ctx, in, batch.place.location, entity, &problem);
	if (rc == CB_EINVAL && !cb_failure_code(ctx)) {
		item.broken = &problem;
		rc = CB_OK;
	}
	if (rc == CB_OK)
		rc = cbi_batch_process(ctx, &batch, &item);
	if (rc == CB_OK && !item.processed) {
		rc = cb_json_parse(ctx, item.errors, strlen(item.errors),
		                   &broken);
		if (rc == CB_OK && json_array_extend(errors, broken))
			rc = out_of_memory(ctx);
		return rc;
	}
	if (rc < 0 || !is_location(entity))
		return rc;
	found = json_array();
	rc = cbi_json_keep(ctx, found);
	t.origin = batch.place.origin;
	return rc == CB_OK
	           ? read_targets(&t, entity, batch.place.location, found)
	           : rc;
}
