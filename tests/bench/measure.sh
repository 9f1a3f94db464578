# SPDX-License-Identifier: LGPL-2.1-or-later
# Our figures beside those of peers, measured in turn in the same run; medians. One line a figure:
#
#	name  ours  peer  ratio  target  ok|over
#
# Times are in microseconds, "a second" are operations. Ends with 1 where a ratio is over its target.
# DEVID_BENCH_RUNS (15) is how often a short figure is measured; FIGURES, a regular expression, picks some;
# with DEVID_BENCH_BUSY=yes another program takes one processor all the while.
# After common.sh.

TAP_FINISHED=yes
RUNS=${DEVID_BENCH_RUNS:-15}
OVER=0

end() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# Before the first figure.
take_core() {
	[ -n "${DEVID_BENCH_BUSY:-}" ] || return 0
	sh -c 'while :; do :; done' &
	track $!
	echo "one of $(nproc) processors is taken"
}

median() {
	sort -g | awk '{ v[NR] = $1 } END { if (NR) print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# Each side is a function that prints one number a call; between two of them nothing is left running.
# measure NAME OURS PEER RUNS: medians go to $ours and $peer; once each before, to warm what is cold.
measure() {
	local i
	: >"$T/ours" && : >"$T/peer"
	for ((i = 0; i <= $3; i++)); do
		"$1" >"$T/one" || end "$1 failed"
		[ "$i" -eq 0 ] || cat "$T/one" >>"$T/ours"
		"$2" >"$T/one" || end "$2 failed"
		[ "$i" -eq 0 ] || cat "$T/one" >>"$T/peer"
	done
	ours=$(median <"$T/ours")
	peer=$(median <"$T/peer")
}

# figure NAME most|least TARGET OURS PEER [RUNS]: the ratio ours/peer is at most, or at least, TARGET.
figure() {
	[[ $1 =~ ${FIGURES:-.} ]] || return 0
	measure "$4" "$5" "${6:-$RUNS}"
	line "$1" "$2" "$3"
}

line() {
	awk -v name="$1" -v how="$2" -v target="$3" -v ours="$ours" -v peer="$peer" 'BEGIN {
		ratio = peer ? ours / peer : 0
		good = how == "most" ? ratio <= target : ratio >= target
		printf "%-52s ours %10.1f  peer %10.1f  ratio %7.3f  target %s %5.2f  %s\n", name, ours,
			peer, ratio, how == "most" ? "<=" : ">=", target, good ? "ok" : "over"
		exit !good
	}' || OVER=$((OVER + 1))
}

figures_end() {
	echo "$OVER over"
	exit $((OVER > 0))
}
