#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rules refuse what they say they refuse: each is shown a small house with
# one fault in it, and the same house without.  Ends with `N passed, N failed`.
set -u
rules=$(cd "${srcdir:-$(dirname "$0")/../..}/tests" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

house() { # a house without a fault
	rm -rf "$dir/house"
	mkdir -p "$dir/house"
	cd "$dir/house" || exit 1
	mkdir -p src/base src/db src/web src/catalog src/search src/callboard plugins/oncall tests
	cp "$rules/../.clang-format" .
	put src/callboard/ctx.h 'struct cb_ctx;'
	put src/base/str.h '#include <stddef.h>'
	put src/db/db.h '#include <callboard/ctx.h>'
	put src/web/page.c '#include "db/db.h"'
	put plugins/oncall/oncall.c '#include <callboard/ctx.h>'
}
put() { # FILE LINE...
	file=$1
	shift
	printf '%s\n' "$@" >"$file"
}
try() { # NAME RULE PATTERN: PATTERN is what it says; '' where it has nothing to say
	if [ "$2" = floors ]; then rule=$rules/check-floors; else rule=$rules/rules/$2; fi
	out=$(srcdir=. sh "$rule" 2>&1)
	rc=$?
	if { [ -z "$3" ] && [ $rc = 0 ]; } || { [ -n "$3" ] && [ $rc != 0 ] && printf '%s\n' "$out" | grep -qE -e "$3"; }; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s: %s ended with %s, expected /%s/ in:\n%s\n' "$1" "$2" $rc "$3" "$out"
	fi
}
fault() { # NAME RULE PATTERN FILE LINE...: one fault
	name=$1 rule_name=$2 pattern=$3
	shift 3
	house
	put "$@"
	try "$name" "$rule_name" "$pattern"
}
lines() { # N: as many lines of C that do nothing
	awk -v n="$1" 'BEGIN { while (n-- > 0) print "\tx++;" }'
}

house
for rule in floors banned lengths format headers; do
	try 'a house without a fault' $rule ''
done

house
if command -v systemd-analyze >/dev/null; then
	unit=$rules/../src/server/callboard.service.in
	cp "$unit" callboard.service
	try 'the unit as it is' exposure ''
	grep -v -e '^NoNewPrivileges=' -e '^CapabilityBoundingSet=' "$unit" >callboard.service
	try 'a unit that may have all privileges' exposure 'expected an exposure of 1.5 at most'
	sed 's/^PrivateTmp=yes/PrivateTmp=perhaps/' "$unit" >callboard.service
	try 'a unit that systemd does not understand' exposure 'PrivateTmp'
fi

fault 'an include that goes up' floors 'src/db/up.c:1: .*\(floor 1\) includes web/page.h \(floor 5\)' src/db/up.c '#include "web/page.h"'
fault 'an include that goes sideways' floors 'catalog \(floor 3\) includes search/search.h' src/catalog/side.c '#include "search/search.h"'
fault 'the ground that includes a room' floors 'the ground includes db/db.h' src/base/up.c '#include "db/db.h"'
fault 'a public header that includes a room' floors 'the ground includes db/db.h' src/callboard/more.h '#include "db/db.h"'
fault 'a plugin that includes a room' floors 'plugins/oncall/far.c:1: a plugin includes db/db.h' plugins/oncall/far.c '#include "db/db.h"'
mkdir -p src/attic
put src/attic/a.c '#include "db/db.h"'
rm plugins/oncall/far.c
try 'a room without a floor' floors 'room attic has no floor'

for call in strcpy strcat sprintf vsprintf gets strtok atoi atol alloca system popen dlclose FCGX_FPrintF; do
	fault "a call of $call" banned 'refused: banned call' src/web/call.c "	$call(a, b);"
done
fault 'a name that only ends so' banned '' src/web/call.c '	cb_popen(a);' '	snprintf(a, n, b);'
for header in libpq-fe.h lmdb.h hiredis/hiredis.h curl/curl.h libfyaml.h openssl/ssl.h fcgiapp.h ldap.h zlib.h dlfcn.h; do
	fault "$header outside of its door" banned 'refused: foreign header outside' src/web/far.c "#include <$header>"
done
fault 'a header inside of its door' banned '' src/db/near.c '#include <libpq-fe.h>'
fault 'a value printed into SQL' banned 'src/web/sql.c:1' src/web/sql.c '	cb_printf(ctx, "select x from y where z = %s", z);'
fault 'a plugin that allocates' banned 'a plugin allocates by itself' plugins/oncall/a.c '	p = malloc(3);'

fault 'a long function' lengths 'src/web/long.c:2: 81 lines in one function' src/web/long.c 'void f(void)' '{' "$(lines 81)" '}'
fault 'a function as long as may be' lengths '' src/web/long.c 'void f(void)' '{' "$(lines 80)" '}'
fault 'a long file' lengths 'src/web/long.c: 601 lines' src/web/long.c "$(lines 601)"
fault 'a file as long as may be' lengths '' src/web/long.c "$(lines 600)"

if command -v clang-format >/dev/null; then
	fault 'another format' format 'clang-format' src/web/form.c 'void f( void ) {'
fi
fault 'a header that needs another' headers 'src/callboard/needs.h: not C11 by itself' src/callboard/needs.h 'size_t n;'
fault 'a header that C++ does not take' headers 'src/callboard/new.h: not C\+\+ by itself' src/callboard/new.h 'struct cb_x { int class; };'

# What a library shows, a plugin shows, and nobody outside of its file uses.
library() { # SCRIPT C: .libs/libcallboard.so of it
	house
	mkdir -p .libs plugins/x/.libs
	printf '%s\n' "$2" >l.c
	printf '%s\n' "$1" >l.map
	${CC:-cc} -shared -fPIC -Wl,--version-script=l.map -o .libs/libcallboard.so l.c
}
nodes='CALLBOARD_1 { global: cb_*; local: *; }; CALLBOARD_PRIVATE_1.0 { global: cbi_*; };'
library "$nodes" 'void cb_a(void){} void cbi_b(void){}'
try 'a library that shows both nodes' exports ''
library 'CALLBOARD_1 { global: *; };' 'void cb_a(void){} void stray(void){}'
try 'a library that shows more' exports 'libcallboard shows stray@@CALLBOARD_1'
library 'CALLBOARD_1 { global: cb*; };' 'void cbi_b(void){}'
try 'an internal name under the node of plugins' exports 'libcallboard shows cbi_b@@CALLBOARD_1'
library "$nodes" 'void cb_a(void){}'
printf '%s\n' 'const int cb_plugin_entry = 1; void helper(void){}' >p.c
${CC:-cc} -shared -fPIC -o plugins/x/.libs/x.so p.c
try 'a plugin that shows more than its entry' exports 'plugins/x/.libs/x.so shows helper'
library "$nodes" 'void cb_a(void){}'
printf '%s\n' 'void cbi_alone(void){}' >src/web/alone.c
${CC:-cc} -c -o src/web/alone.o src/web/alone.c
try 'a function that nobody else uses' exports 'cbi_alone is used by nobody else'

# A library as it is installed, less one flag.
hard='-O2 -D_FORTIFY_SOURCE=2 -fstack-protector-all'
load='-Wl,-z,relro,-z,now,-z,noexecstack'
linked() { # CFLAGS LDFLAGS
	house
	mkdir -p .libs
	echo "HARDEN_CFLAGS = $1" >Makefile
	put l.c '#include <string.h>' 'void cb_a(char *a, size_t n) { char b[64]; memcpy(b, a, n); a[0] = b[n - 1]; }'
	# shellcheck disable=SC2086
	${CC:-cc} -w -shared -fPIC $1 $2 -o .libs/libcallboard.so l.c
}
linked "$hard" "$load"
try 'a hardened library' hardened ''
linked "$hard" '-Wl,-z,relro,-z,lazy,-z,noexecstack'
try 'symbols that are bound late' hardened 'symbols are not bound at start'
linked "$hard" '-Wl,-z,norelro,-z,now,-z,noexecstack'
try 'relocations that may be written' hardened 'no read-only relocations'
linked "$hard" '-Wl,-z,relro,-z,now,-z,execstack'
try 'a stack that runs' hardened 'a stack that runs'
linked '-O2 -D_FORTIFY_SOURCE=2 -fno-stack-protector' "$load"
try 'a stack without a guard' hardened 'no guarded stack'
linked '-O2 -fstack-protector-all -U_FORTIFY_SOURCE' "$load"
try 'bounds that nobody checks' hardened 'no bounds checked'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
