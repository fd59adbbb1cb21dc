/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shaper.c - where the program callboard-shape is, and a pool of it.
 */
#include "host/host.h"

#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/str.h"
#include "spawn/helpers.h"

#define NAME "callboard-shape"
/* Children of one fetch process, and what each may use up. */
#define HELPERS 4
#define MEMORY_MAX (256 * CB_MIB)
#define USES 10000

/* "<dir of this program>/<where>", when it may be run. */
static const char *beside(struct cb_ctx *ctx, const char *where)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *path;
	char *slash;

	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	path = cb_printf(ctx, "%s/%s", exe, where);
	return path && access(path, X_OK) == 0 ? path : NULL;
}

/* Where it was installed with the program that asks, or its name alone. */
static const char *shaper(struct cb_ctx *ctx)
{
	/* An installation that was moved brings its own; in the build's
	 * folder it lies beside the programs (libtool keeps the real ones
	 * in .libs), and tests are two levels below. */
	static const char *const places[] = { "../lib/callboard/" NAME, NAME,
		                              "../" NAME, "../../" NAME };
	const char *path = NULL;

	for (size_t i = 0; !path && i < sizeof(places) / sizeof(places[0]); i++)
		path = beside(ctx, places[i]);
	return path ? path : CALLBOARD_PLUGINDIR "/../" NAME;
}

int cbi_host_shapers(struct cb_ctx *ctx, struct cbi_helpers **out)
{
	/* Lives as long as the process, as its path does. */
	static char path[4096];
	static const char *argv[] = { path, NULL };
	const struct cbi_helpers_plan plan = { .argv = argv,
		                               .most = HELPERS,
		                               .memory_max = MEMORY_MAX,
		                               .uses = USES };

	cbi_str_copy(path, sizeof(path), shaper(ctx));
	return cbi_helpers_create(ctx, &plan, out);
}
