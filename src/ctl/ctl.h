/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl.h - callboardctl's commands: one file each, listed in main.c.
 *
 * Commands read the same config as the portal and work on PostgreSQL, Redis,
 * the board and the fetch sockets themselves, so they work with the portal
 * down.  The unix user who ran the command is the actor.
 */
#ifndef CB_CTL_CTL_H
#define CB_CTL_CTL_H

#include <stdio.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "config/config.h"

/* Exit codes, the same for every command. */
enum cbi_exit {
	CBI_EXIT_OK = 0,
	CBI_EXIT_FAILED = 1,
	CBI_EXIT_USAGE = 2,
	CBI_EXIT_CONFIG = 3,
	CBI_EXIT_AWAY = 4, /* a store or the portal is not reachable */
	CBI_EXIT_DENIED = 5,
	CBI_EXIT_PLUGIN = 6, /* a plugin or its ABI */
	CBI_EXIT_PARTLY = 7,
};

enum cbi_output {
	CBI_OUTPUT_TABLE,
	CBI_OUTPUT_JSON,
	CBI_OUTPUT_YAML,
};

struct cbi_copy;
struct cbi_registry;

struct cbi_ctl {
	struct cbi_lane lane;
	struct cb_ctx ctx;         /* actor is "unix:<user>" */
	struct cbi_config *config; /* NULL for a command that is bare */
	const struct cbi_settings *settings;
	const char *const *given; /* files of --config */
	size_t given_count;
	enum cbi_output output;
	bool database; /* cbi_ctl_database was called */
	struct cbi_copy *copy;
	struct cbi_registry *registry;
};

struct cbi_command {
	const char *name; /* "plugin list" */
	int (*run)(struct cbi_ctl *ctl, int argc, char **argv);
	const char *arguments;
	const char *help; /* one line */
};

/* Prints "callboardctl: <failure>" and gives the exit code that fits it. */
int cbi_ctl_fail(struct cbi_ctl *ctl);
/* Prints "callboardctl: ..." and returns code. */
int cbi_ctl_complain(int code, const char *fmt, ...) CB_PRINTF(2, 3);

/* For bare commands: loads what --config gave, and path on top of it. CB_EINVAL
 * after what is wrong was printed. */
int cbi_ctl_load_with(struct cbi_ctl *ctl, const char *path) CB_USED;

/* Makes the database known to ctl's lane; it is connected when first used. */
int cbi_ctl_database(struct cbi_ctl *ctl) CB_USED;
/* Attaches the host's board; CB_EAWAY when no portal has run here. */
int cbi_ctl_board(struct cbi_ctl *ctl) CB_USED;
/* Opens the host's copy and the registry that follows from it. */
int cbi_ctl_registry(struct cbi_ctl *ctl) CB_USED;
/* Waits, at most a second, until the host's copy has come to number. */
void cbi_ctl_settle(uint64_t number);
/* Readers of this host wait for the change; the board is not there when the
 * portal never ran, and nobody waits then. */
void cbi_ctl_tell(struct cbi_ctl *ctl, uint64_t number);
/* Closes what the command opened. */
void cbi_ctl_close(struct cbi_ctl *ctl);

/*
 * Prints rows (an array of flat objects) as a table, JSON or YAML, as -o
 * says.  columns ends in NULL and names the members of the table, in order;
 * JSON and YAML hold all.
 */
int cbi_ctl_print(struct cbi_ctl *ctl, const json_t *rows,
                  const char *const *columns);

/* The one argument as a canonical ref, with the database known; an exit code,
 * 0 when it is one. */
int cbi_ctl_ref(struct cbi_ctl *ctl, int argc, char **argv, const char **ref);

/* Takes "--name value" or "--name=value" out of argv; NULL when absent.
 * A flag that needs no value: cbi_ctl_flag. */
const char *cbi_ctl_option(int *argc, char **argv, const char *name);
bool cbi_ctl_flag(int *argc, char **argv, const char *name);

/* One file each. */
int cbi_ctl_nginx(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_nginx_apply(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_nginx_confirm(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_config_check(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_config_get(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_config_print(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_db_migrate(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_status(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_plugin_list(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_plugin_show(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_plugin_test(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_plugin_enable(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_plugin_disable(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_plugin_check(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_plugin_new(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_warm(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_catalog_list(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_catalog_add(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_catalog_delete(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_catalog_get(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_catalog_explain(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_catalog_refresh(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_catalog_confirm(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_catalog_history(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_catalog_restore(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_catalog_errors(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_catalog_import(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_migrate(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_audit_list(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_audit_verify(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_token_create(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_token_list(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_token_revoke(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_policy_list(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_policy_show(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_policy_explain(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_policy_import(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_provider_list(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_provider_show(struct cbi_ctl *ctl, int argc, char **argv);
int cbi_ctl_provider_run(struct cbi_ctl *ctl, int argc, char **argv);

#endif
