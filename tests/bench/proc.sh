# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# proc.sh - what whole process trees cost, from /proc.  Sourced by run.

# The live pids of the tree below each given pid, itself included.  Titles may
# hold anything, so a stat line is read from its last parenthesis on.
tree_pids() {
	local stat rest pid
	local -A parent=() inside=()
	for pid; do inside[$pid]=1; done
	for stat in /proc/[0-9]*/stat; do
		{ read -r rest <"$stat"; } 2>/dev/null || continue
		pid=${rest%% *}
		rest=${rest##*) }
		rest=${rest#* }
		parent[$pid]=${rest%% *}
	done
	local grew=yes
	while [ -n "$grew" ]; do
		grew=
		for pid in "${!parent[@]}"; do
			if [ -z "${inside[$pid]:-}" ] && [ -n "${inside[${parent[$pid]}]:-}" ]; then
				inside[$pid]=1
				grew=yes
			fi
		done
	done
	for pid in "${!inside[@]}"; do
		if [ -n "${parent[$pid]:-}" ]; then echo "$pid"; fi
	done
}

# CPU of the trees in milliseconds: user and system time of each process and
# of the children that it has reaped.
tree_cpu() {
	local pid rest sum=0
	local -a f
	for pid in $(tree_pids "$@"); do
		{ read -r rest <"/proc/$pid/stat"; } 2>/dev/null || continue
		read -ra f <<<"${rest##*) }"
		sum=$((sum + f[11] + f[12] + f[13] + f[14]))
	done
	echo $((sum * 1000 / clock_ticks))
}

# Proportional memory of the trees in KiB: what is shared counts once.
tree_pss() {
	local pid sum=0 kib
	for pid in $(tree_pids "$@"); do
		kib=$(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null) || continue
		sum=$((sum + ${kib:-0}))
	done
	echo "$sum"
}

# What of it are pages of the host's copy: a file, which the kernel may drop.
tree_copy() {
	local pid sum=0 kib
	for pid in $(tree_pids "$@"); do
		kib=$(awk '/^[0-9a-f]+-[0-9a-f]+ / { ours = $NF ~ /\/copy\/data-/ } ours && /^Pss:/ { sum += $2 } END { print sum + 0 }' \
			"/proc/$pid/smaps" 2>/dev/null) || continue
		sum=$((sum + ${kib:-0}))
	done
	echo "$sum"
}

clock_ticks=$(getconf CLK_TCK)
