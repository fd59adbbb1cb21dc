/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.c - when something is run, as Backstage's configs say it.
 */
#include "config/config.h"

#include <string.h>

#include "base/cron.h"
#include "base/str.h"

/* More often is a loop, not a schedule. */
#define FREQUENCY_LEAST_MS 1000

static int read_time(struct cb_ctx *ctx, const json_t *value, const char *path,
                     const char *key, int64_t *out)
{
	const json_t *given = json_object_get(value, key);
	int64_t ms;

	if (!given)
		return CB_OK;
	ms = cbi_config_duration(given);
	if (ms < 0)
		return cb_fail(ctx, CB_EINVAL,
		               "%s.%s: expected a duration such as 30m or "
		               "{minutes: 30}",
		               path, key);
	*out = ms;
	return CB_OK;
}

static int read_cron(struct cb_ctx *ctx, const json_t *cron, const char *path,
                     struct cbi_schedule *out)
{
	const char *text = json_string_value(cron);

	if (!text || !cbi_str_copy(out->cron, sizeof(out->cron), text) ||
	    cbi_cron_next(text, 0) < 0)
		return cb_fail(ctx, CB_EINVAL,
		               "%s.frequency.cron: expected five fields such "
		               "as '0 */2 * * *'",
		               path);
	out->frequency_ms = 0;
	return CB_OK;
}

static int read_frequency(struct cb_ctx *ctx, const json_t *value,
                          const char *path, struct cbi_schedule *out)
{
	const json_t *given = json_object_get(value, "frequency");
	const json_t *cron = json_object_get(given, "cron");
	const json_t *trigger = json_object_get(given, "trigger");
	int rc;

	out->cron[0] = '\0';
	if (cron)
		return read_cron(ctx, cron, path, out);
	if (trigger) {
		const char *how = json_string_value(trigger);

		out->frequency_ms = 0;
		return how && strcmp(how, "manual") == 0
		           ? CB_OK
		           : cb_fail(ctx, CB_EINVAL,
		                     "%s.frequency.trigger: expected manual",
		                     path);
	}
	rc = read_time(ctx, value, path, "frequency", &out->frequency_ms);
	if (rc == CB_OK && given && out->frequency_ms < FREQUENCY_LEAST_MS)
		return cb_fail(ctx, CB_EINVAL,
		               "%s.frequency: expected a second at least",
		               path);
	return rc;
}

int cbi_config_schedule(struct cb_ctx *ctx, const json_t *value,
                        const char *path, const struct cbi_schedule *usual,
                        struct cbi_schedule *out)
{
	int rc = CB_OK;

	*out = *usual;
	if (!value)
		return CB_OK;
	if (!json_is_object(value))
		return cb_fail(ctx, CB_EINVAL,
		               "%s: expected {frequency, timeout, "
		               "initialDelay}",
		               path);
	if (json_object_get(value, "frequency"))
		rc = read_frequency(ctx, value, path, out);
	if (rc == CB_OK)
		rc = read_time(ctx, value, path, "timeout", &out->timeout_ms);
	if (rc == CB_OK)
		rc = read_time(ctx, value, path, "initialDelay",
		               &out->initial_ms);
	return rc;
}
