#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every fuzz target over its committed seeds, once: what was found before is
# not found again.  Runs in a build folder, as `make check` does.
cd "${top_builddir:-.}" || exit 1
here=$(cd "$(dirname "$0")" && pwd)
export LSAN_OPTIONS=suppressions=$here/lsan.supp:print_suppressions=0
passed=0 failed=0
for seeds in "$here"/seeds/*/; do
	name=$(basename "$seeds")
	more=()
	[ "$name" = entity ] && more=("$here/../../examples")
	if out=$(timeout 120 "tests/fuzz/$name" -runs=0 "$seeds" "${more[@]}" 2>&1); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $name:"
		tail -n 40 <<<"$out"
	fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 0 ]
