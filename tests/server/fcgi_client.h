/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fcgi_client.h - a FastCGI client for tests, down to the single record.
 */
#ifndef CB_TESTS_FCGI_CLIENT_H
#define CB_TESTS_FCGI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

enum {
	FCGI_BEGIN = 1,
	FCGI_ABORT = 2,
	FCGI_END = 3,
	FCGI_PARAMS_RECORD = 4,
	FCGI_STDIN_RECORD = 5,
	FCGI_STDOUT_RECORD = 6,
	FCGI_DATA_RECORD = 8,
	FCGI_GET_VALUES_RECORD = 9,
};

/* Bytes of records being put together; the test frees nothing. */
struct wire {
	unsigned char bytes[1 << 18];
	size_t len;
};

void wire_record(struct wire *wire, int type, int id, const void *content,
                 size_t len, size_t padding);
void wire_begin(struct wire *wire, int role, bool keep);
/* Names and values, ended by NULL; lengths below 128 take one byte. */
void wire_params(struct wire *wire, ...);
/* Parameters' end, the body (NULL for none) and its end. */
void wire_body(struct wire *wire, const void *body, size_t len);
/* A whole GET with body; path becomes SCRIPT_NAME. */
void wire_request(struct wire *wire, const char *path, const char *body,
                  bool keep);

struct reply {
	bool ended;  /* END_REQUEST was seen */
	bool closed; /* the connection ended */
	size_t len;
	char out[1 << 20]; /* STDOUT, terminated */
};

/* Sends everything; false when the peer closed. */
bool client_send(int fd, const struct wire *wire);
/* Reads one answer, at most ms milliseconds. */
void client_reply(int fd, struct reply *reply, int ms);
/* Whether the peer closes within ms; what comes before that is lost. */
bool client_closed(int fd, int ms);

#endif
