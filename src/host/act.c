/* SPDX-License-Identifier: Apache-2.0 */
/*
 * act.c - actions of declared plugins: what a button asks of a tool.
 */
#include "host/declared.h"

#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "declare/declare.h"
#include "source/source.h"

static int refresh(struct cb_ctx *ctx, struct cbi_loaded *loaded,
                   const json_t *action, const struct cb_entity *entity)
{
	json_t *names = json_object_get(action, "refresh"), *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		struct cbi_source_ref ref = {
			.plugin = loaded->name,
			.source = json_string_value(name),
			.version = loaded->plugin.version,
		};
		int rc = cbi_declare_key(
		    ctx,
		    cbi_declare_row(loaded->manifest, "sources", ref.source),
		    entity, &ref.key);

		/* It is done whatever becomes of the value that is kept. */
		if (rc == CB_OK)
			cbi_source_forget(ctx, &ref);
		cb_failure_clear(ctx);
	}
	return CB_OK;
}

/* The call's own row, so that it reaches what its address begins with. */
static int run(struct cb_ctx *ctx, struct cbi_host *host,
               struct cbi_loaded *loaded, const char *name,
               const json_t *action, const struct cb_entity *entity)
{
	json_t *request =
	    json_array_get(json_object_get(action, "requests"), 0);
	struct cb_source row = {
		.name = name,
		.hosts_key =
		    json_string_value(json_object_get(request, "base")),
	};
	struct cbi_call call;
	const char *key;
	int rc = cbi_declare_key(ctx, action, entity, &key);

	if (rc == CB_ENOKEY)
		return cb_fail(ctx, CB_EINVAL,
		               "the entity has nothing to do it with");
	if (rc == CB_OK)
		rc = cbi_guard_permit(ctx, loaded);
	if (rc < 0)
		return rc;
	cbi_guard_enter(ctx, &call, host, loaded);
	call.filling = call.acting = &row;
	rc = cbi_declared_act(ctx, action, key);
	cbi_guard_leave(ctx, &call, rc);
	return rc;
}

int cbi_host_act(struct cb_ctx *ctx, struct cbi_host *host, const char *plugin,
                 const char *name, const struct cb_entity *entity)
{
	struct cbi_loaded *loaded;
	const json_t *action;
	int rc = cbi_guard_ask(ctx, host, plugin, &loaded);

	if (rc == CB_EPENDING)
		return cb_fail(ctx, CB_EBUSY, "plugin '%s' is being started",
		               plugin);
	if (rc < 0)
		return rc;
	action = cbi_declare_row(loaded->manifest, "actions", name);
	if (!action)
		return cb_fail(ctx, CB_ENOENT,
		               "plugin '%s' has no action '%.60s'", plugin,
		               name);
	rc = run(ctx, host, loaded, name, action, entity);
	return rc == CB_OK ? refresh(ctx, loaded, action, entity) : rc;
}
