# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# scale.sh - what changes with the size of a catalog: an engine's memory while
# it ingests, what a quiet minute writes, what looking again costs, how soon
# a change is seen, and what one reader's download does to another.  Sourced
# by run, whose variables and functions it uses.

line() { # WORDS, VALUE: one line of the report
	printf '%-58s %s\n' "$1" "$2" >>"$dir/scale.txt"
	say "$1: $2"
}

# The engine's own memory and its share of the copy, each second, until killed.
watch_engine() {
	local pid
	while :; do
		pid=$(pgrep -P "$(cat "$data/run/callboard.pid" 2>/dev/null || echo 0)" -f 'callboard: engine' | head -n 1 || true)
		[ -z "$pid" ] || awk '/^Pss_Anon:/ { a = $2 } /^Pss_File:/ { f = $2 } END { print a + 0, f + 0 }' "/proc/$pid/smaps_rollup" 2>/dev/null || true
		sleep 1
	done >"$dir/engine.txt"
}
engine_peak() { awk '$1 > m { m = $1 } END { printf "%.1f MB", m / 1024 }' "$dir/engine.txt"; }
engine_now() {
	awk '/^Pss_Anon:/ { a = $2 } END { printf "%.1f MB", a / 1024 }' "/proc/$(pgrep -P "$callboard" -f 'callboard: engine' | head -n 1)/smaps_rollup"
}

writes() { psql_as -d callboard -c "select xact_commit, tup_inserted, tup_updated, tup_deleted from pg_stat_database where datname = 'callboard'" | tr '|' ' '; }
by_table() { psql_as -d callboard -c "select relname, n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables order by 1" | tr '|' ' '; }
measure_quiet() { # SECONDS
	local before after tries
	for ((tries = 600; tries > 0; tries--)); do # the last batch is still stitched when all relations are served
		[ "$(psql_as -d callboard -c 'select count(*) from stitch')" != 0 ] || break
		sleep 0.5
	done
	[ $tries -gt 0 ] || die 'the engine does not come to rest'
	sleep 5
	read -ra before <<<"$(writes)"
	by_table >"$dir/tables.before"
	sleep "$1"
	read -ra after <<<"$(writes)"
	by_table >"$dir/tables.after"
	line "a quiet time of $1 s: transactions, rows inserted, updated, deleted" \
		"$((after[0] - before[0])), $((after[1] - before[1])), $((after[2] - before[2])), $((after[3] - before[3]))"
	line '  in the tables' "$(join "$dir/tables.before" "$dir/tables.after" | awk '$3 > $2 { printf "%s%s %d", n++ ? ", " : "", $1, $3 - $2 } END { if (!n) printf "none" }')"
}

due() { psql_as -d callboard -c "update node set due_at = clock_timestamp() where due_at is not null" -c 'notify callboard_work' >/dev/null; }
not_due() { [ "$(psql_as -d callboard -c 'select count(*) from node where due_at <= clock_timestamp()')" = 0 ]; }
measure_again() { # everything is looked at again, nothing has changed
	local a b c
	a=$(tree_cpu "$callboard" "$postgres")
	read -ra b <<<"$(writes)"
	due
	until not_due; do sleep 0.2; done
	sleep 2
	read -ra c <<<"$(writes)"
	line 'looking at all files again, none changed: CPU ms' "$(($(tree_cpu "$callboard" "$postgres") - a))"
	line '  rows inserted, updated, deleted' "$((c[1] - b[1])), $((c[2] - b[2])), $((c[3] - b[3]))"
}
measure_change() { # one description of one document
	local name file began mark=changed-$$ tries
	name=$(tail -n 1 "$dir/catalog/names.txt")
	file=$(grep -l "name: $name\$" "$dir"/catalog/files/*.yaml | tail -n 1)
	sed -i "/^  name: $name\$/,/description:/ s/description: /description: $mark /" "$file"
	began=$(date +%s%N)
	due
	for ((tries = 1200; tries > 0; tries--)); do
		curl -s -m 20 -H "authorization: Bearer $BENCH_TOKEN" "$base/api/catalog/entities/by-name/component/default/$name" | grep -q "$mark" && break
		sleep 0.05
	done
	[ $tries -gt 0 ] || die "the change of $name never came"
	line 'one changed description to visible, s' "$(awk -v n=$(($(date +%s%N) - began)) 'BEGIN { printf "%.2f", n / 1e9 }')"
}

download() { # again and again, until killed
	while :; do curl -s -o /dev/null -H "authorization: Bearer $BENCH_TOKEN" "$base/api/catalog/entities" || sleep 0.2; done
}
p99_of() { load "$1" "$dir/ask/by-name.txt" | awk '{ print $5 }'; }
measure_beside() { # in turn, three times: one pair says little on a machine with others
	local alone='' beside='' pid had=$connections
	connections=4
	for _ in 1 2 3; do
		alone+="$(p99_of 8) "
		download &
		pid=$!
		sleep 1
		beside+="$(p99_of 8) "
		kill $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
	done
	connections=$had
	line 'entity by name, 4 at once, p99 ms: alone' "$alone"
	line '  beside a client that downloads everything in a loop' "$beside"
	line '  the middle one of the three, times' "$(awk -v a="$alone" -v b="$beside" 'BEGIN {
		split(a, x, " ") && split(b, y, " ")
		for (i = 1; i <= 3; i++) r[i] = y[i] / x[i]
		low = (r[1] < r[2] ? r[1] : r[2]); high = r[1] + r[2] - low
		middle = (r[3] < low ? low : (r[3] > high ? high : r[3]))
		printf "%.1f", middle }')"
}
measure_whole() { # the whole catalog in one answer
	local a b out
	a=$(tree_cpu "$callboard" "$postgres" "$nginx")
	out=$(curl -s -o /dev/null -w '%{size_download} %{time_total}' -H "authorization: Bearer $BENCH_TOKEN" "$base/api/catalog/entities")
	b=$(tree_cpu "$callboard" "$postgres" "$nginx")
	line 'the whole catalog in one answer: MB, s, CPU ms' "$(awk -v o="$out" -v c=$((b - a)) 'BEGIN { split(o, f, " "); printf "%.1f, %.2f, %d", f[1] / 1e6, f[2], c }')"
}
measure_sizes() {
	local n bytes copy
	n=$(number_of entities)
	bytes=$(psql_as -d postgres -c "select pg_database_size('callboard')")
	copy=$(find "$data/state/copy" -name 'data-*[0-9]' -printf '%s\n' | sort -n | tail -n 1)
	line 'database, bytes an entity (history, indexes, all)' "$((bytes / n))"
	line 'copy, bytes an entity' "$((copy / n))"
	line 'largest entity, bytes' "$(psql_as -d callboard -c 'select max(octet_length(body)) from entity')"
}
measure_scale() {
	line "engine's own memory, largest while ingesting" "$(engine_peak)"
	measure_sizes
	measure_quiet 60
	measure_again
	measure_change
	line "engine's own memory after it" "$(engine_now)"
	measure_whole
	measure_beside
}
