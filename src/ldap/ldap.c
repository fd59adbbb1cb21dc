/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ldap.c - see ldap.h.
 */
#include "ldap/ldap.h"

#include <errno.h>
#include <ldap.h>
#include <lber.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/str.h"

#define CONNECT_MS 5000
#define ANSWER_MS 30000
#define PAGE 500
#define ENTRY_MAX (16 * CB_MIB)
#define GUID 16
#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

struct cbi_ldap {
	LDAP *handle;
	const char *url; /* for messages; the config's */
};

static int code_of(int err)
{
	switch (err) {
	case LDAP_SERVER_DOWN:
	case LDAP_CONNECT_ERROR:
	case LDAP_BUSY:
	case LDAP_UNAVAILABLE:
		return CB_EAWAY;
	case LDAP_TIMEOUT:
	case LDAP_TIMELIMIT_EXCEEDED:
		return CB_ETIME;
	case LDAP_INVALID_CREDENTIALS:
	case LDAP_INAPPROPRIATE_AUTH:
	case LDAP_INSUFFICIENT_ACCESS:
	case LDAP_STRONG_AUTH_REQUIRED:
	case LDAP_CONFIDENTIALITY_REQUIRED:
		return CB_EAUTH;
	case LDAP_NO_SUCH_OBJECT:
		return CB_ENOENT;
	case LDAP_FILTER_ERROR:
	case LDAP_INVALID_DN_SYNTAX:
	case LDAP_PARAM_ERROR:
		return CB_EINVAL;
	case LDAP_SIZELIMIT_EXCEEDED:
	case LDAP_ADMINLIMIT_EXCEEDED:
		return CB_ETOOBIG;
	case LDAP_NO_MEMORY:
		return CB_ENOMEM;
	default:
		return CB_EUPSTREAM;
	}
}

/* What the server or TLS says of it; "" for nothing. */
static const char *details(struct cb_ctx *ctx, const struct cbi_ldap *ldap,
                           int err)
{
	char *text = NULL;
	const char *out = "";

	/* What TLS finds wrong is not told. */
	if (err == LDAP_SERVER_DOWN && cbi_str_starts(ldap->url, "ldaps:"))
		return ", or its certificate is not trusted";
	if (ldap->handle &&
	    ldap_get_option(ldap->handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text) ==
	        LDAP_OPT_SUCCESS &&
	    text && *text)
		out = cb_printf(ctx, " (%.200s)", text);
	ldap_memfree(text);
	return out ? out : "";
}

static int fail(struct cb_ctx *ctx, const struct cbi_ldap *ldap,
                const char *what, int err)
{
	return cb_fail(ctx, code_of(err), "%s: %s: %s%s", ldap->url, what,
	               ldap_err2string(err), details(ctx, ldap, err));
}

#define BLANKS " \t\r\n"
#define URL_MAX 1024

static bool is_one_url(const char *url)
{
	LDAPURLDesc *parts;
	bool good = ldap_url_parse(url, &parts) == LDAP_URL_SUCCESS;

	if (!good)
		return false;
	good = parts->lud_host && *parts->lud_host &&
	       (!parts->lud_dn || !*parts->lud_dn) && !parts->lud_filter &&
	       (strcmp(parts->lud_scheme, "ldap") == 0 ||
	        strcmp(parts->lud_scheme, "ldapi") == 0 ||
	        strcmp(parts->lud_scheme, "ldaps") == 0);
	ldap_free_urldesc(parts);
	return good;
}

bool cbi_ldap_is_url(const char *url)
{
	char one[URL_MAX];
	bool good = false;

	for (url += strspn(url, BLANKS); *url; url += strspn(url, BLANKS)) {
		size_t len = strcspn(url, BLANKS);

		if (len >= sizeof(one))
			return false;
		memcpy(one, url, len);
		one[len] = '\0';
		good = is_one_url(one);
		if (!good)
			return false;
		url += len;
	}
	return good;
}

/* --- a connection --- */

static struct timeval span(int64_t ms)
{
	return (struct timeval){ .tv_sec = ms / 1000,
		                 .tv_usec = ms % 1000 * 1000 };
}

/* No longer than the context has; never 0, which is "for ever". */
static struct timeval patience(const struct cb_ctx *ctx, int64_t most)
{
	int64_t left = cb_time_left(ctx);

	return span(left < most ? left + 1 : most);
}

/* libldap would say that nobody answers. */
static int check_files(struct cb_ctx *ctx, const struct cbi_ldap_config *config)
{
	const char *const files[] = { config->ca, config->cert, config->key };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i] && access(files[i], R_OK) != 0)
			return cb_fail(ctx, CB_EINVAL, "%s: cannot read %s: %s",
			               config->url, files[i], strerror(errno));
	return CB_OK;
}

static int set_tls(LDAP *handle, const struct cbi_ldap_config *config)
{
	const int none = 0, least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	const int verify =
	    config->unverified ? LDAP_OPT_X_TLS_NEVER : LDAP_OPT_X_TLS_DEMAND;
	const char *ca = config->ca;
	int err = ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &verify);

	if (!ca && access(SYSTEM_CA, R_OK) == 0)
		ca = SYSTEM_CA;
	if (!err)
		err = ldap_set_option(handle, LDAP_OPT_X_TLS_PROTOCOL_MIN,
		                      &least);
	if (!err && ca)
		err = ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, ca);
	if (!err && config->cert)
		err = ldap_set_option(handle, LDAP_OPT_X_TLS_CERTFILE,
		                      config->cert);
	if (!err && config->key)
		err = ldap_set_option(handle, LDAP_OPT_X_TLS_KEYFILE,
		                      config->key);
	/* What was set holds for connections made after this. */
	if (!err)
		err = ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &none);
	return err ? LDAP_LOCAL_ERROR : 0;
}

static int set_options(const struct cb_ctx *ctx, LDAP *handle)
{
	const int version = LDAP_VERSION3;
	const struct timeval connect = patience(ctx, CONNECT_MS);
	const struct timeval answer = patience(ctx, ANSWER_MS);
	ber_len_t most = ENTRY_MAX;
	Sockbuf *buffer = NULL;
	int err = ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version);

	if (!err)
		err = ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	if (!err)
		err =
		    ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &connect);
	if (!err)
		err = ldap_set_option(handle, LDAP_OPT_TIMEOUT, &answer);
	if (!err)
		err = ldap_get_option(handle, LDAP_OPT_SOCKBUF, &buffer);
	if (!err && buffer)
		ber_sockbuf_ctrl(buffer, LBER_SB_OPT_SET_MAX_INCOMING, &most);
	return err;
}

static int bind_as(LDAP *handle, const struct cbi_ldap_config *config)
{
	const char *secret = config->secret ? config->secret : "";
	struct berval cred = { .bv_len = strlen(secret),
		               .bv_val = (char *)(uintptr_t)secret };

	/* A name with an empty secret would be let in as nobody. */
	if (config->dn && !*secret)
		return LDAP_INAPPROPRIATE_AUTH;
	return ldap_sasl_bind_s(handle, config->dn, LDAP_SASL_SIMPLE, &cred,
	                        NULL, NULL, NULL);
}

int cbi_ldap_open(struct cb_ctx *ctx, const struct cbi_ldap_config *config,
                  struct cbi_ldap **out)
{
	struct cbi_ldap *ldap;
	const char *what = "connecting";
	int rc = check_files(ctx, config), err;

	if (rc < 0)
		return rc;
	ldap = calloc(1, sizeof(*ldap));
	if (!ldap)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a connection");
	ldap->url = config->url;
	err = ldap_initialize(&ldap->handle, config->url);
	if (!err)
		err = set_options(ctx, ldap->handle);
	if (!err) {
		what = "TLS";
		err = set_tls(ldap->handle, config);
	}
	if (!err && config->start_tls) {
		what = "StartTLS";
		err = ldap_start_tls_s(ldap->handle, NULL, NULL);
	}
	if (!err) {
		what = "bind";
		err = bind_as(ldap->handle, config);
	}
	if (err) {
		rc = fail(ctx, ldap, what, err);
		cbi_ldap_close(ldap);
		return rc;
	}
	*out = ldap;
	return CB_OK;
}

void cbi_ldap_close(struct cbi_ldap *ldap)
{
	if (!ldap)
		return;
	if (ldap->handle)
		ldap_unbind_ext_s(ldap->handle, NULL, NULL);
	free(ldap);
}

/* --- entries --- */

static json_t *hex_of(const struct berval *value)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = value->bv_len < 64 ? value->bv_len : 64;
	char hex[129];

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)value->bv_val[i];

		hex[2 * i] = digits[byte >> 4];
		hex[2 * i + 1] = digits[byte & 15];
	}
	return json_stringn(hex, 2 * len);
}

/* The first three groups have their bytes in reverse. */
static json_t *guid_of(const struct berval *value)
{
	static const int order[GUID] = { 3, 2, 1,  0,  5,  4,  7,  6,
		                         8, 9, 10, 11, 12, 13, 14, 15 };
	char text[2 * GUID + 5];
	size_t n = 0;

	for (int i = 0; i < GUID; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[n++] = '-';
		snprintf(&text[n], 3, "%02x",
		         (unsigned char)value->bv_val[order[i]]);
		n += 2;
	}
	return json_stringn(text, n);
}

static json_t *value_of(const char *name, const struct berval *value)
{
	if (value->bv_len == GUID && strcmp(name, "objectguid") == 0)
		return guid_of(value);
	if (cbi_str_utf8(value->bv_val, value->bv_len))
		return json_stringn(value->bv_val, value->bv_len);
	return hex_of(value);
}

static int add_attribute(json_t *entry, LDAP *handle, LDAPMessage *message,
                         char *name)
{
	struct berval **values = ldap_get_values_len(handle, message, name);
	json_t *list = json_array();
	int rc = list ? 0 : -1;

	cbi_str_lower(name);
	for (size_t i = 0; rc == 0 && values && values[i]; i++)
		rc = json_array_append_new(list, value_of(name, values[i]));
	ldap_value_free_len(values);
	return json_object_set_new(entry, name, list) < 0 ? -1 : rc;
}

/* NULL without memory. */
static json_t *entry_of(LDAP *handle, LDAPMessage *message)
{
	char *dn = ldap_get_dn(handle, message), *name;
	json_t *entry = json_object();
	BerElement *at = NULL;
	int rc = json_object_set_new(entry, "dn", json_string(dn ? dn : ""));

	ldap_memfree(dn);
	for (name = ldap_first_attribute(handle, message, &at); name;
	     name = ldap_next_attribute(handle, message, at)) {
		if (rc == 0)
			rc = add_attribute(entry, handle, message, name);
		ldap_memfree(name);
	}
	ber_free(at, 0);
	if (rc == 0)
		return entry;
	json_decref(entry);
	return NULL;
}

static int hand_over(struct cb_ctx *ctx, struct cbi_ldap *ldap,
                     LDAPMessage *answer, const struct cbi_ldap_taker *taker)
{
	int rc = CB_OK;

	for (LDAPMessage *m = ldap_first_entry(ldap->handle, answer);
	     m && rc == CB_OK; m = ldap_next_entry(ldap->handle, m)) {
		json_t *entry = entry_of(ldap->handle, m);

		rc = entry ? taker->each(taker->arg, ctx, entry)
		           : cb_fail(ctx, CB_ENOMEM, "no memory for an entry");
		json_decref(entry);
	}
	return rc;
}

/* --- pages --- */

static int scope_of(const char *scope)
{
	if (scope && strcmp(scope, "base") == 0)
		return LDAP_SCOPE_BASE;
	return scope && strcmp(scope, "sub") == 0 ? LDAP_SCOPE_SUBTREE
	                                          : LDAP_SCOPE_ONELEVEL;
}

/* The cookie of the next page; empty at the end, or when the server knows no
 * pages. */
static int next_cookie(struct cbi_ldap *ldap, LDAPMessage *answer,
                       struct berval *cookie)
{
	LDAPControl **controls = NULL, *page;
	ber_int_t total;
	int code = 0;
	int err = ldap_parse_result(ldap->handle, answer, &code, NULL, NULL,
	                            NULL, &controls, 0);

	ber_memfree(cookie->bv_val);
	*cookie = (struct berval){ 0 };
	page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (!err)
		err = code;
	if (!err && page)
		err = ldap_parse_pageresponse_control(ldap->handle, page,
		                                      &total, cookie);
	ldap_controls_free(controls);
	return err;
}

static int one_page(struct cb_ctx *ctx, struct cbi_ldap *ldap,
                    const struct cbi_ldap_search *search, struct berval *cookie,
                    LDAPMessage **answer)
{
	static char all[] = "*", operational[] = "+";
	char *attributes[] = { all, operational, NULL };
	struct timeval limit = patience(ctx, ANSWER_MS);
	const char *filter =
	    search->filter ? search->filter : "(objectClass=*)";
	LDAPControl *page, *controls[2] = { NULL };
	int err = ldap_create_page_control(
	    ldap->handle, search->page ? search->page : PAGE, cookie, 0, &page);

	if (!err) {
		controls[0] = page;
		err = ldap_search_ext_s(ldap->handle, search->base,
		                        scope_of(search->scope), filter,
		                        attributes, 0, controls, NULL, &limit,
		                        LDAP_NO_LIMIT, answer);
		ldap_control_free(page);
	}
	return err ? fail(ctx, ldap,
	                  cb_printf(ctx, "searching %s", search->base), err)
	           : CB_OK;
}

int cbi_ldap_search(struct cb_ctx *ctx, struct cbi_ldap *ldap,
                    const struct cbi_ldap_search *search,
                    const struct cbi_ldap_taker *taker)
{
	struct berval cookie = { 0 };
	int rc;

	do {
		LDAPMessage *answer = NULL;
		int err;

		rc = taker->alive ? taker->alive(taker->arg, ctx) : CB_OK;
		if (rc == CB_OK)
			rc = one_page(ctx, ldap, search, &cookie, &answer);
		if (rc == CB_OK)
			rc = hand_over(ctx, ldap, answer, taker);
		if (rc == CB_OK) {
			err = next_cookie(ldap, answer, &cookie);
			if (err)
				rc = fail(ctx, ldap, "paging", err);
		}
		ldap_msgfree(answer);
	} while (rc == CB_OK && cookie.bv_len > 0);
	ber_memfree(cookie.bv_val);
	return rc;
}

char *cbi_ldap_dn(struct cb_ctx *ctx, const char *dn)
{
	LDAPDN parts = NULL;
	char *text = NULL, *out;

	if (ldap_str2dn(dn, &parts, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
	    parts)
		ldap_dn2str(parts, &text, LDAP_DN_FORMAT_LDAPV3);
	out = cb_strdup(ctx, text ? text : dn);
	ldap_memfree(text);
	ldap_dnfree(parts);
	if (out)
		cbi_str_lower(out);
	return out;
}
