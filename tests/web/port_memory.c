/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_memory.c - see port_memory.h.
 */
#include "tests/web/port_memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *memory_get(void *carrier, const char *name)
{
	const struct memory_port *memory = carrier;

	for (int i = memory->count - 1; i >= 0; i--)
		if (strcmp(memory->names[i], name) == 0)
			return memory->values[i];
	return NULL;
}

static ssize_t memory_read(void *carrier, void *data, size_t len)
{
	struct memory_port *memory = carrier;
	size_t left = memory->body_len - memory->body_at;

	if (left == 0)
		return memory->body_breaks ? -1 : 0;
	/* In pieces, as a socket gives them. */
	if (len > 1000)
		len = 1000;
	if (len > left)
		len = left;
	memcpy(data, memory->body + memory->body_at, len);
	memory->body_at += len;
	return (ssize_t)len;
}

static int memory_write(void *carrier, const void *data, size_t len)
{
	struct memory_port *memory = carrier;

	if (memory->out_max && memory->out_len + len > memory->out_max)
		return -1;
	assert(memory->out_len + len < sizeof(memory->out));
	memcpy(memory->out + memory->out_len, data, len);
	memory->out_len += len;
	memory->out[memory->out_len] = '\0';
	return 0;
}

void memory_request(struct memory_port *memory, const char *method,
                    const char *uri)
{
	memset(memory, 0, sizeof(*memory));
	memory->port.carrier = memory;
	memory->port.param = memory_get;
	memory->port.read = memory_read;
	memory->port.write = memory_write;
	memory_param(memory, "REQUEST_METHOD", method);
	memory_param(memory, "REQUEST_URI", uri);
	memory_param(memory, "REQUEST_ID", "0123456789abcdef0123456789abcdef");
	memory_param(memory, "REMOTE_ADDR", "127.0.0.1");
}

void memory_param(struct memory_port *memory, const char *name,
                  const char *value)
{
	assert(memory->count < MEMORY_PARAMS);
	memory->names[memory->count] = name;
	memory->values[memory->count++] = value;
}

void memory_body(struct memory_port *memory, const char *type, const char *body,
                 size_t len)
{
	memory_param(memory, "CONTENT_TYPE", type);
	memory->body = body;
	memory->body_len = len;
}

int memory_status(const struct memory_port *memory)
{
	if (strncmp(memory->out, "Status: ", 8) != 0)
		return 0;
	return (int)strtol(memory->out + 8, NULL, 10);
}

const char *memory_answer(const struct memory_port *memory)
{
	const char *end = strstr(memory->out, "\r\n\r\n");

	return end ? end + 4 : "";
}

const char *memory_header(const struct memory_port *memory, const char *name)
{
	static char value[8192];
	const char *end = strstr(memory->out, "\r\n\r\n");
	const char *line = memory->out;
	size_t len = strlen(name);

	value[0] = '\0';
	while (line && end && line < end) {
		size_t all = strcspn(line, "\r");

		if (strncasecmp(line, name, len) == 0 && line[len] == ':' &&
		    all - len - 2 < sizeof(value)) {
			memcpy(value, line + len + 2, all - len - 2);
			value[all - len - 2] = '\0';
		}
		line += all + 2;
	}
	return value;
}
