/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the program `callboardctl`: a table of commands.
 */
#include "ctl/ctl.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

static const struct cbi_command commands[] = {
	{ "status", cbi_ctl_status, "", "what runs on this host, and how" },
	{ "plugin list", cbi_ctl_plugin_list, "",
	  "all plugins of this host and their state" },
	{ "plugin show", cbi_ctl_plugin_show, "NAME",
	  "all that is known of a plugin" },
	{ "plugin test", cbi_ctl_plugin_test, "FILE",
	  "run the tests inside a plugin.yaml" },
	{ "plugin enable", cbi_ctl_plugin_enable, "NAME",
	  "switch a plugin on, on every host" },
	{ "plugin disable", cbi_ctl_plugin_disable, "NAME [--reason TEXT]",
	  "switch a plugin off, on every host" },
	{ "plugin new", cbi_ctl_plugin_new,
	  "NAME [--tier declarative|native|foreign] [--lang python|node|sh]",
	  "begin a plugin: a folder with its files and their tests" },
	{ "plugin check", cbi_ctl_plugin_check,
	  "FILE [--entity FILE] [--values FILE]",
	  "look at a plugin as the portal does, and draw its cards" },
	{ "catalog list", cbi_ctl_catalog_list, "",
	  "the locations that somebody registered" },
	{ "catalog add", cbi_ctl_catalog_add, "[--type url] TARGET",
	  "register a location" },
	{ "catalog delete", cbi_ctl_catalog_delete, "ID",
	  "take a location back, with what only it brings in" },
	{ "catalog get", cbi_ctl_catalog_get, "REF",
	  "an entity as it is served" },
	{ "catalog explain", cbi_ctl_catalog_explain, "REF",
	  "where an entity comes from, and why it is as it is" },
	{ "catalog refresh", cbi_ctl_catalog_refresh, "REF",
	  "look at an entity's sources now" },
	{ "catalog confirm", cbi_ctl_catalog_confirm, "REF",
	  "let a location delete what the guard held back" },
	{ "catalog history", cbi_ctl_catalog_history,
	  "REF [--diff] [--limit N]",
	  "an entity's versions, newest first, and what each changed" },
	{ "catalog restore", cbi_ctl_catalog_restore, "REF --version N",
	  "bring back what somebody registered and is gone" },
	{ "catalog errors", cbi_ctl_catalog_errors, "",
	  "what could not be read or breaks a rule" },
	{ "catalog import", cbi_ctl_catalog_import,
	  "--org URL [--match GLOB] [--owner REF] [--dry-run | --yes]",
	  "register what an organisation's repositories describe or seem" },
	{ "catalog provider list", cbi_ctl_provider_list, "",
	  "entity providers, and how their last runs ended" },
	{ "catalog provider show", cbi_ctl_provider_show, "NAME",
	  "all that is known of one, and what it counted" },
	{ "catalog provider run", cbi_ctl_provider_run,
	  "NAME [--dry-run | --anew | --confirm]",
	  "run one now; or only say what it would change" },
	{ "migrate", cbi_ctl_migrate,
	  "--from URL [--token-file FILE | --token TOKEN] [--dry-run] "
	  "[--wait TIME] [--differences]",
	  "register what a running Backstage has, and compare" },
	{ "warm", cbi_ctl_warm, "[--plugin NAME] [--rate N] [--dry-run]",
	  "fetch what readers are going to want" },
	{ "policy list", cbi_ctl_policy_list, "",
	  "roles, and where they come from" },
	{ "policy show", cbi_ctl_policy_show, "ROLE",
	  "a role's members and permissions" },
	{ "policy explain", cbi_ctl_policy_explain, "USER PERMISSION [REF]",
	  "why somebody may or may not do something" },
	{ "policy import", cbi_ctl_policy_import, "FILE... [--dry-run]",
	  "add the roles of policy files of Backstage's RBAC" },
	{ "token create", cbi_ctl_token_create,
	  "USER --name TEXT [--days N] [--plugin NAME]... [--permission "
	  "NAME]... [--action ACTION]...",
	  "make a personal access token, and print it" },
	{ "token list", cbi_ctl_token_list, "[--owner USER]",
	  "personal access tokens, newest first" },
	{ "token revoke", cbi_ctl_token_revoke, "ID | --user USER",
	  "end a personal access token, or all that lets somebody in" },
	{ "audit list", cbi_ctl_audit_list,
	  "[--actor A] [--action A] [--object TEXT] [--outcome O] "
	  "[--from TIME] [--to TIME] [--limit N]",
	  "who changed what, newest first" },
	{ "audit verify", cbi_ctl_audit_verify, "[--head NUMBER:HASH]",
	  "prove that nothing in the audit log was changed or taken out" },
	{ "config check", cbi_ctl_config_check, "",
	  "check the config, as callboard -t does" },
	{ "config get", cbi_ctl_config_get, "KEY",
	  "print one value, secrets too" },
	{ "config print", cbi_ctl_config_print, "",
	  "print the merged config, secrets masked" },
	{ "db migrate", cbi_ctl_db_migrate, "",
	  "bring the database to this release's schema" },
	{ "nginx apply", cbi_ctl_nginx_apply, "",
	  "bring nginx to the config's pools, without losing a request" },
	{ "nginx confirm", cbi_ctl_nginx_confirm, "",
	  "say that nginx has been reloaded with the files of now" },
	{ "nginx", cbi_ctl_nginx,
	  "[--write DIR | --full [--listen ADDR] [--home DIR]]",
	  "print the files that nginx includes" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int usage(FILE *out)
{
	fputs("usage: callboardctl [--config FILE]... [-o table|json|yaml] "
	      "COMMAND [ARGUMENT]...\n\n",
	      out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-18s %s\n", commands[i].name,
		        commands[i].help);
	fputs("\n`callboardctl COMMAND --help` shows a command's arguments.\n"
	      "Exit: 0 ok, 1 failed, 2 usage, 3 config, 4 not reachable,\n"
	      "5 not allowed, 6 plugin, 7 partly.\n",
	      out);
	return out == stdout ? CBI_EXIT_OK : CBI_EXIT_USAGE;
}

/* How many words of argv the command's name takes; 0 when it is another. */
static int matches(const struct cbi_command *command, int argc, char **argv)
{
	const char *name = command->name;
	int words = 0;

	for (; *name; words++) {
		size_t len = strcspn(name, " ");

		if (words >= argc || strlen(argv[words]) != len ||
		    memcmp(argv[words], name, len) != 0)
			return 0;
		name += len + (name[len] == ' ');
	}
	return words;
}

static const struct cbi_command *find(int *argc, char ***argv)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		int words = matches(&commands[i], *argc, *argv);

		if (words) {
			*argc -= words;
			*argv += words;
			return &commands[i];
		}
	}
	return NULL;
}

static int unknown(int argc, char **argv)
{
	const char *names[COMMANDS];
	char said[128] = "";
	const char *near;

	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	snprintf(said, sizeof(said), "%s%s%s", argc > 0 ? argv[0] : "",
	         argc > 1 && argv[1][0] != '-' ? " " : "",
	         argc > 1 && argv[1][0] != '-' ? argv[1] : "");
	near = cbi_str_nearest(said, names, COMMANDS);
	cbi_ctl_complain(CBI_EXIT_USAGE, "unknown command '%s'%s%s%s", said,
	                 near ? ", did you mean '" : "", near ? near : "",
	                 near ? "'?" : "");
	return usage(stderr);
}

/* These look at files alone. */
static bool needs_config(const struct cbi_command *command)
{
	return command->run != cbi_ctl_plugin_new &&
	       command->run != cbi_ctl_plugin_check &&
	       command->run != cbi_ctl_plugin_test;
}

static int load_files(struct cbi_ctl *ctl, const char *const *files)
{
	struct cb_buf report;
	int rc;

	cbi_buf_init(&report, CB_MIB);
	rc = cbi_config_load(&ctl->ctx, files, &report, &ctl->config);
	if (report.len)
		fputs(report.data, stderr);
	cbi_buf_finish(&report);
	if (rc == CB_OK)
		ctl->settings = cbi_config_settings(ctl->config);
	return rc;
}

static int load(struct cbi_ctl *ctl)
{
	const char *const *files;
	int rc =
	    cbi_config_find(&ctl->ctx, ctl->given, ctl->given_count, &files);

	if (rc == CB_OK)
		rc = load_files(ctl, files);
	if (rc < 0)
		return cbi_ctl_complain(CBI_EXIT_CONFIG, "%s",
		                        cb_failure(&ctl->ctx));
	return CBI_EXIT_OK;
}

int cbi_ctl_load_with(struct cbi_ctl *ctl, const char *path)
{
	const char **files =
	    cb_alloc(&ctl->ctx, (ctl->given_count + 2) * sizeof(*files));

	if (!files)
		return CB_ENOMEM;
	for (size_t i = 0; i < ctl->given_count; i++)
		files[i] = ctl->given[i];
	files[ctl->given_count] = path;
	return load_files(ctl, files);
}

static void name_actor(struct cbi_ctl *ctl)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *sudo = getenv("SUDO_USER");
	const char *actor =
	    sudo && *sudo && getuid() == 0
		? cb_printf(&ctl->ctx, "unix:%s", sudo)
	    : pw ? cb_printf(&ctl->ctx, "unix:%s", pw->pw_name)
		 : cb_printf(&ctl->ctx, "unix:%d", (int)getuid());

	ctl->ctx.actor = actor ? actor : "unix:unknown";
}

static int run(struct cbi_ctl *ctl, int argc, char **argv)
{
	const struct cbi_command *command = find(&argc, &argv);
	int rc = CBI_EXIT_OK;

	if (!command)
		return unknown(argc, argv);
	if (cbi_ctl_flag(&argc, argv, "--help")) {
		printf("usage: callboardctl %s %s\n\n%s\n", command->name,
		       command->arguments, command->help);
		return CBI_EXIT_OK;
	}
	if (needs_config(command))
		rc = load(ctl);
	if (rc != CBI_EXIT_OK)
		return rc;
	name_actor(ctl);
	return command->run(ctl, argc, argv);
}

int main(int argc, char **argv)
{
	const char *configs[64];
	struct cbi_ctl ctl = { 0 };
	const char *value;
	size_t n = 0;
	int rc;

	argc--;
	argv++;
	if (argc == 0)
		return usage(stderr);
	if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "help") == 0)
		return usage(stdout);
	while (n < 64 && (value = cbi_ctl_option(&argc, argv, "--config")))
		configs[n++] = value;
	value = cbi_ctl_option(&argc, argv, "-o");
	if (value && strcmp(value, "json") == 0)
		ctl.output = CBI_OUTPUT_JSON;
	else if (value && strcmp(value, "yaml") == 0)
		ctl.output = CBI_OUTPUT_YAML;
	else if (value && strcmp(value, "table") != 0)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "-o %s: expected table, json or yaml",
		                        value);
	cbi_lane_init(&ctl.lane, CB_ARENA_ENGINE_MAX);
	cbi_ctx_init(&ctl.ctx, &ctl.lane);
	ctl.given = configs;
	ctl.given_count = n;
	rc = run(&ctl, argc, argv);
	/* The context first: what it defers still uses what the rest closes. */
	cbi_ctx_finish(&ctl.ctx);
	cbi_ctl_close(&ctl);
	cbi_config_destroy(ctl.config);
	cbi_lane_finish(&ctl.lane);
	return rc;
}
