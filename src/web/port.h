/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port.h - how a request comes in and its answer goes out, whatever carries
 * it.  `server` implements it with libfcgi; tests with memory.
 */
#ifndef CB_WEB_PORT_H
#define CB_WEB_PORT_H

#include <stddef.h>
#include <sys/types.h>

struct cbi_port {
	void *carrier;
	/* A FastCGI parameter ("REQUEST_METHOD", "HTTP_ACCEPT"); NULL for
	 * none.  Lives until the request is over. */
	const char *(*param)(void *carrier, const char *name);
	/* At most len bytes of the body; 0 at its end, -1 when it broke. */
	ssize_t (*read)(void *carrier, void *data, size_t len);
	/* Head or body bytes; 0, or -1 when the reader is gone.  Large
	 * answers may call it many times: nothing is kept. */
	int (*write)(void *carrier, const void *data, size_t len);
	/* As write, for the last bytes of an answer: they leave together with
	 * its end, so that a process which is killed meanwhile sent all or
	 * nothing.  NULL where nobody minds. */
	int (*write_last)(void *carrier, const void *data, size_t len);
};

#endif
