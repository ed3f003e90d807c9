# SPDX-License-Identifier: BSD-3-Clause
# The one list of Debian packages that building and testing need, and how they get installed.
# Sourced after common.sh, never run.

# package | build, test, fuzz or package | what for
package_list='
g++ | build | C and C++ compiler, with the C library headers
meson | build | build system
ninja-build | build | runs the build
pkgconf | build | finds the libraries
libdpdk-dev | build | DPDK: ports, queues, cores
libhyperscan-dev | build | Hyperscan: pattern matching
libconfig-dev | build | reads the configuration, and the settings of models
libjansson-dev | build | reads and writes JSON
libmicrohttpd-dev | build | HTTP server: metrics, API, page
libfstrm-dev | build | reads Frame Streams, which dnstap logs are
libprotobuf-c-dev | build | reads dnstap messages
protobuf-c-compiler | build | makes the reader of dnstap messages from its schema
libsodium-dev | build | pseudonyms: a keyed hash
libjemalloc-dev | build | memory allocator
libpcap-dev | build | reads captures
libsvm-dev | build | fits one-class support vector machines
libxgboost-dev | build | fits boosted trees
liblapacke-dev | build | covariance matrices
libcairo2-dev | build | draws figures as SVG and PNG
libpcre2-dev | build | labels of data sets, from names
libzip-dev | build | writes data sets for NumPy
librdkafka-dev | build | sends verdicts to Kafka
libcurl4-openssl-dev | build | sends verdicts to a webhook
libncurses-dev | build | the terminal of adit top
zlib1g-dev | build | reads compressed captures
publicsuffix | build | the public suffix list: registrable domains
libgtest-dev | test | GoogleTest: runs the tests
libpsl-dev | test | second opinion on registrable domains
clang-format | test | layout check
valgrind | test | counts instructions: scripts/perf-gate
tshark | test | second opinion on every packet
wireshark-common | test | mergecap and capinfos
python3 | test | scripts/check and the counting of results
python3-sklearn | test | second opinion on models
python3-xgboost | test | reads the boosted trees
python3-pandas | test | second opinion on logs
python3-jsonschema | test | checks verdicts against their schema
kcat | test | reads what was sent to Kafka
bind9 | test | laboratory: a server that writes logs and dnstap
unbound | test | laboratory: a resolver that writes logs
iproute2 | test | laboratory: network namespaces
tcpreplay | test | sends a capture to a live port
dpdk-dev | test | dpdk-testpmd: the other end of shared memory
qemu-system-x86 | test | a guest with a PCI network card
busybox-static | test | what that guest needs beside the program
cpio | test | packs it
procps | test | laboratory: settings of the namespaces
iodine | test | laboratory: a real DNS tunnel to find
nsd | test | laboratory: ordinary DNS beside the tunnel
curl | test | asks the HTTP server
tmux | test | a terminal for adit top
openssl | test | certificates and keys for tests
prometheus | test | promtool: second opinion on metrics
python3-prometheus-client | test | and its reader of OpenMetrics
python3-jsonschema | test | second opinion on what the HTTP interface says
chromium | test | a browser for the page
chromium-driver | test | drives it
python3-selenium | test | tells it what to do
dpkg-dev | package | builds the Debian package
debhelper | package | the steps of that
lintian | package | looks at the package
debootstrap | package | a fresh Debian to install it in
mandoc | package | second opinion on man pages
clang | fuzz | compiler with libFuzzer
libclang-rt-14-dev | fuzz | libFuzzer and the sanitizers of clang
'

# packages_for GROUP...: names, one a line.
packages_for() {
	awk -F ' *[|] *' -v groups=" $* " 'NF == 3 && index(groups, " " $2 " ") { print $1 }' \
		<<<"$package_list"
}

package_purpose() {
	awk -F ' *[|] *' -v name="$1" 'NF == 3 && $1 == name { print $3 }' <<<"$package_list"
}

# packages_missing GROUP...: those of packages_for that are not installed.
packages_missing() {
	local -a wanted
	mapfile -t wanted < <(packages_for "$@")
	comm -23 <(printf '%s\n' "${wanted[@]}" | sort) \
		<(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
			sed -n 's/^installed //p' | sort)
}

# Ends the script where the platform is not the one that packages and code are for.
require_platform() {
	local machine name version
	machine=$(uname -m)
	[[ $machine == x86_64 ]] ||
		fail "this machine is $machine; Adit runs on x86-64 only (Hyperscan needs it)"
	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
		say "This is not a Debian system (no apt-get), so packages must be installed by hand:" >&2
		say "the counterparts of $(packages_for build | paste -sd ' ')." >&2
		fail "then build with: meson setup build -Dtests=false && ninja -C build"
	fi
	name=$(. "${ADIT_OS_RELEASE:-/etc/os-release}" && printf '%s' "${ID:-unknown}")
	version=$(. "${ADIT_OS_RELEASE:-/etc/os-release}" && printf '%s' "${VERSION_ID:-}")
	[[ $name$version == debian12 ]] ||
		say "Note: this is $name $version; Adit is built and tested on Debian 12." >&2
}

# Prints what to put before a command to run it as root: nothing or sudo. Fails without a right.
root_prefix() {
	if [[ $(id -u) == 0 ]]; then
		return 0
	fi
	command -v sudo >/dev/null || return 1
	if sudo -n true 2>/dev/null || { [[ -t 0 && -t 2 ]] && sudo -v; }; then
		printf 'sudo'
	else
		return 1
	fi
}

# packages_install LOG NAME...
packages_install() {
	local log=$1 prefix
	shift
	local -a apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120)
	if ! prefix=$(root_prefix); then
		say "Installing packages needs root, and neither root nor sudo is at hand." >&2
		say "Ask someone with that right to run:" >&2
		say "  apt-get update && apt-get install --no-install-recommends $*" >&2
		fail "nothing was changed"
	fi
	run_logged "$log" $prefix "${apt[@]}" update ||
		fail "apt-get update failed; is the network there?"
	run_logged "$log" $prefix "${apt[@]}" install --yes --no-install-recommends "$@" ||
		fail "apt-get install failed"
}

# packages_ensure LOG GROUP...: tells what is missing and why, and installs it.
packages_ensure() {
	local log=$1 name
	local -a missing
	shift
	mapfile -t missing < <(packages_missing "$@")
	if ((${#missing[@]} == 0)); then
		say "Packages: all $(packages_for "$@" | wc -l) present"
		return 0
	fi
	say "Packages missing: ${#missing[@]}"
	for name in "${missing[@]}"; do
		printf '  %-20s %s\n' "$name" "$(package_purpose "$name")"
	done
	if [[ ${ADIT_DRY_RUN:-} ]]; then
		return 0
	fi
	say "Installing them (log: $log)"
	packages_install "$log" "${missing[@]}"
}
