/* SPDX-License-Identifier: Apache-2.0 */
/*
 * git_run.c - one run of git, with nothing but what is said here.
 *
 * Values that differ from run to run go by the environment: what stands in
 * argv can be read by everybody on the host.
 */
#include "scm/git_priv.h"

#include "base/limits.h"
#include "base/str.h"
#include "http/http.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGS_MAX 32
#define ENV_MAX 24
/* Of address space: git maps its packs. */
#define MEMORY_MAX ((size_t)2048 * CB_MIB)
/* Of one file: a pack. */
#define FILE_MAX ((uint64_t)256 * CB_MIB)

struct run {
	struct cb_ctx *ctx;
	const struct cbi_scm_git_ask *ask;
	const char *argv[ARGS_MAX + 1];
	const char *env[ENV_MAX + 1];
	size_t args, envs;
	int settings;
};

static int put(struct run *run, const char *text)
{
	if (!text)
		return CB_ENOMEM;
	if (run->envs == ENV_MAX)
		return cb_fail(run->ctx, CB_EBUG, "too much for git");
	run->env[run->envs++] = text;
	return CB_OK;
}

/* As of a config file; GIT_CONFIG_COUNT says how many there are. */
static int set(struct run *run, const char *key, const char *value)
{
	int rc = put(run, cb_printf(run->ctx, "GIT_CONFIG_KEY_%d=%s",
	                            run->settings, key));

	if (rc == CB_OK)
		rc = put(run, cb_printf(run->ctx, "GIT_CONFIG_VALUE_%d=%s",
		                        run->settings, value));
	run->settings++;
	return rc;
}

static int set_http(struct run *run, const char *address)
{
	const struct cbi_scm_git *git = run->ask->git;
	bool tls = strcmp(git->scheme, "https") == 0;
	int port = git->port ? git->port : tls ? 443 : 80;
	bool six = strchr(address, ':') != NULL;
	int rc = CB_OK;

	/* A literal is looked up by nobody. */
	if (strcmp(git->host, address) != 0)
		rc = set(run, "http.curloptResolve",
		         cb_printf(run->ctx, "%s:%d:%s%s%s", git->host, port,
		                   six ? "[" : "", address, six ? "]" : ""));
	if (rc == CB_OK && git->row->header)
		rc = set(run, "http.extraHeader", git->row->header);
	return rc;
}

static int set_ssh(struct run *run, const char *address)
{
	const struct cbi_scm_git *git = run->ask->git;
	const struct cbi_scm_git_row *row = git->row;

	if (!row->key)
		return cb_fail(run->ctx, CB_EDENIED,
		               "integrations.git has no privateKeyFile for %s",
		               row->host);
	return put(
	    run, cb_printf(run->ctx,
	                   "GIT_SSH_COMMAND=ssh -F none -o BatchMode=yes"
	                   " -o IdentitiesOnly=yes -o IdentityAgent=none"
	                   " -o ProxyCommand=none -o PermitLocalCommand=no"
	                   " -o ClearAllForwardings=yes -o ForwardAgent=no"
	                   " -o StrictHostKeyChecking=yes -o ConnectTimeout=10"
	                   " -o GlobalKnownHostsFile=/dev/null"
	                   " -o UserKnownHostsFile=%s -o HostKeyAlias=%s"
	                   " -o HostName=%s -i %s",
	                   row->known_hosts, git->host, address, row->key));
}

static int set_network(struct run *run)
{
	const struct cbi_scm_git *git = run->ask->git;
	const char *address;
	int rc = put(run, cb_printf(run->ctx, "GIT_ALLOW_PROTOCOL=%s",
	                            git ? git->scheme : "none"));

	if (rc < 0 || !git || !*git->host)
		return rc;
	rc = cbi_http_pin(run->ctx, git->host, git->row->allow, &address);
	if (rc < 0)
		return rc;
	return strcmp(git->scheme, "ssh") == 0 ? set_ssh(run, address)
	                                       : set_http(run, address);
}

/* What never differs is a file, written once.  Repositories of others are
 * read on purpose: their owner is no warning, and nothing in them is obeyed. */
static const char config_text[] =
    "[safe]\n\tdirectory = *\n"
    "[core]\n\thooksPath = /dev/null\n\tbigFileThreshold = 4m\n"
    "\tpackedGitLimit = 64m\n\tpackedGitWindowSize = 8m\n"
    "\tfsmonitor = false\n"
    "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"
    "[protocol]\n\tversion = 2\n[pack]\n\tthreads = 1\n"
    "[fetch]\n\trecurseSubmodules = false\n"
    "[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n"
    "[http]\n\tfollowRedirects = false\n\tproxy =\n"
    "\tlowSpeedLimit = 1000\n\tlowSpeedTime = 20\n"
    "[credential]\n\thelper =\n";

static int open_home(struct cb_ctx *ctx, const struct cbi_scm *scm,
                     const char **out)
{
	const char *home, *path, *fresh;
	struct stat st;
	FILE *file;
	bool done;

	if (!scm->state_dir)
		return cb_fail(ctx, CB_ENOTSUP,
		               "git repositories cannot be read here");
	home = cb_printf(ctx, "%s/git", scm->state_dir);
	path = cb_printf(ctx, "%s/git/config", scm->state_dir);
	fresh = cb_printf(ctx, "%s/git/config.%d.%p", scm->state_dir,
	                  (int)getpid(), (const void *)ctx);
	if (!home || !path || !fresh)
		return CB_ENOMEM;
	*out = home;
	if (stat(path, &st) == 0 &&
	    st.st_size == (off_t)sizeof(config_text) - 1)
		return CB_OK;
	if (mkdir(home, 0700) < 0 && errno != EEXIST)
		return cb_fail(ctx, CB_EAWAY, "%s: %s", home, strerror(errno));
	file = fopen(fresh, "we");
	if (!file)
		return cb_fail(ctx, CB_EAWAY, "%s: %s", fresh, strerror(errno));
	done = fputs(config_text, file) >= 0;
	done = fclose(file) == 0 && done;
	if (!done || rename(fresh, path) < 0)
		return cb_fail(ctx, CB_EAWAY, "%s: %s", path, strerror(errno));
	return CB_OK;
}

static int set_all(struct run *run, const char *home)
{
	int rc = put(run, cb_printf(run->ctx, "HOME=%s", home));

	if (rc == CB_OK)
		rc = put(run, "GIT_CONFIG_NOSYSTEM=1");
	if (rc == CB_OK)
		rc = put(run, cb_printf(run->ctx, "GIT_CONFIG_GLOBAL=%s/config",
		                        home));
	if (rc == CB_OK)
		rc = put(run, "GIT_TERMINAL_PROMPT=0");
	if (rc == CB_OK)
		rc = put(run, "GIT_LITERAL_PATHSPECS=1");
	/* What is missing is asked for by us, together. */
	if (rc == CB_OK)
		rc = put(run, "GIT_NO_LAZY_FETCH=1");
	if (rc == CB_OK && run->ask->dir)
		rc = put(run, cb_printf(run->ctx, "GIT_DIR=%s", run->ask->dir));
	if (rc == CB_OK)
		rc = set_network(run);
	/* So that what it fetched in part is asked for at one repository. */
	if (rc == CB_OK && run->ask->git)
		rc = set(run, "remote.origin.url", run->ask->git->url);
	if (rc == CB_OK && run->ask->git)
		rc = set(run, "remote.origin.promisor", "true");
	return rc == CB_OK ? put(run, cb_printf(run->ctx, "GIT_CONFIG_COUNT=%d",
	                                        run->settings))
	                   : rc;
}

int cbi_scm_git_run(struct cb_ctx *ctx, const struct cbi_scm *scm,
                    const struct cbi_scm_git_ask *ask,
                    struct cbi_spawn_reply *out)
{
	struct run run = { .ctx = ctx, .ask = ask };
	struct cbi_spawn_ask program = {
		.in = ask->in,
		.in_len = ask->in ? strlen(ask->in) : 0,
		.out_max = ask->out_max,
		.total_ms = ask->total_ms,
		.memory_max = MEMORY_MAX,
		.file_max = FILE_MAX,
	};
	const char *home;
	int rc = open_home(ctx, scm, &home);

	run.argv[run.args++] = "git";
	for (size_t i = 0; ask->args[i] && run.args < ARGS_MAX; i++)
		run.argv[run.args++] = ask->args[i];
	if (rc == CB_OK)
		rc = set_all(&run, home);
	if (rc < 0)
		return rc;
	program.argv = run.argv;
	program.env = run.env;
	program.dir = home;
	return cbi_spawn_run(ctx, &program, out);
}

/* The line that says why; git puts advice below it, and ssh's word of what
 * went wrong above its own. */
static int reason(const char *err, const char **out)
{
	static const char sshs[] = "Could not read from remote";
	const char *fatal = strstr(err, "fatal: ");
	const char *at = fatal ? fatal + strlen("fatal: ") : err;

	if (fatal && fatal > err + 1 &&
	    strncmp(at, sshs, sizeof(sshs) - 1) == 0) {
		at = fatal - 1;
		while (at > err && at[-1] != '\n')
			at--;
	}
	*out = at;
	return (int)strcspn(at, "\r\n");
}

int cbi_scm_git_failed(struct cb_ctx *ctx, const char *what,
                       const struct cbi_spawn_reply *reply)
{
	static const struct {
		const char *words;
		int code;
	} rows[] = {
		{ "Authentication failed", CB_EAUTH },
		{ "could not read Username", CB_EAUTH },
		{ "could not read Password", CB_EAUTH },
		{ "Permission denied", CB_EAUTH },
		{ "Host key verification failed", CB_EAUTH },
		{ "error: 403", CB_EAUTH },
		{ "error: 429", CB_EBUSY },
		{ "not found", CB_ENOENT },
		{ "does not appear to be a git repository", CB_ENOENT },
		{ "does not exist", CB_ENOENT },
		{ "Failed to connect", CB_EAWAY },
		{ "Could not resolve", CB_EAWAY },
		{ "unable to connect", CB_EAWAY },
		{ "Connection ", CB_EAWAY },
		{ "File too large", CB_ETOOBIG },
	};
	const char *why;
	int len = reason(reply->err, &why);
	int code = CB_EUPSTREAM;

	/* SIGXFSZ: a pack beyond the limit. */
	if (reply->code == 128 + SIGXFSZ)
		return cb_fail(ctx, CB_ETOOBIG, "%s: more than %d MiB", what,
		               (int)(FILE_MAX / CB_MIB));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strstr(reply->err, rows[i].words)) {
			code = rows[i].code;
			break;
		}
	return cb_fail(ctx, code, "%s: git: %.*s", what, len > 200 ? 200 : len,
	               *why ? why : "it says nothing");
}
