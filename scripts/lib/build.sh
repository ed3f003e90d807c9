# SPDX-License-Identifier: BSD-3-Clause
# Build directories. Sourced after common.sh, never run.

# build_setup DIR LOG OPTION...: configures DIR or brings it up to date. A directory that cannot be
# brought up to date is wiped (its options stay), and made anew where that does not help either.
build_setup() {
	local dir=$1 log=$2
	shift 2
	if [[ ! -f $dir/build.ninja && ! -d $dir/meson-private ]]; then
		run_logged "$log" meson setup "$dir" "$root" "$@"
		return
	fi
	if meson setup --reconfigure "$dir" "$root" "$@" >>"$log" 2>&1; then
		return 0
	fi
	say "$dir cannot be reconfigured; making it anew"
	if meson setup --wipe "$dir" "$root" "$@" >>"$log" 2>&1; then
		return 0
	fi
	rm -rf "$dir/meson-private" "$dir/meson-info" "$dir/build.ninja"
	run_logged "$log" meson setup "$dir" "$root" "$@"
}

# build_targets DIR LOG [TARGET...]: everything without a target.
build_targets() {
	local dir=$1 log=$2
	shift 2
	if ! ninja -C "$dir" "$@" 2>&1 | ninja_progress "$log"; then
		show_tail "$log"
		return 1
	fi
}
