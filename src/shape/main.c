/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard-shape - runs jq programs over JSON, in a process of its own.
 *
 * libjq can neither be interrupted nor survive being out of memory, so it
 * lives here: fetch starts this program, asks it over its standard input and
 * kills it when it is late (spawn/helpers.h has the frames).  It links nothing
 * of the house.
 *
 * A question is a letter ('r' run, 'c' compile only), then three texts, each
 * after its length (four bytes, little-endian): the program, variables
 * ({"key": .., "config": {..}}) and the input, both JSON.  An answer is a
 * letter and a text: 'o' and the value, 'n' no value, 'e' and what is wrong.
 *
 * What a program may not see is not there: the environment is emptied, and no
 * file can be opened any more (RLIMIT_NOFILE), so that modules have no files,
 * whatever they are called.  Time on the processor is limited by question.
 * Compiled programs are kept, by their text.
 */
#define _GNU_SOURCE
#include <jq.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* A tool's answers, several of them, and a program. */
#define QUESTION_MAX (16u * 1024 * 1024)
#define ANSWER_MAX (1024 * 1024)
#define KEPT 32
#define CPU_S 2
#define WRONG_MAX 400

/* Before every program; what it is given stands in one object. */
#define PREFIX ".key as $key | .config as $config | .in | "

struct kept {
	char *text;
	jq_state *jq;
	uint64_t used;
};

static struct kept kept[KEPT];
static uint64_t turns;

/* What went wrong first, in one line. */
static char wrong[WRONG_MAX];

/* ---- Frames -------------------------------------------------------------- */

static bool read_all(void *data, size_t len)
{
	for (char *at = data; len > 0;) {
		ssize_t n = read(0, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool write_all(const void *data, size_t len)
{
	for (const char *at = data; len > 0;) {
		ssize_t n = write(1, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static uint32_t number_of(const unsigned char *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static bool answer(char letter, const char *text, size_t len)
{
	uint32_t all = (uint32_t)len + 1;
	unsigned char head[5] = { all & 255, all >> 8 & 255, all >> 16 & 255,
		                  all >> 24, (unsigned char)letter };

	return write_all(head, sizeof(head)) && write_all(text, len);
}

static bool say_wrong(const char *otherwise)
{
	const char *text = wrong[0] ? wrong : otherwise;

	return answer('e', text, strlen(text));
}

/* Takes a text off a question; it is terminated later, by the caller. */
static bool take_text(char **at, char *end, char **text, size_t *len)
{
	if (end - *at < 4)
		return false;
	*len = number_of((unsigned char *)*at);
	*text = *at + 4;
	if (*len > (size_t)(end - *text))
		return false;
	*at = *text + *len;
	return true;
}

/* ---- Programs ------------------------------------------------------------ */

/* "jq: error: foo/0 is not defined at <top-level>, line 1:" and the program:
 * the first line says it. */
static void note_wrong(void *arg, jv message)
{
	static const char head[] = "jq: error: ";
	const char *text = jv_get_kind(message) == JV_KIND_STRING
	                       ? jv_string_value(message)
	                       : "";
	const char *end;
	size_t len;

	(void)arg;
	if (strncmp(text, head, sizeof(head) - 1) == 0)
		text += sizeof(head) - 1;
	end = strstr(text, " at <top-level>");
	if (!end)
		end = strstr(text, " (Unix shell quoting issues?)");
	len = end ? (size_t)(end - text) : strcspn(text, "\n");
	if (!wrong[0] && len > 0)
		snprintf(wrong, sizeof(wrong), "%.*s", (int)len, text);
	jv_free(message);
}

static void drop(void *arg, jv message)
{
	(void)arg;
	jv_free(message);
}

/* There is one input, and it is `.`. */
static jv no_input(jq_state *jq, void *arg)
{
	(void)jq;
	(void)arg;
	return jv_invalid();
}

static jq_state *compile(const char *program)
{
	size_t size = sizeof(PREFIX) + strlen(program);
	char *text = malloc(size);
	jq_state *jq = text ? jq_init() : NULL;
	bool good;

	if (!jq) {
		free(text);
		return NULL;
	}
	snprintf(text, size, PREFIX "%s", program);
	jq_set_error_cb(jq, note_wrong, NULL);
	jq_set_debug_cb(jq, drop, NULL);
	jq_set_input_cb(jq, no_input, NULL);
	jq_set_attr(jq, jv_string("JQ_LIBRARY_PATH"), jv_array());
	good = jq_compile(jq, text);
	free(text);
	if (!good)
		jq_teardown(&jq);
	return good ? jq : NULL;
}

/* The kept one, or one that takes the place of what was used longest ago. */
static jq_state *find(const char *program)
{
	struct kept *oldest = &kept[0];
	jq_state *made;
	char *text;

	for (size_t i = 0; i < KEPT; i++) {
		if (kept[i].text && strcmp(kept[i].text, program) == 0) {
			kept[i].used = ++turns;
			return kept[i].jq;
		}
		if (kept[i].used < oldest->used)
			oldest = &kept[i];
	}
	made = compile(program);
	text = made ? strdup(program) : NULL;
	if (!text) {
		if (made)
			jq_teardown(&made);
		return NULL;
	}
	if (oldest->text)
		jq_teardown(&oldest->jq);
	free(oldest->text);
	*oldest = (struct kept){ text, made, ++turns };
	return made;
}

/* ---- Running ------------------------------------------------------------- */

/* So many seconds from now; more kill the process (SIGXCPU). */
static void limit_cpu(void)
{
	struct rusage used;
	struct rlimit limit;

	if (getrusage(RUSAGE_SELF, &used) < 0 ||
	    getrlimit(RLIMIT_CPU, &limit) < 0)
		return;
	limit.rlim_cur =
	    (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec + 1 + CPU_S);
	setrlimit(RLIMIT_CPU, &limit);
}

static bool answer_value(jv value)
{
	jv text = jv_dump_string(value, 0);
	size_t len = (size_t)jv_string_length_bytes(jv_copy(text));
	bool sent;

	if (len > ANSWER_MAX) {
		snprintf(wrong, sizeof(wrong),
		         "gives %zu bytes, at most %d are kept", len,
		         ANSWER_MAX);
		sent = say_wrong("");
	} else {
		sent = answer('o', jv_string_value(text), len);
	}
	jv_free(text);
	return sent;
}

/* What jq_next said instead of a value. */
static bool answer_end(jq_state *jq, jv end)
{
	jv message = jv_invalid_get_msg(jv_copy(end));
	bool failed = jv_get_kind(message) != JV_KIND_NULL;

	if (failed && jv_get_kind(message) != JV_KIND_STRING)
		message = jv_dump_string(message, 0);
	if (failed)
		note_wrong(NULL, jv_copy(message));
	jv_free(message);
	jv_free(end);
	if (jq_halted(jq))
		return say_wrong("halt: a shape gives a value");
	return failed ? say_wrong("fails") : answer('n', "", 0);
}

static bool run(jq_state *jq, jv input)
{
	jv first, second;
	bool sent;

	jq_start(jq, input, 0);
	first = jq_next(jq);
	if (!jv_is_valid(first)) {
		sent = answer_end(jq, first);
	} else {
		second = jq_next(jq);
		if (jv_is_valid(second)) {
			jv_free(first);
			sent = say_wrong("gives more than one value; put it "
			                 "in [ ]");
			jv_free(second);
		} else if (jv_invalid_has_msg(jv_copy(second))) {
			jv_free(first);
			sent = answer_end(jq, second);
		} else {
			jv_free(second);
			sent = answer_value(first);
		}
	}
	/* Frees what the run left. */
	jq_start(jq, jv_null(), 0);
	return sent;
}

static bool serve(char *text, size_t len)
{
	char *at = text + 1, *end = text + len, *program, *vars, *in;
	size_t program_len, vars_len, in_len;
	jv object, input;
	jq_state *jq;

	wrong[0] = '\0';
	if (len < 1 || !take_text(&at, end, &program, &program_len) ||
	    !take_text(&at, end, &vars, &vars_len) ||
	    !take_text(&at, end, &in, &in_len))
		return false;
	/* What follows was read already, and its length with it. */
	program[program_len] = '\0';
	if (strlen(program) != program_len)
		return say_wrong("has a NUL");
	limit_cpu();
	jq = find(program);
	if (!jq)
		return say_wrong("does not compile");
	if (text[0] == 'c')
		return answer('o', "", 0);
	object = jv_parse_sized(vars, (int)vars_len);
	input = jv_parse_sized(in, (int)in_len);
	if (jv_get_kind(object) != JV_KIND_OBJECT || !jv_is_valid(input)) {
		jv_free(object);
		jv_free(input);
		return say_wrong("its input is not JSON");
	}
	return run(jq, jv_object_set(object, jv_string("in"), input));
}

int main(void)
{
	/* libjq goes through it without asking whether it is there. */
	static char *nothing[] = { NULL };
	const struct rlimit none = { 3, 3 };
	unsigned char head[4];
	uint32_t len;
	bool more = true;
	char *text;

	/* What it needs of files it reads now. */
	tzset();
	environ = nothing;
	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		return 1;
	while (more && read_all(head, sizeof(head))) {
		len = number_of(head);
		text = len <= QUESTION_MAX ? malloc((size_t)len + 1) : NULL;
		if (!text)
			return 2;
		more = read_all(text, len) && serve(text, len);
		free(text);
	}
	return 0;
}
