/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_kernel.c - seccomp and Landlock, by their system calls: libc has no
 * functions for them, and one filter of a dozen steps is no reason for a
 * library in every process.
 */
#define _GNU_SOURCE /* O_PATH */

#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <callboard/ctx.h>

/* ---- seccomp ------------------------------------------------------------ */

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

static int fails(struct cb_ctx *ctx, const char *what)
{
	return cb_fail(ctx, CB_EBUG, "sandbox: %s: %s", what, strerror(errno));
}

#ifdef ARCH
#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define EQUAL(value, yes, no) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define REFUSE(code) RETURN(SECCOMP_RET_ERRNO | (code))
/* Calls of x32 have this bit, and other numbers. */
#define X32_BIT 0x40000000u

int cbi_sandbox_calls(struct cb_ctx *ctx, bool unix_only, bool no_exec)
{
	/* A number that no call has turns a row off. */
	const uint32_t never = UINT32_MAX;
	const uint32_t socket_nr = unix_only ? __NR_socket : never;
	const uint32_t exec_nr = no_exec ? __NR_execve : never;
	const uint32_t execat_nr = no_exec ? __NR_execveat : never;
	struct sock_filter steps[] = {
		LOAD(arch),
		EQUAL(ARCH, 1, 0),
		RETURN(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1),
		REFUSE(ENOSYS),
		/* A ring makes sockets without socket(2). */
		EQUAL(425 /* io_uring_setup */, 0, 1),
		REFUSE(ENOSYS),
		EQUAL(exec_nr, 1, 0),
		EQUAL(execat_nr, 0, 1),
		REFUSE(EACCES),
		EQUAL(socket_nr, 0, 3),
		LOAD(args[0]),
		EQUAL(AF_UNIX, 1, 0),
		REFUSE(EACCES),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(steps) / sizeof(steps[0]),
		.filter = steps,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fails(ctx, "no_new_privs");
	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
	            SECCOMP_FILTER_FLAG_TSYNC, &program) == 0)
		return CB_OK;
	if (errno == ENOSYS || errno == EINVAL)
		return CB_ENOTSUP;
	return fails(ctx, "seccomp");
}
#else
int cbi_sandbox_calls(struct cb_ctx *ctx, bool unix_only, bool no_exec)
{
	(void)unix_only;
	(void)no_exec;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
	           ? fails(ctx, "no_new_privs")
	           : CB_ENOTSUP;
}
#endif

/* ---- Landlock ----------------------------------------------------------- */

/* The kernel's interface, as headers older than it do not have it. */
#define CREATE_RULESET 444
#define ADD_RULE 445
#define RESTRICT_SELF 446
#define ASK_VERSION 1u
#define RULE_PATH 1
#define RULE_PORT 2
#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_CHANGE_DIR 0x1ff0ull /* bits 4 to 12: remove and make */
#define FS_REFER (1ull << 13)
#define FS_TRUNCATE (1ull << 14)
#define NET_BIND (1ull << 0)
#define NET_CONNECT (1ull << 1)
/* What a rule for a file, not a folder, may say. */
#define FS_OF_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)

struct ruleset {
	uint64_t fs, net;
};

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed, port;
};

static int allow_path(struct cb_ctx *ctx, int set, const char *path,
                      uint64_t allowed)
{
	struct path_rule rule = { .fd = open(path, O_PATH | O_CLOEXEC) };
	struct stat st;
	int rc = CB_OK;

	if (rule.fd < 0)
		return CB_OK;
	rule.allowed = fstat(rule.fd, &st) == 0 && !S_ISDIR(st.st_mode)
	                   ? allowed & FS_OF_FILE
	                   : allowed;
	if (syscall(ADD_RULE, set, RULE_PATH, &rule, 0) < 0)
		rc = fails(ctx, path);
	close(rule.fd);
	return rc;
}

static int allow_paths(struct cb_ctx *ctx, int set, const char *const *paths,
                       uint64_t allowed)
{
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && paths && paths[i]; i++)
		if (*paths[i])
			rc = allow_path(ctx, set, paths[i], allowed);
	return rc;
}

static int allow_ports(struct cb_ctx *ctx, int set,
                       const struct cbi_sandbox_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct port_rule rule = { NET_CONNECT, files->ports[i] };

		if (syscall(ADD_RULE, set, RULE_PORT, &rule, 0) < 0)
			return fails(ctx, "a store's port");
	}
	return CB_OK;
}

static int fill(struct cb_ctx *ctx, int set, const struct ruleset *handled,
                const struct cbi_sandbox_files *files)
{
	int rc = allow_paths(ctx, set, files->reads,
	                     handled->fs & (FS_READ_FILE | FS_READ_DIR));

	if (rc == CB_OK)
		rc = allow_paths(ctx, set, files->writes,
		                 handled->fs & ~FS_EXECUTE);
	if (rc == CB_OK && handled->net)
		rc = allow_ports(ctx, set, files);
	if (rc == CB_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		rc = fails(ctx, "no_new_privs");
	if (rc == CB_OK && syscall(RESTRICT_SELF, set, 0) < 0)
		rc = fails(ctx, "landlock");
	return rc;
}

int cbi_sandbox_landlock(struct cb_ctx *ctx,
                         const struct cbi_sandbox_files *files, uint32_t *bits)
{
	long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
	struct ruleset handled = { FS_WRITE_FILE | FS_CHANGE_DIR, 0 };
	/* Before its fourth version the second field was not there. */
	size_t size = version < 4 ? sizeof(handled.fs) : sizeof(handled);
	int set, rc;

	if (version < 1)
		return CB_OK;
	if (version >= 2)
		handled.fs |= FS_REFER;
	if (version >= 3)
		handled.fs |= FS_TRUNCATE;
	if (files->reads)
		handled.fs |= FS_READ_FILE | FS_READ_DIR | FS_EXECUTE;
	if (version >= 4 && files->ports)
		handled.net = NET_BIND | NET_CONNECT;
	set = (int)syscall(CREATE_RULESET, &handled, size, 0);
	if (set < 0)
		return fails(ctx, "landlock");
	rc = fill(ctx, set, &handled, files);
	close(set);
	if (rc < 0)
		return rc;
	*bits |= CBI_SANDBOX_FILES | (handled.net ? CBI_SANDBOX_PORTS : 0);
	return CB_OK;
}
