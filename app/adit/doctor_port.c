/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Checks of the ports of port.devices: whether they can be opened, by whom, where they are, and
 * what they do with frames before the program sees them.
 */
#include "doctor.h"

#include "appliance.h"
#include "memory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bits of CapEff, capabilities(7). */
#define CAPABILITY_NET_ADMIN 12
#define CAPABILITY_NET_RAW   13
#define CAPABILITY_IPC_LOCK  14
/* A packet of 1,500 bytes in GTP-U over IPv6, with extension headers and two VLAN tags. */
#define MTU_FOR_GTPU 1600
/* What net_af_packet's frames hold, unless framesz says otherwise (docs/ports.md). */
#define AF_PACKET_BYTES 1982
/* Its rings of a queue, received and sent, which it locks: 8,192 frames of 2 KiB (port.c). */
#define AF_PACKET_RINGS_MB 32

enum kind { PCI, INTERFACE, OTHER };

/* A device of port.devices: a card, or a driver over a kernel interface. */
struct device {
	enum kind kind;
	bool af_packet, absent; /* absent: the first check says so, and the others nothing */
	char name[64];          /* PCI address with its domain, interface, or the vdev */
};

static bool is_pci(const char *text, char name[64])
{
	unsigned domain = 0, bus, slot, function;
	int used = 0;

	if (sscanf(text, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &used) != 4) {
		domain = 0;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &slot, &function, &used) != 3)
			return false;
	}
	if (text[used] != '\0' && text[used] != ',')
		return false;
	snprintf(name, 64, "%04x:%02x:%02x.%x", domain, bus, slot, function);
	return true;
}

static bool interface_of(const char *text, char name[64])
{
	static const char *const keys[] = {",iface=", ",rx_iface=", ",rx_iface_in="};

	for (size_t i = 0; i < ADIT_COUNT(keys); i++) {
		const char *at = strstr(text, keys[i]);

		if (at == NULL || strncmp(text, "net_tap", 7) == 0)
			continue;
		at += strlen(keys[i]);
		snprintf(name, 64, "%.*s", (int)strcspn(at, ","), at);
		return strchr(name, '/') == NULL && name[0] != '\0';
	}
	return false;
}

static bool exists(const struct app_doctor *doctor, const char *folder, const char *name)
{
	char path[PATH_MAX];

	app_doctor_path(doctor, path, "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static struct device device_get(const struct app_doctor *doctor, size_t i)
{
	const char *text = doctor->config->port_devices.item[i];
	struct device device = {.kind = OTHER};

	if (is_pci(text, device.name))
		device.kind = PCI;
	else if (interface_of(text, device.name))
		device.kind = INTERFACE;
	else
		snprintf(device.name, sizeof(device.name), "%.*s", (int)strcspn(text, ","), text);
	device.af_packet = strstr(text, "_af_packet") == text + 3;
	device.absent =
		(device.kind == PCI && !exists(doctor, "/sys/bus/pci/devices", device.name)) ||
		(device.kind == INTERFACE && !exists(doctor, "/sys/class/net", device.name));
	return device;
}

/* The last part of where a link points to; "" where there is none. */
static void link_end(
	const struct app_doctor *doctor, char text[64], const char *pci, const char *name)
{
	char path[PATH_MAX], to[PATH_MAX];
	const char *end;
	ssize_t length;

	app_doctor_path(doctor, path, "/sys/bus/pci/devices/%s/%s", pci, name);
	length = readlink(path, to, sizeof(to) - 1);
	to[length > 0 ? length : 0] = '\0';
	end = strrchr(to, '/');
	snprintf(text, 64, "%.60s", end != NULL ? end + 1 : to);
}

/* ---- can it be opened */

static void card_check(struct app_doctor *doctor, const char *pci)
{
	char driver[64], group[64];
	bool vfio;

	if (!exists(doctor, "/sys/bus/pci/devices", pci)) {
		app_doctor_mend(
			app_doctor_add(doctor, pci, APP_FINDING_BAD, "there is no such PCI device"),
			"lspci -D lists those that there are");
		return;
	}
	link_end(doctor, driver, pci, "driver");
	link_end(doctor, group, pci, "iommu_group");
	vfio = strcmp(driver, "vfio-pci") == 0;
	if (strcmp(driver, "mlx5_core") == 0) {
		app_doctor_add(doctor, pci, APP_FINDING_OK, "mlx5_core: stays with the kernel");
	} else if (!vfio && strcmp(driver, "uio_pci_generic") != 0 &&
		   strcmp(driver, "igb_uio") != 0) {
		app_doctor_mend(app_doctor_add(doctor, pci, APP_FINDING_BAD,
					"its driver is %s: DPDK can't open it",
					driver[0] != '\0' ? driver : "none"),
			"adit-setup-host --bind %s (its kernel interface is then gone)", pci);
	} else if (vfio && group[0] == '\0') {
		app_doctor_mend(app_doctor_add(doctor, pci, APP_FINDING_BAD,
					"it is in no IOMMU group: vfio can't open it"),
			"IOMMU on in the firmware, and intel_iommu=on iommu=pt on the kernel "
			"command "
			"line");
	} else {
		app_doctor_add(doctor, pci, APP_FINDING_OK, "%s%s%s", driver,
			group[0] != '\0' ? ", IOMMU group " : "", group);
	}
}

static void interface_check(struct app_doctor *doctor, const char *name)
{
	long long flags;

	if (!exists(doctor, "/sys/class/net", name)) {
		app_doctor_mend(
			app_doctor_add(doctor, name, APP_FINDING_BAD, "there is no such interface"),
			"ip link lists those that there are");
		return;
	}
	if (app_doctor_number(doctor, &flags, "/sys/class/net/%s/flags", name) != 0) {
		app_doctor_add(doctor, name, APP_FINDING_UNKNOWN, "whether it is up");
		return;
	}
	if ((flags & IFF_UP) == 0) {
		app_doctor_mend(app_doctor_add(doctor, name, APP_FINDING_BAD, "it is down"),
			"ip link set %s up", name);
		return;
	}
	app_doctor_add(doctor, name, APP_FINDING_OK, "it is up");
}

void app_check_ports(struct app_doctor *doctor)
{
	const struct adit_config *config = doctor->config;

	if (config->port_devices.count == 0) {
		app_doctor_mend(app_doctor_add(doctor, "", APP_FINDING_WARN,
					"no port is configured: what ports need is not looked at"),
			"port.devices in the configuration (-c FILE), or --set port.devices=…");
		return;
	}
	for (size_t i = 0; i < config->port_devices.count; i++) {
		struct device device = device_get(doctor, i);

		if (device.kind == PCI)
			card_check(doctor, device.name);
		else if (device.kind == INTERFACE)
			interface_check(doctor, device.name);
		else
			app_doctor_add(doctor, device.name, APP_FINDING_OK,
				"a port without a card: nothing to look at");
	}
}

/* ---- may it be opened, by who asks */

/* CapEff of this process; -errno. */
static int capabilities(const struct app_doctor *doctor, uint64_t *set)
{
	static char text[8192];
	int status = app_doctor_read(doctor, text, sizeof(text), "/proc/self/status");
	const char *at = strstr(text, "\nCapEff:");

	*set = at != NULL ? strtoull(at + strlen("\nCapEff:"), NULL, 16) : 0;
	return at != NULL ? 0 : status != 0 ? status : -ENOENT;
}

/* net_af_packet sets the interface's flags at its start, whatever is asked for: without the right
 * to it does not start. */
static void interface_rights(struct app_doctor *doctor, const struct device *device)
{
	const char *name = device->name;
	uint64_t set;
	int status = capabilities(doctor, &set);
	bool raw = (set >> CAPABILITY_NET_RAW & 1) != 0,
	     admin = (set >> CAPABILITY_NET_ADMIN & 1) != 0;

	if (status != 0)
		app_doctor_add(doctor, name, APP_FINDING_UNKNOWN, "/proc/self/status: %s",
			strerror(-status));
	else if (!raw || (!admin && device->af_packet))
		app_doctor_mend(app_doctor_add(doctor, name, APP_FINDING_BAD,
					"%s is missing: the port does not start",
					raw ? "CAP_NET_ADMIN" : "CAP_NET_RAW"),
			"start it by the service (systemctl start adit), which has it; or as root");
	else if (!admin)
		app_doctor_mend(app_doctor_add(doctor, name, APP_FINDING_WARN,
					"CAP_NET_ADMIN is missing: its MTU stays as it is"),
			"the service has it; or: ip link set %s mtu %d", name, MTU_FOR_GTPU);
	else
		app_doctor_add(doctor, name, APP_FINDING_OK, "CAP_NET_RAW and CAP_NET_ADMIN");
}

static void node_rights(struct app_doctor *doctor, const char *pci, const char *name)
{
	char path[PATH_MAX];

	app_doctor_path(doctor, path, "/dev/vfio/%s", name);
	if (access(path, R_OK | W_OK) == 0)
		app_doctor_add(doctor, pci, APP_FINDING_OK, "/dev/vfio/%s can be opened", name);
	else
		app_doctor_mend(app_doctor_add(doctor, pci, APP_FINDING_BAD, "/dev/vfio/%s: %s",
					name, strerror(errno)),
			"modprobe vfio-pci; the group adit may open it (udev rule of the package): "
			"be "
			"in it, or be root");
}

/* vfio locks what the card may write to, net_af_packet its rings. */
static void memlock_check(struct app_doctor *doctor, unsigned long long wanted_mb)
{
	static const char label[] = "Max locked memory";
	unsigned long long limit;
	const char *at;
	char text[4096];
	uint64_t set;

	at = app_doctor_read(doctor, text, sizeof(text), "/proc/self/limits") == 0
		     ? strstr(text, label)
		     : NULL;
	if (at == NULL || capabilities(doctor, &set) != 0) {
		app_doctor_add(doctor, "", APP_FINDING_UNKNOWN, "how much memory may be locked");
		return;
	}
	at += strlen(label);
	at += strspn(at, " ");
	limit = isdigit((unsigned char)*at) ? strtoull(at, NULL, 10) >> 20 : UINT64_MAX;
	if (limit >= wanted_mb || (set >> CAPABILITY_IPC_LOCK & 1) != 0)
		app_doctor_add(doctor, "", APP_FINDING_OK, "%llu MB may be locked", wanted_mb);
	else
		app_doctor_mend(
			app_doctor_add(doctor, "", APP_FINDING_BAD,
				"%llu MB may be locked, ports lock %llu MB", limit, wanted_mb),
			"LimitMEMLOCK=infinity in the unit (the package has it), ulimit -l "
			"unlimited, or "
			"--ulimit memlock=-1 of a container");
}

void app_check_rights(struct app_doctor *doctor)
{
	unsigned long long locked_mb = 0;
	bool is_locked = false; /* what packets stand in */
	struct app_memory memory;

	for (size_t i = 0; i < doctor->config->port_devices.count; i++) {
		struct device device = device_get(doctor, i);
		char group[64], driver[64];

		if (device.kind == INTERFACE && !device.absent)
			interface_rights(doctor, &device);
		if (device.af_packet && !device.absent)
			locked_mb += AF_PACKET_RINGS_MB *
				     (unsigned long long)doctor->config->port_queues;
		if (device.kind != PCI || device.absent)
			continue;
		link_end(doctor, group, device.name, "iommu_group");
		link_end(doctor, driver, device.name, "driver");
		if (strcmp(driver, "vfio-pci") != 0 || group[0] == '\0')
			continue;
		node_rights(doctor, device.name, "vfio");
		node_rights(doctor, device.name, group);
		is_locked = true;
	}
	if (is_locked) {
		app_memory_plan(doctor->config, doctor->config->port_devices.count,
			doctor->config->worker_count > 1, &memory);
		locked_mb += memory.packets >> 20;
	}
	if (locked_mb != 0)
		memlock_check(doctor, locked_mb);
}

/* ---- where it is */

static int nodes_of_machine(const struct app_doctor *doctor)
{
	char list[256];
	cpu_set_t nodes;

	if (app_doctor_read(doctor, list, sizeof(list), "/sys/devices/system/node/online") != 0 ||
		app_doctor_cpus(list, &nodes) != 0)
		return 1;
	return CPU_COUNT(&nodes);
}

static void node_compare(
	struct app_doctor *doctor, const char *name, long long node, const cpu_set_t *tied)
{
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int other = CPU_ISSET(cpu, tied) ? app_doctor_node_of_cpu(doctor, cpu) : -1;

		if (other < 0 || other == node)
			continue;
		app_doctor_mend(
			app_doctor_add(doctor, name, APP_FINDING_WARN,
				"it is on memory node %lld, CPU %d of a polling lcore on node %d",
				node, cpu, other),
			"--lcores in eal.arguments with CPUs of node %lld "
			"(/sys/devices/system/node/node%lld/cpulist)",
			node, node);
		return;
	}
	app_doctor_add(doctor, name, APP_FINDING_OK, "on memory node %lld, as its lcores", node);
}

void app_check_numa(struct app_doctor *doctor)
{
	int nodes = nodes_of_machine(doctor);
	cpu_set_t tied;
	bool is_tied = app_doctor_tied(doctor->config, &tied);

	if (nodes < 2) {
		app_doctor_add(doctor, "", APP_FINDING_OK, "one memory node");
		return;
	}
	for (size_t i = 0; i < doctor->config->port_devices.count; i++) {
		struct device device = device_get(doctor, i);
		long long node = -1;

		if (device.kind == OTHER || device.absent)
			continue;
		if (app_doctor_number(doctor, &node,
			    device.kind == PCI ? "/sys/bus/pci/devices/%s/numa_node"
					       : "/sys/class/net/%s/device/numa_node",
			    device.name) != 0 ||
			node < 0)
			app_doctor_add(doctor, device.name, APP_FINDING_UNKNOWN,
				"on which of %d memory nodes it is", nodes);
		else if (!is_tied)
			app_doctor_mend(app_doctor_add(doctor, device.name, APP_FINDING_WARN,
						"it is on memory node %lld, and lcores may run on "
						"any of %d",
						node, nodes),
				"eal.arguments = [\"--lcores=…\"] with CPUs of node %lld", node);
		else
			node_compare(doctor, device.name, node, &tied);
	}
}

/* ---- what it does with frames */

void app_check_promiscuous(struct app_doctor *doctor)
{
	if (!doctor->config->port_promiscuous) {
		app_doctor_mend(
			app_doctor_add(doctor, "", APP_FINDING_WARN,
				"port.promiscuous is off: frames of a tap are addressed to others"),
			"port.promiscuous = true, unless the tap puts its own address in");
		return;
	}
	for (size_t i = 0; i < doctor->config->port_devices.count; i++) {
		struct device device = device_get(doctor, i);
		uint64_t set;
		long long flags;

		if (device.kind != INTERFACE || device.absent)
			continue;
		if (app_doctor_number(doctor, &flags, "/sys/class/net/%s/flags", device.name) !=
				0 ||
			capabilities(doctor, &set) != 0)
			app_doctor_add(doctor, device.name, APP_FINDING_UNKNOWN,
				"whether it is, or can be made so");
		else if ((flags & IFF_PROMISC) == 0 && (set >> CAPABILITY_NET_ADMIN & 1) == 0)
			app_doctor_mend(app_doctor_add(doctor, device.name, APP_FINDING_BAD,
						"it is not, and without CAP_NET_ADMIN stays so"),
				"ip link set %s promisc on, or start it by the service",
				device.name);
		else
			app_doctor_add(doctor, device.name, APP_FINDING_OK, "%s",
				flags & IFF_PROMISC ? "it is" : "made so at the start");
	}
}

void app_check_mtu(struct app_doctor *doctor)
{
	long long wanted = doctor->config->port_mtu;

	if (wanted < MTU_FOR_GTPU)
		app_doctor_mend(
			app_doctor_add(doctor, "", APP_FINDING_WARN,
				"port.mtu is %lld: GTP-U around a packet of 1500 bytes is lost",
				wanted),
			"port.mtu = 9000, on S1-U, N3 and the like; behind the gateway 1500 will "
			"do");
	for (size_t i = 0; i < doctor->config->port_devices.count; i++) {
		struct device device = device_get(doctor, i);
		long long mtu;
		struct app_finding *finding;

		if (device.kind != INTERFACE || device.absent)
			continue;
		if (app_doctor_number(doctor, &mtu, "/sys/class/net/%s/mtu", device.name) != 0) {
			app_doctor_add(doctor, device.name, APP_FINDING_UNKNOWN, "its MTU");
			continue;
		}
		finding = app_doctor_add(doctor, device.name,
			mtu < MTU_FOR_GTPU && wanted >= MTU_FOR_GTPU ? APP_FINDING_WARN
								     : APP_FINDING_OK,
			"its MTU is %lld%s", mtu,
			device.af_packet ? "; net_af_packet cuts frames above 1982 bytes" : "");
		if (finding->verdict == APP_FINDING_WARN)
			app_doctor_mend(finding,
				"ip link set %s mtu %lld, unless no frame is longer (the program "
				"asks "
				"for port.mtu at its start, which the driver may refuse)",
				device.name, wanted);
	}
}
static_assert(AF_PACKET_BYTES == 1982, "as the words say");

static void offloads_tell(struct app_doctor *doctor, const char *name)
{
	struct app_link_offloads offloads;
	int status = doctor->offloads == NULL ? -ENOTSUP : doctor->offloads(name, &offloads);

	if (status != 0) {
		app_doctor_add(doctor, name, APP_FINDING_UNKNOWN, "its offloads: %s",
			doctor->offloads == NULL ? "files do not tell" : strerror(-status));
		return;
	}
	if (offloads.strips_vlan)
		app_doctor_mend(
			app_doctor_add(doctor, name, APP_FINDING_WARN,
				"it takes VLAN tags off: the program gets them back, an outer "
				"0x88a8 (QinQ) as 0x8100"),
			"ethtool -K %s rx-vlan-offload off, where networks are told apart by QinQ "
			"tags",
			name);
	if (offloads.merges)
		app_doctor_mend(
			app_doctor_add(doctor, name, APP_FINDING_WARN,
				"it puts segments together (GRO or LRO): long ones are cut"),
			"ethtool -K %s gro off lro off", name);
	if (!offloads.strips_vlan && !offloads.merges)
		app_doctor_add(doctor, name, APP_FINDING_OK, "frames come as they are");
}

void app_check_vlan(struct app_doctor *doctor)
{
	for (size_t i = 0; i < doctor->config->port_devices.count; i++) {
		struct device device = device_get(doctor, i);

		if (device.absent)
			continue;
		if (device.kind == INTERFACE)
			offloads_tell(doctor, device.name);
		else if (device.kind == PCI)
			app_doctor_add(doctor, device.name, APP_FINDING_OK,
				"the program does not ask the card to take VLAN tags off");
	}
}

int app_doctor_offloads(const char *interface, struct app_link_offloads *offloads)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS}, gro = {.cmd = ETHTOOL_GGRO};
	struct ifreq request = {.ifr_data = (void *)&flags};
	int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), status = 0;

	if (handle < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(handle, SIOCETHTOOL, &request) != 0)
		status = -errno;
	request.ifr_data = (void *)&gro;
	if (status == 0 && ioctl(handle, SIOCETHTOOL, &request) != 0)
		status = -errno;
	close(handle);
	offloads->strips_vlan = (flags.data & ETH_FLAG_RXVLAN) != 0;
	offloads->merges = gro.data != 0 || (flags.data & ETH_FLAG_LRO) != 0;
	return status;
}
