/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_memory.h - a request's way in and out, in memory.
 */
#ifndef CB_TESTS_PORT_MEMORY_H
#define CB_TESTS_PORT_MEMORY_H

#include <stdbool.h>

#include "web/port.h"

#define MEMORY_PARAMS 64

struct memory_port {
	struct cbi_port port;
	const char *names[MEMORY_PARAMS];
	const char *values[MEMORY_PARAMS];
	int count;
	const char *body;
	size_t body_len, body_at;
	bool body_breaks; /* the body's end is a failure */
	size_t out_max;   /* the reader leaves after so many bytes; 0: never */
	size_t out_len;
	char out[1 << 18]; /* terminated */
};

/* A request; uri is path and query as sent. */
void memory_request(struct memory_port *memory, const char *method,
                    const char *uri);
/* Another parameter ("HTTP_ACCEPT"); the last of a name counts. */
void memory_param(struct memory_port *memory, const char *name,
                  const char *value);
void memory_body(struct memory_port *memory, const char *type, const char *body,
                 size_t len);

/* Of the answer: its status, the body, a header's value ("" for none). */
int memory_status(const struct memory_port *memory);
const char *memory_answer(const struct memory_port *memory);
const char *memory_header(const struct memory_port *memory, const char *name);

#endif
