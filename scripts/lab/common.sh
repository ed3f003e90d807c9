# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Shared by lab, demo and live: checks before the start, namespaces, and their removal.

PATH=$PATH:/usr/sbin:/sbin # where Debian keeps the servers; su leaves it out
LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TUNNEL_PASSWORD=adit-lab
# shellcheck disable=SC2034 # the scripts that read this file use it
TRANSFER_PORT=8080

die() {
	echo "${0##*/}: $1" >&2
	exit "${2:-1}"
}

need_root() {
	[ "$(id -u)" = 0 ] || die "needs root: it makes network namespaces and tunnel devices" 2
	[ -c /dev/net/tun ] || die "/dev/net/tun is missing; load it with: modprobe tun" 2
}

# need_tools TOOL=PACKAGE... : names every missing package at once, and installs nothing.
need_tools() {
	local pair missing=""
	for pair in "$@"; do
		command -v "${pair%=*}" >/dev/null || missing="$missing ${pair#*=}"
	done
	[ -z "$missing" ] && return
	missing=$(echo "$missing" | tr ' ' '\n' | sort -u | tr '\n' ' ')
	die "missing Debian packages:$missing
get them with: apt-get install --no-install-recommends$missing" 2
}

# A namespace is PREFIX plus a short name; in_ns runs a command in one.
in_ns() {
	local name=$1
	shift
	ip netns exec "$NS_PREFIX$name" "$@"
}

add_ns() {
	local name
	for name in "$@"; do
		ip netns add "$NS_PREFIX$name" || die "cannot make namespace $NS_PREFIX$name"
		# IPv6 off: neighbour discovery would put frames of its own into the captures.
		in_ns "$name" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
			net.ipv6.conf.default.disable_ipv6=1
		in_ns "$name" ip link set lo up
	done
}

# add_veth NS1 IF1 NS2 IF2 : a cable whose ends are up, with checksums computed in software, so
# that a capture holds the checksums a wire would carry.
add_veth() {
	ip link add "$2" netns "$NS_PREFIX$1" type veth peer name "$4" netns "$NS_PREFIX$3" ||
		die "cannot make the veth pair $2 - $4"
	in_ns "$1" ip link set "$2" up
	in_ns "$3" ip link set "$4" up
	in_ns "$1" "$LAB_DIR/offload-off.py" "$2"
	in_ns "$3" "$LAB_DIR/offload-off.py" "$4"
}

# Ends what runs in our namespaces, then removes them. Only names with our prefix are touched.
remove_namespaces() {
	local ns signal pids
	for ns in $(ip netns list | awk -v p="$NS_PREFIX" 'index($1, p) == 1 { print $1 }'); do
		for signal in TERM KILL; do
			pids=$(ip netns pids "$ns" 2>/dev/null)
			[ -n "$pids" ] || break
			# shellcheck disable=SC2086 # one argument for each process
			kill -s "$signal" $pids 2>/dev/null
			sleep 0.5
		done
		ip netns del "$ns"
	done
}

# sleep as a job: unlike a foreground sleep, a trap interrupts it at once.
pause() {
	sleep "$1" &
	wait $!
}

# start_iodined NS LISTEN_ADDRESS TUNNEL_ADDRESS/BITS DEVICE ZONE LOG
start_iodined() {
	in_ns "$1" iodined -f -c -P "$TUNNEL_PASSWORD" -l "$2" -n "$2" -d "$4" "$3" "$5" >"$6" 2>&1 &
}

# connect_iodine NS RESOLVER ZONE LOG SECONDS ARGUMENTS... : starts the client in the background
# and returns once it is connected. Its handshake has few retries of its own and a busy machine
# loses some, so it starts over until the time is up.
connect_iodine() {
	local ns=$1 resolver=$2 zone=$3 log=$4 deadline=$((SECONDS + $5)) client
	shift 5
	while [ $SECONDS -lt $deadline ]; do
		in_ns "$ns" timeout -s INT $((deadline - SECONDS)) iodine -f -r -P "$TUNNEL_PASSWORD" \
			-d dns0 "$@" "$resolver" "$zone" >"$log" 2>&1 &
		client=$!
		while kill -0 $client 2>/dev/null && [ $SECONDS -lt $deadline ]; do
			grep -q 'Connection setup complete' "$log" && return 0
			sleep 0.5
		done
	done
	return 1
}
