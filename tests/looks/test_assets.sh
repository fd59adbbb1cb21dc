#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# test_assets.sh - make-assets: one address per release, whole sprites, clear refusals.
# Uses icons of its own, so that it runs without npm.

set -eu
LC_ALL=C
export LC_ALL
top=${srcdir:-$(dirname "$0")/../..}
make=$top/nginx/assets/make-assets
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

ok() {
	if eval "$2"; then
		echo "ok - $1"
	else
		echo "not ok - $1: $2"
		failed=1
	fi
}

cp -r "$top/nginx/assets" "$tmp/source"
chmod -R u+w "$tmp/source"
mkdir -p "$tmp/modules/lucide-static/icons" "$tmp/modules/htmx.org/dist"
printf 'var htmx;\n//# sourceMappingURL=htmx.min.js.map\n' >"$tmp/modules/htmx.org/dist/htmx.min.js"
for icon in box tag; do
	printf '<!-- %s -->\n<svg\n  class="lucide"\n  width="24"\n>\n  <path d="M1 2 %s" />\n</svg>\n' \
		"$icon" "$icon" >"$tmp/modules/lucide-static/icons/$icon.svg"
done
printf '# comment\ncomponent = box\ntag\n' >"$tmp/source/icons.list"

run() {
	"$make" "$tmp/source" "$tmp/modules" "$tmp/out" 2>"$tmp/err"
}

first=$(run)
here=$tmp/out/$first
ok "the hash names the folder" '[ -f "$here/callboard.css" ] && [ "$(readlink "$tmp/out/current")" = "$first" ]'
ok "the manifest begins with the release" '[ "$(head -1 "$tmp/out/manifest.txt")" = "release $first" ]'
ok "every named file is there" 'sed 1d "$tmp/out/manifest.txt" | while read -r name path; do [ -f "$tmp/out/$path" ] || exit 1; done'
ok "every file is named" '[ "$(sed 1d "$tmp/out/manifest.txt" | wc -l)" -eq "$(ls "$here" | grep -vc "\.gz$")" ]'
ok "a renamed icon has its new name" 'grep -q "id=\"component\".*M1 2 box" "$here/icons.svg"'
ok "the sprite holds each icon once" '[ "$(grep -c "<symbol" "$here/icons.svg")" -eq 2 ]'
ok "the stylesheet holds every part" '[ "$(cat "$tmp"/source/*.css | wc -c)" -eq "$(wc -c <"$here/callboard.css")" ]'
ok "the source map is not asked for" '! grep -q sourceMappingURL "$here/htmx.js"'
ok "the packed files are the same" 'gzip -dc "$here/callboard.css.gz" | cmp -s - "$here/callboard.css"'
ok "a second run changes nothing" '[ "$(run)" = "$first" ] && [ "$(ls -d "$tmp"/out/[0-9a-f]??????????? | wc -l)" -eq 1 ]'

echo '/* changed */' >>"$tmp/source/pages.css"
second=$(run)
ok "a change moves the address" '[ "$second" != "$first" ] && [ "$(readlink "$tmp/out/current")" = "$second" ]'
ok "the older release stays" '[ -f "$here/callboard.css" ]'

echo 'no-such-icon' >>"$tmp/source/icons.list"
ok "an unknown icon is refused by name" '! run >/dev/null && grep -q "no-such-icon" "$tmp/err"'
ok "a refusal leaves the release as it was" '[ "$(readlink "$tmp/out/current")" = "$second" ] && ! ls -d "$tmp"/out/.new* 2>/dev/null'
rm -r "$tmp/modules/htmx.org"
ok "a missing package says what to do" '! run >/dev/null && grep -q "npm ci" "$tmp/err"'

# The mock pages may only ask for icons that the sprite has.
names=$(sed -e 's/#.*//' -e 's/=.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$top/nginx/assets/icons.list")
ok "pages ask for known icons only" 'cat "$top"/tests/looks/*.html | grep -o "icons.svg#[a-z-]*" | sort -u | sed "s/.*#//" |
	while read -r icon; do echo "$names" | grep -qx "$icon" || { echo "unknown: $icon"; exit 1; }; done'
ok "nothing is inline" '! grep -n -E "<style|style=\"|<script>| on[a-z]+=\"" "$top"/tests/looks/*.html'

exit $failed
