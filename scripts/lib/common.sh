# SPDX-License-Identifier: BSD-3-Clause
# Words for people, and commands whose output goes to a log. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() {
	printf '%s\n' "$*"
}

fail() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

# The comment block at the top of a script is its help: everything from the third line (after the
# interpreter and the licence) to the first line that is not a comment.
show_help() {
	awk 'NR > 2 && !/^#/ { exit } NR > 2 { sub(/^# ?/, ""); print }' "$0"
}

# run_logged LOG COMMAND...: the output goes to the end of LOG; of a failure its tail is shown.
run_logged() {
	local log=$1
	shift
	printf '$ %s\n' "$*" >>"$log"
	if "$@" >>"$log" 2>&1; then
		return 0
	fi
	say "Failed: $*"
	show_tail "$log"
	return 1
}

show_tail() {
	say "The end of $1:"
	tail -n "${2:-40}" "$1" | sed 's/^/    /'
}

# Copies ninja's output to a log, and to a terminal its counter only: [12/80].
ninja_progress() {
	local line
	while IFS= read -r line; do
		printf '%s\n' "$line" >>"$1"
		if [[ -t 1 && $line =~ ^\[[0-9]+/[0-9]+\] ]]; then
			printf '\r  %s ' "${BASH_REMATCH[0]}"
		fi
	done
	if [[ -t 1 ]]; then
		printf '\r\033[K'
	fi
}
