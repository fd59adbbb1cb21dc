/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carrier.h - a libfcgi request as a port.
 */
#ifndef CB_SERVER_CARRIER_H
#define CB_SERVER_CARRIER_H

#include <fcgiapp.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "web/port.h"

/* What is held back until there is more, or the end. */
#define CBI_CARRIER_HOLD 8192

/* One per thread, used for one request after the other. */
struct cbi_carrier {
	FCGX_Request *request;
	const atomic_bool *draining; /* set: no connection is kept */
	bool wished;                 /* nginx would keep it */
	bool broken;                 /* nothing more can be written */
	bool ended;                  /* the end is written */
	bool last;                   /* once ended: not to be kept */
	size_t held;
	char hold[CBI_CARRIER_HOLD];
};

/* After FCGX_Accept_r; both pointers are borrowed until the end. */
void cbi_carrier_begin(struct cbi_carrier *carrier, FCGX_Request *request,
                       const atomic_bool *draining);

struct cbi_port cbi_carrier_port(struct cbi_carrier *carrier);

/* Ends the answer, unless its last bytes did.  False when the connection is
 * to be closed: not to be kept, or something of the request may be unread. */
bool cbi_carrier_end(struct cbi_carrier *carrier, bool keep);

#endif
