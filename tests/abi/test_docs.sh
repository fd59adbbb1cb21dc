#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The plugin that docs/plugins.md teaches builds as it says, without a warning,
# and exports its descriptor and nothing else.
set -eu
src=${srcdir:-$(dirname "$0")/../..}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$src/docs/plugins.md" >"$out/oncall.c"
grep -q cb_plugin_entry "$out/oncall.c" || {
	echo "docs/plugins.md: no plugin in it"
	exit 1
}
# shellcheck disable=SC2086
${CC:-cc} -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -fPIC -shared \
	-fvisibility=hidden -I"$src/src" -o "$out/oncall.so" "$out/oncall.c"
names=$(nm -D --defined-only "$out/oncall.so" | awk '{ print $3 }' | tr '\n' ' ')
[ "$names" = "cb_plugin_entry " ] || {
	echo "oncall.so exports: $names"
	exit 1
}
# Everything that it calls is a promise of ours.
for name in $(nm -D --undefined-only "$out/oncall.so" | awk '$2 ~ /^cb/ { print $2 }'); do
	nm -D --defined-only .libs/libcallboard.so | grep -q " $name@@CALLBOARD_1$" || {
		echo "libcallboard does not export $name as CALLBOARD_1"
		exit 1
	}
done
echo "the plugin of docs/plugins.md builds"
