#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The plugins that README.md and docs/plugins.md teach build as they say,
# without a warning, and export their descriptor and nothing else.  That they
# run is told by tests/flow/60_plugins.mjs.
set -eu
src=${srcdir:-$(dirname "$0")/../..}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
build() { # PAGE NAME
	awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$src/$1" >"$out/$2.c"
	grep -q "name = \"$2\"" "$out/$2.c" || {
		echo "$1: no plugin '$2' in it"
		exit 1
	}
	# shellcheck disable=SC2086
	${CC:-cc} -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -fPIC -shared \
		-fvisibility=hidden -I"$src/src" -o "$out/$2.so" "$out/$2.c"
	names=$(nm -D --defined-only "$out/$2.so" | awk '{ print $3 }' | tr '\n' ' ')
	[ "$names" = "cb_plugin_entry " ] || {
		echo "$2.so exports: $names"
		exit 1
	}
	# Everything that it calls is a promise of ours.
	for name in $(nm -D --undefined-only "$out/$2.so" | awk '$2 ~ /^cb/ { print $2 }'); do
		nm -D --defined-only .libs/libcallboard.so | grep -q " $name@@CALLBOARD_1$" || {
			echo "libcallboard does not export $name as CALLBOARD_1"
			exit 1
		}
	done
	echo "the plugin of $1 builds"
}
build README.md hello
build docs/plugins.md oncall
