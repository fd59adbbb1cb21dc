/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h - talking to a service manager, by its two environment variables.
 */
#ifndef CB_SERVER_NOTIFY_H
#define CB_SERVER_NOTIFY_H

/* "READY=1", "STOPPING=1" ... to $NOTIFY_SOCKET; nothing without it. */
void cbi_notify(const char *state);

/* "RELOADING=1" with the time that systemd wants beside it. */
void cbi_notify_reloading(void);

/*
 * Takes over the listening sockets handed in ($LISTEN_FDS), each with its
 * bound path; at most max.  Returns how many; the variables are unset.
 */
struct cbi_given_socket {
	int fd;
	char path[108];
};
int cbi_notify_sockets(struct cbi_given_socket *out, int max);

#endif
