/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - every ceiling of the house, each with its reason.
 *
 * What an administrator may change is a config key whose default is here;
 * the rest is fixed because something else breaks beyond it.
 */
#ifndef CB_BASE_LIMITS_H
#define CB_BASE_LIMITS_H

#define CB_KIB 1024
#define CB_MIB (1024 * 1024)

/* Names: a plugin's name is a folder, a metric label and an URL segment. */
#define CB_NAME_MAX 32
/* Entity names, kinds, namespaces: the contract's 63. */
#define CB_ENTITY_NAME_MAX 63
/* kind:namespace/name, each at its limit, and two separators. */
#define CB_REF_MAX (3 * CB_ENTITY_NAME_MAX + 2)
/* nginx's $request_id is 32 hex digits; callers may bring longer ones. */
#define CB_REQUEST_ID_MAX 64
/* W3C: 00-<32>-<16>-<2>. */
#define CB_TRACEPARENT_LEN 55

/* Memory of one request: the whole catalog is streamed, so nothing honest
 * needs more. */
#define CB_ARENA_REQUEST_MAX (64 * CB_MIB)
/* Engines hold a batch of documents. */
#define CB_ARENA_ENGINE_MAX (512 * CB_MIB)
#define CB_ARENA_BLOCK (16 * CB_KIB)

/* Backstage's clients send at most 90 KiB; a larger body is 400 there and
 * 413 on our own routes. */
#define CB_BODY_MAX (1 * CB_MIB)
/* nginx's large_client_header_buffers default to 8 KiB a line. */
#define CB_URL_MAX (8 * CB_KIB)
/* Parameters of one request: beyond it somebody tries our hash tables. */
#define CB_PARAMS_MAX 512

/* One YAML file, one document, and what is in it (faults.md 2 E). */
#define CB_YAML_BYTES_MAX (32 * CB_MIB)
#define CB_YAML_SCALAR_MAX (1 * CB_MIB)
/* All texts of one document after aliases: it becomes one row, and twenty
 * of them one batch. */
#define CB_YAML_DOCUMENT_MAX (4 * CB_MIB)
#define CB_YAML_NODES_MAX 10000
#define CB_YAML_DEPTH_MAX 64
#define CB_YAML_DOCUMENTS_MAX 20000
#define CB_YAML_ANCHORS_MAX 1000
#define CB_YAML_TAGS_MAX 100 /* of one file; see yaml/stream.c */
#define CB_JSON_DEPTH_MAX 64

/* Search rows (contract): keys and values beyond 200 characters. */
#define CB_SEARCH_KEY_MAX 200
#define CB_SEARCH_VALUE_MAX 200

/* Ready answers kept by one process; the copy is mapped anyway, so this only
 * saves work.  An eighth holds a page of 200 entities. */
#define CB_CACHE_BYTES (4 * CB_MIB)

/* A streamed answer goes out as fast as it can for so many bytes; from there
 * on it pauses after each piece, some 110 MB a second at most, so that its
 * reader leaves the processors to others. */
#define CB_STREAM_FAST (4 * CB_MIB)
#define CB_STREAM_PIECE (128 * CB_KIB)
#define CB_STREAM_PAUSE_US 1000

/* Filters: terms in one query, all parameters together. */
#define CB_FILTER_TERMS_MAX 1000
#define CB_PAGE_DEFAULT 200
#define CB_PAGE_MAX 10000
/* A cursor carries the query: as much as clients may send, in base64. */
#define CB_CURSOR_MAX (128 * CB_KIB)
#define CB_REFS_MAX 20000

/* The board is one mapping made once: its tables have fixed sizes. */
#define CB_BOARD_PROCESSES 128
#define CB_BOARD_THREADS 64     /* request threads of one process */
#define CB_FETCH_THREADS_MAX 56 /* of these: it has others of its own */
#define CB_BOARD_PLUGINS 256
#define CB_TROUBLE_MAX 240 /* why a plugin did not start */
#define CB_BOARD_DEAD 64   /* dead slots remembered for a minute */

/* A crash counts for this long, and so many make a quarantine. */
#define CB_CRASH_WINDOW_MS 60000
#define CB_CRASH_LIMIT 3

/* A descriptor: beyond it somebody forgot CB_END, or made a portal of one
 * plugin. */
#define CB_PLUGIN_ROWS_MAX 64
#define CB_PLUGIN_TEXT_MAX 1000
#define CB_PLUGIN_STATE_MAX CB_MIB
#define CB_PLUGIN_FILES_MAX CB_BOARD_PLUGINS
/* Loading a file to look at it: more is a constructor that hangs. */
#define CB_PLUGIN_CHECK_MS 5000
#define CB_PLUGIN_MANIFEST_MAX CB_MIB
/* Failures in a row that open a plugin's breaker, and the distances of its
 * tries. */
#define CB_BREAKER_FAILURES 5
#define CB_BREAKER_FIRST_MS 1000
#define CB_BREAKER_MOST_MS 60000
/* Contexts that may hold a snapshot at once: threads of one process, twice. */
#define CB_SNAPSHOT_HOLDERS 256
/* What a card and a page may write. */
#define CB_CARD_HTML_MAX CB_MIB
#define CB_PAGE_HTML_MAX (8 * CB_MIB)
/* A source key becomes part of a Redis key and of a log line. */
#define CB_SOURCE_KEY_MAX 512

/* A reader waits so long for a tool before it draws a placeholder. */
#define CB_READER_BUDGET_MS 300
/* Redis is a cache: slower than this it is in the way. */
#define CB_REDIS_TIMEOUT_MS 20
#define CB_REDIS_TIMEOUT_MAX_MS 10000
/* A tool's answer, decoded. */
#define CB_TOOL_BODY_MAX (1 * CB_MIB)
#define CB_TOOL_CONNECT_MS 1000
#define CB_TOOL_TOTAL_MS 5000
#define CB_TOOL_REDIRECTS 3

/* Behind the follower for so long, answers carry Warning and Age. */
#define CB_STALE_AFTER_MS 2000

#define CB_FAILURE_MAX 512
#define CB_LOG_LINE_MAX 2000

#endif
