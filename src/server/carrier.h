/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carrier.h - one FastCGI request as a port, carried by libfcgi.
 *
 * Only loop.c and carrier.c know libfcgi.
 */
#ifndef CB_SERVER_CARRIER_H
#define CB_SERVER_CARRIER_H

#include <fcgiapp.h>
#include <stdbool.h>

#include "web/port.h"

/* The port of request; both live until FCGX_Finish_r. */
struct cbi_port cbi_carrier_port(FCGX_Request *request);

/* Reads the rest of the body.  True when the request was seen to its last
 * byte and libfcgi holds nothing that came after it. */
bool cbi_carrier_drained(FCGX_Request *request);

/* Ends the request instead of FCGX_Finish_r, on a connection that nginx would
 * keep but we shall not: it is told in a way that leaves no gap.  -1 when it
 * could not be written. */
int cbi_carrier_end_last(FCGX_Request *request);

#endif
