/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stores.c - see stores.h.
 */
#include "tests/lib/stores.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TEMPLATE CALLBOARD_TEST_BUILDDIR "/tests/pg-template.tar"
#define HARD_ERROR 99
#define START_MS 30000
#define PATH_SIZE 320

static struct stores stores;
static pid_t owner;
static char bindir[256];

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("stores: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(HARD_ERROR);
}

static void format(char *out, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void format(char *out, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(out, size, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= size)
		die("path too long: %s", out);
}

static void pause_ms(int ms)
{
	struct timespec ts = { ms / 1000, (ms % 1000) * 1000000L };

	nanosleep(&ts, NULL);
}

/* In a child: becomes the unprivileged user, ends with its parent. */
static void become(bool with_parent, int sig)
{
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) < 0 || setgid(stores.gid) < 0 ||
	     setuid(stores.uid) < 0))
		_exit(HARD_ERROR);
	if (with_parent) {
		prctl(PR_SET_PDEATHSIG, sig);
		if (getppid() != owner)
			_exit(0);
	}
	if (chdir(stores.dir) < 0)
		_exit(HARD_ERROR);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("HOME", stores.dir, 1);
}

/* Starts argv with its output in dir/log; in_fd (or -1) becomes its input. */
static pid_t start(const char *const *argv, int in_fd, int out_fd, int sig)
{
	pid_t pid = fork();
	char log[96];
	int fd;

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid > 0)
		return pid;
	become(sig != 0, sig);
	setsid();
	format(log, sizeof(log), "%s/log", stores.dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (in_fd < 0)
		in_fd = open("/dev/null", O_RDONLY);
	dup2(in_fd, 0);
	dup2(out_fd < 0 ? fd : out_fd, 1);
	dup2(fd, 2);
	for (int other = 3; other < 256; other++)
		close(other);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(HARD_ERROR);
}

static int await(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid: %s", strerror(errno));
	return status;
}

static void show_log(void)
{
	char log[96], line[512];
	FILE *file;

	format(log, sizeof(log), "%s/log", stores.dir);
	file = fopen(log, "r");
	while (file && fgets(line, sizeof(line), file))
		fprintf(stderr, "  %s", line);
	if (file)
		fclose(file);
}

static void run(const char *const *argv, int in_fd, int out_fd)
{
	if (await(start(argv, in_fd, out_fd, 0)) != 0) {
		show_log();
		die("%s did not succeed", argv[0]);
	}
}

static void remove_dir(const char *dir)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
		_exit(1);
	}
	if (pid > 0)
		await(pid);
}

static void end(pid_t *pid, int sig)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGCONT);
	kill(*pid, sig);
	await(*pid);
	*pid = 0;
}

static void at_end(void)
{
	if (getpid() != owner)
		return;
	end(&stores.postgres, SIGQUIT);
	end(&stores.redis_pid, SIGKILL);
	remove_dir(stores.dir);
}

static void find_bindir(void)
{
	glob_t found;

	if (glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &found) == 0) {
		format(bindir, sizeof(bindir), "%s",
		       found.gl_pathv[found.gl_pathc - 1]);
		globfree(&found);
		*strrchr(bindir, '/') = '\0';
	}
}

/* name with its folder, in path. */
static const char *program(const char *name, char path[PATH_SIZE])
{
	if (!bindir[0])
		return name;
	format(path, PATH_SIZE, "%s/%s", bindir, name);
	return path;
}

/* Folders of programs that were killed before they could clean up. */
static void remove_leftovers(const char *tmp)
{
	char pattern[96], dir[96];
	glob_t found;

	format(pattern, sizeof(pattern), "%s/cbt-*/owner", tmp);
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		FILE *file = fopen(found.gl_pathv[i], "r");
		struct stat st;
		int pid = 0;

		format(dir, sizeof(dir), "%s", found.gl_pathv[i]);
		*strrchr(dir, '/') = '\0';
		if (file && fscanf(file, "%d", &pid) == 1 && pid > 1 &&
		    kill(pid, 0) < 0 && errno == ESRCH &&
		    lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) &&
		    (st.st_uid == stores.uid || st.st_uid == geteuid()))
			remove_dir(dir);
		if (file)
			fclose(file);
	}
	globfree(&found);
}

static void note_owner(void)
{
	char path[96];
	FILE *file;

	format(path, sizeof(path), "%s/owner", stores.dir);
	file = fopen(path, "w");
	if (!file)
		die("%s: %s", path, strerror(errno));
	fprintf(file, "%d\n", (int)owner);
	fclose(file);
}

static void make_dir(void)
{
	struct passwd *user = getpwnam("postgres");
	const char *tmp = getenv("TMPDIR");

	if (owner)
		return;
	owner = getpid();
	if (!tmp || strlen(tmp) > 24)
		tmp = "/tmp";
	format(stores.dir, sizeof(stores.dir), "%s/cbt-XXXXXX", tmp);
	if (!mkdtemp(stores.dir))
		die("no folder in %s: %s", tmp, strerror(errno));
	stores.uid = geteuid();
	stores.gid = getegid();
	if (geteuid() == 0) {
		if (!user)
			user = getpwnam("nobody");
		if (!user)
			die("no user to run PostgreSQL as");
		stores.uid = user->pw_uid;
		stores.gid = user->pw_gid;
		if (chown(stores.dir, stores.uid, stores.gid) < 0 ||
		    chmod(stores.dir, 0755) < 0)
			die("%s: %s", stores.dir, strerror(errno));
	}
	atexit(at_end);
	note_owner();
	remove_leftovers(tmp);
	find_bindir();
}

static int make_template(void)
{
	char path[PATH_SIZE];
	const char *const initdb[] = {
		program("initdb", path),
		"--no-sync",
		"-A",
		"trust",
		"-U",
		"callboard",
		"--wal-segsize=1",
		"--encoding=UTF8",
		"--locale=C.UTF-8",
		"-D",
		"data",
		NULL,
	};
	const char *const tar[] = { "tar", "-cf", "-", "data", NULL };
	char temp[sizeof(TEMPLATE) + 16];
	int fd;

	format(temp, sizeof(temp), "%s.%d", TEMPLATE, (int)getpid());
	run(initdb, -1, -1);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		die("%s: %s", temp, strerror(errno));
	run(tar, -1, fd);
	close(fd);
	if (rename(temp, TEMPLATE) < 0)
		die("%s: %s", TEMPLATE, strerror(errno));
	return open(TEMPLATE, O_RDONLY | O_CLOEXEC);
}

/* Lays the cluster down in dir/data. */
static void make_cluster(void)
{
	const char *const untar[] = { "tar", "-xf", "-", NULL };
	int lock = open(TEMPLATE ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	int fd;

	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		die("%s.lock: %s", TEMPLATE, strerror(errno));
	fd = open(TEMPLATE, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fd = make_template();
		close(lock);
		close(fd);
		return; /* initdb's own folder serves */
	}
	close(lock);
	run(untar, fd, -1);
	close(fd);
}

static bool postgres_ready(void)
{
	char path[128], line[128];
	bool ready = false;
	FILE *file;

	format(path, sizeof(path), "%s/data/postmaster.pid", stores.dir);
	file = fopen(path, "r");
	if (!file)
		return false;
	for (int i = 1; fgets(line, sizeof(line), file); i++)
		if (i == 8)
			ready = strncmp(line, "ready", 5) == 0;
	fclose(file);
	return ready;
}

static bool redis_ready(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ready;

	format(addr.sun_path, sizeof(addr.sun_path), "%s/redis.sock",
	       stores.dir);
	ready = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;
	close(fd);
	return ready;
}

static void await_ready(const char *what, pid_t *pid, bool (*ready)(void))
{
	for (int waited = 0; waited < START_MS; waited += 5) {
		if (waitpid(*pid, NULL, WNOHANG) == *pid) {
			*pid = 0;
			show_log();
			die("%s ended at its start", what);
		}
		if (ready())
			return;
		pause_ms(5);
	}
	show_log();
	die("%s is not ready after %d s", what, START_MS / 1000);
}

static void start_postgres(void)
{
	char path[PATH_SIZE];
	const char *const argv[] = {
		program("postgres", path),
		"-D",
		"data",
		"-k",
		stores.dir,
		"-c",
		"listen_addresses=",
		"-c",
		"fsync=off",
		"-c",
		"full_page_writes=off",
		"-c",
		"shared_buffers=16MB",
		"-c",
		"max_connections=40",
		"-c",
		"autovacuum=off",
		"-c",
		"logging_collector=off",
		NULL,
	};
	char data[96], leftover[128];
	struct stat st;
	bool first;

	format(data, sizeof(data), "%s/data", stores.dir);
	first = stat(data, &st) < 0;
	if (first)
		make_cluster();
	/* What the last one wrote says "ready" until the new one writes. */
	format(leftover, sizeof(leftover), "%s/postmaster.pid", data);
	unlink(leftover);
	stores.postgres = start(argv, -1, -1, SIGQUIT);
	await_ready("PostgreSQL", &stores.postgres, postgres_ready);
	if (first)
		stores_database("callboard", stores.conninfo,
		                sizeof(stores.conninfo));
}

static void start_redis(void)
{
	char sock[96];
	const char *const argv[] = {
		"redis-server", "--port",      "0",  "--unixsocket",
		sock,           "--save",      "",   "--appendonly",
		"no",           "--daemonize", "no", NULL,
	};

	format(sock, sizeof(sock), "%s/redis.sock", stores.dir);
	format(stores.redis, sizeof(stores.redis), "unix:%s", sock);
	unlink(sock);
	stores.redis_pid = start(argv, -1, -1, SIGKILL);
	/* It has 20 ms to answer, on a busy machine too; where we may. */
	(void)setpriority(PRIO_PROCESS, (id_t)stores.redis_pid, -15);
	await_ready("Redis", &stores.redis_pid, redis_ready);
}

struct stores *stores_start(unsigned what)
{
	make_dir();
	if ((what & STORES_POSTGRES) && !stores.postgres)
		start_postgres();
	if ((what & STORES_REDIS) && !stores.redis_pid)
		start_redis();
	return &stores;
}

void stores_stop(unsigned what)
{
	if (what & STORES_POSTGRES)
		end(&stores.postgres, SIGQUIT);
	if (what & STORES_REDIS)
		end(&stores.redis_pid, SIGKILL);
}

const char *stores_sql(const char *conninfo, const char *sql)
{
	static char line[4096];
	char path[PATH_SIZE];
	const char *const argv[] = {
		program("psql", path),
		"-XqAt",
		"-v",
		"ON_ERROR_STOP=1",
		"-d",
		conninfo,
		"-c",
		sql,
		NULL,
	};
	int ends[2];
	ssize_t got;
	size_t len = 0;
	pid_t pid;

	if (pipe(ends) < 0)
		die("pipe: %s", strerror(errno));
	pid = start(argv, -1, ends[1], 0);
	close(ends[1]);
	while ((got = read(ends[0], line + len, sizeof(line) - 1 - len)) > 0)
		len += (size_t)got;
	close(ends[0]);
	if (await(pid) != 0) {
		show_log();
		die("psql refused: %s", sql);
	}
	line[len] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return line;
}

void stores_database(const char *name, char *out, size_t size)
{
	char admin[192], sql[128];

	format(admin, sizeof(admin), "host=%s user=callboard dbname=postgres",
	       stores.dir);
	format(sql, sizeof(sql), "create database %s", name);
	stores_sql(admin, sql);
	format(out, size, "host=%s user=callboard dbname=%s", stores.dir, name);
}

const char *stores_schema_dir(void)
{
	return CALLBOARD_TEST_SRCDIR "/schema";
}
