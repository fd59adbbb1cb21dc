#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# disk.sh - a foreign plugin in sh: how full a disk is.  A FastCGI responder
# (fcgiwrap, spawn-fcgi, fastcgi.py) starts it once for each request.
set -eu

case $PATH_INFO in
/fragments/disk/full | /fragments/disk/host)
	used=$(df -P / | awk 'NR == 2 { print $5 + 0 }')
	printf 'Content-Type: application/vnd.callboard.view+json\r\n\r\n'
	printf '{"level": 1, "show": [{"progress": {"label": "Disk of the host", "value": %d}}]}\n' "$used"
	;;
*)
	printf 'Status: 404\r\nContent-Type: text/plain\r\n\r\nno such card\n'
	;;
esac
