#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `callboardctl plugin new` begins plugins whose tests pass, and `plugin check`
# finds what is wrong with one: a planted fault each.  Run in the build folder;
# ends with `N passed, N failed`.
set -u
here=$(pwd)
ctl=${CTL:-$here/callboardctl}
src=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
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
check() { "$ctl" plugin check "$@"; }
cd "$dir" || exit 1

# ---- new ----
try 'a declarative plugin' 0 'one/one.yaml' "$ctl" plugin new one
try 'its tests pass' 0 'ok +main +normal +drawn' check --entity one/sample-entity.yaml --values one/sample-values.json one/one.yaml
try 'a native plugin' 0 'make check' "$ctl" plugin new two-b --tier native
# shellcheck disable=SC2086
try 'it builds' 0 '' ${CC:-cc} -O2 -Wall -Wextra -Wpedantic -Werror -fPIC -shared -fvisibility=hidden -I"$src/src" -o two-b/two-b.so two-b/two-b.c
try 'its tests pass, too' 0 'ok +main +slow +placeholder' check --entity two-b/sample-entity.yaml --values two-b/sample-values.json two-b/two-b.so
try 'a program in Python' 0 'python3 test_three_c.py' "$ctl" plugin new three-c --lang python
try 'a program in sh' 0 'test-four.sh' "$ctl" plugin new four --lang sh
try 'its tests pass as well' 0 '2 passed, 0 failed' sh four/test-four.sh
try 'a program in JavaScript' 0 'node --test' "$ctl" plugin new five --lang node
for program in python3 node; do command -v $program >/dev/null || echo "no $program here: its plugin is not tried"; done
if command -v python3 >/dev/null; then try 'Python tests' 0 'OK' sh -c 'cd three-c && python3 test_three_c.py'; fi
if command -v node >/dev/null; then try 'JavaScript tests' 0 'pass 2' sh -c 'cd five && node --test five.test.mjs'; fi
try 'a name that is none' 2 "expected a-z, 0-9 and '-'" "$ctl" plugin new Six
try 'a tier that is none' 2 'expected declarative, native, or foreign' "$ctl" plugin new six --tier wasm
try 'a folder that is there' 4 'one: File exists' "$ctl" plugin new one

# ---- check ----
for fault in crash exits spin greedy failing; do printf '%s: {always: true}\n' $fault >$fault.yaml; done
plugins=$here/tests/abi/.libs
faulty() { "$ctl" --config "$1.yaml" plugin check --values one/sample-values.json "$plugins/$1.so"; }
try 'one that behaves' 0 'ok +main +normal +drawn' check --values one/sample-values.json "$plugins/plain.so"
try 'a crash' 6 'FAIL +main +normal +crashed .Segmentation' faulty crash
try 'an exit' 6 'FAIL +main +normal +ended its process' faulty exits
try 'a loop' 6 'FAIL +main +normal +was not drawn within 2 s' faulty spin
try 'too much output' 6 'FAIL +main +normal +grey .*ETOOBIG' faulty greedy
try 'a failure of its own' 6 'FAIL +main +normal +grey' faulty failing
try 'another ABI' 6 'built for ABI' check "$plugins/major.so"
try 'no plugin' 6 'is not a shared object' sh -c 'echo no >six.so; '"$ctl"' plugin check six.so'
sed 's/plugin: one/plugin: seven/; s/^  main:/  main:\n    colour: red/' one/one.yaml >seven.yaml
try 'a member that is none' 6 'seven.yaml:[0-9]+:[0-9]+: .*colour' check seven.yaml
sed 's/plugin: one/plugin: eight/; s/shape: .*/shape: "{state: .state"/' one/one.yaml >eight.yaml
try 'jq that is none' 6 'eight.yaml:[0-9]+:[0-9]+: ' check eight.yaml
try 'an entity that has nothing' 6 'has nothing for it: give an entity' check --values one/sample-values.json one/one.yaml
echo '[1]' >values.json
try 'values that are none' 1 'values.json: expected an object of values' check --values values.json one/one.yaml
try 'a file that is not there' 1 'cannot be opened' check none.so
try 'no file' 2 'takes one file' check
printf '%d passed, %d failed\n' $passed $failed
[ $failed = 0 ]
