#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# callboardctl's arguments, exit codes and nginx files.  Run in the build
# folder; ends with `N passed, N failed`.
set -u
ctl=${CTL:-./callboardctl}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0
unset CALLBOARD_HOME CALLBOARD_CONFIG

# NAME CODE PATTERN COMMAND...: the exit code, and what is printed.
try() {
	name=$1 code=$2 pattern=$3
	shift 3
	out=$("$@" 2>&1)
	rc=$?
	if [ $rc -eq "$code" ] && printf '%s\n' "$out" | grep -qE -e "$pattern"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s: exit %s, expected %s and /%s/ in:\n%s\n' "$name" $rc "$code" "$pattern" "$out"
	fi
}

mkdir "$dir/run" "$dir/state" "$dir/tmp" "$dir/log"
cat >"$dir/good.yaml" <<YAML
backend:
  baseUrl: https://portal.example/portal
  runDir: $dir/run
  stateDir: $dir/state
  assetDir: $dir/assets
  database: {connection: 'host=$dir/nowhere dbname=x'}
pools:
  slow: {plugins: [jenkins]}
YAML
printf 'backend:\n  web: {threads: none}\n' >"$dir/bad.yaml"
sed "s|https://portal.example/portal|http://127.0.0.1|" "$dir/good.yaml" >"$dir/root.yaml"

try 'no command is usage' 2 '^usage: ' "$ctl"
try 'help' 0 'plugin enable' "$ctl" --help
try 'help of a command' 0 'usage: callboardctl warm' "$ctl" warm --help
try 'a near miss is named' 2 "did you mean 'plugin list'" "$ctl" plugn list
try 'an unknown output' 2 'expected table, json or yaml' "$ctl" -o xml status
try 'a file that is not there' 3 'cannot be read' "$ctl" --config "$dir/none.yaml" config check
try 'a wrong config names its line' 3 'bad.yaml:2:9: backend.web.threads' "$ctl" --config "$dir/bad.yaml" config check
try 'a good config' 0 'the config is fine' "$ctl" --config "$dir/good.yaml" config check
try 'one value' 0 '^https://portal.example/portal$' "$ctl" --config "$dir/good.yaml" config get backend.baseUrl
try 'a value that is not set' 1 'is not set' "$ctl" --config "$dir/good.yaml" config get backend.nothing
try 'secrets are masked' 0 '<masked>' "$ctl" --config "$dir/good.yaml" config print
try 'by the environment' 0 'the config is fine' env CALLBOARD_CONFIG="$dir/good.yaml" "$ctl" config check
try 'no portal is not reachable' 4 'no portal has run here' "$ctl" --config "$dir/good.yaml" status
try 'no database is not reachable' 4 'PostgreSQL is away' "$ctl" --config "$dir/good.yaml" db migrate
try 'locations need the database' 4 'PostgreSQL is away' "$ctl" --config "$dir/good.yaml" catalog list
try 'no plugins is a table' 0 '^name ' "$ctl" --config "$dir/good.yaml" plugin list
try 'a plugin that is not here' 6 "no plugin 'x'" "$ctl" --config "$dir/good.yaml" plugin show x
try 'too many arguments' 2 'unknown argument' "$ctl" --config "$dir/good.yaml" nginx more
try 'a rate that is none' 2 'expected 1 to 1000' "$ctl" --config "$dir/good.yaml" warm --rate 0

try 'the files know the base path' 0 'location \^~ /portal/ ' "$ctl" --config "$dir/good.yaml" nginx
try 'a pool has its upstream and row' 0 'portal/.*jenkins.* cb_slow;' "$ctl" --config "$dir/good.yaml" nginx
try 'https brings HSTS' 0 'Strict-Transport-Security' "$ctl" --config "$dir/good.yaml" nginx
try 'a folder that is not there' 1 'No such file' "$ctl" --config "$dir/good.yaml" nginx --write "$dir/none"
try 'two files are written' 0 '' "$ctl" --config "$dir/good.yaml" nginx --write "$dir"
try 'a text that nginx cannot hold' 1 'cannot hold' "$ctl" --config "$dir/good.yaml" nginx --full --listen 'x; }'
for file in callboard-http.conf callboard-server.conf; do
	try "$file is there" 0 'callboardctl' head -n 3 "$dir/$file"
done

nginx=$(PATH=$PATH:/usr/sbin command -v nginx)
for name in good root; do
	"$ctl" --config "$dir/$name.yaml" nginx --full --listen 127.0.0.1:1 --home "$dir" >"$dir/nginx.conf"
	try "nginx takes the whole file of $name.yaml" 0 'test is successful' \
		"$nginx" -t -p "$dir" -c "$dir/nginx.conf" -e "$dir/log/nginx.log"
done

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
