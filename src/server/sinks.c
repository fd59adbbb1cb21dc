/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sinks.c - see sinks.h.
 */
#include "server/sinks.h"

#include "audit/chain.h"
#include "base/ctx.h"
#include "base/log.h"

/* In one transaction. */
#define ROWS_MAX 500

int cbi_sinks_read(struct cb_ctx *ctx, const struct cbi_config *config,
                   struct cbi_audit_sinks *out)
{
	const char *facility =
	    cbi_config_text(config, "audit.sinks.syslog.facility", "authpriv");
	const json_t *syslog = cbi_config_get(config, "audit.sinks.syslog");

	*out = (struct cbi_audit_sinks){
		.file = cbi_config_text(config, "audit.sinks.file", NULL),
		.facility = cbi_audit_facility(facility),
	};
	if (out->file && *out->file != '/')
		return cb_fail(ctx, CB_EINVAL,
		               "audit.sinks.file: '%.200s', expected an "
		               "absolute path",
		               out->file);
	if (syslog && !json_is_object(syslog))
		return cb_fail(ctx, CB_EINVAL,
		               "audit.sinks.syslog: expected a map, {} for "
		               "the system's own");
	if (out->facility < 0)
		return cb_fail(ctx, CB_EINVAL,
		               "audit.sinks.syslog.facility: '%.40s', "
		               "expected a name such as authpriv or local0",
		               facility);
	if (syslog)
		out->syslog = cbi_config_text(
		    config, "audit.sinks.syslog.socket", "/dev/log");
	return CB_OK;
}

static void tell_of(const struct cb_ctx *ctx, int rc)
{
	static int was = CB_OK;

	if (rc == was)
		return;
	was = rc;
	if (rc < 0)
		cb_log(ctx, CB_LOG_ERROR, "audit sinks: %s", cb_failure(ctx));
	else
		cb_log(ctx, CB_LOG_INFO, "audit sinks: well again");
}

int cbi_sinks_work(struct cb_ctx *ctx, const struct cbi_audit_sinks *sinks)
{
	size_t sealed = 0, told = 0;
	int rc = cbi_audit_seal(ctx, ROWS_MAX, &sealed);

	if (rc < 0)
		return rc;
	rc = cbi_audit_tell(ctx, sinks, ROWS_MAX, &told);
	tell_of(ctx, rc);
	cb_failure_clear(ctx);
	return CB_OK;
}
