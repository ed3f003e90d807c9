/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit doctor, on machines that are made of files: a good one, and that one with one thing wrong.
 */
#include "doctor.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

#define CARD "0000:3b:00.0"

static char root[64];
static struct adit_config config;
static struct app_doctor doctor;
static struct app_link_offloads offloads;
static int offloads_error;

/* ---- the machine */

static void folders(char *path)
{
	for (char *at = path + 1; *at != '\0'; at++)
		if (*at == '/') {
			*at = '\0';
			mkdir(path, 0777);
			*at = '/';
		}
}

static void put(const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", root, name);
	folders(path);
	file = fopen(path, "w");
	CHECK(file != NULL);
	if (file == NULL)
		return;
	fputs(text, file);
	fclose(file);
}

static void put_link(const char *name, const char *to)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s", root, name);
	folders(path);
	unlink(path);
	CHECK_EQ_INT(symlink(to, path), 0);
}

static void drop(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s", root, name);
	CHECK_EQ_INT(remove(path), 0);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

static int answer(const char *interface, struct app_link_offloads *to)
{
	CHECK_EQ_STR(interface, "tap0");
	*to = offloads;
	return offloads_error;
}

static void option(const char *text)
{
	struct adit_error error = {""};

	if (adit_config_set(&config, text, &error) != 0)
		FAIL("%s: %s", text, error.text);
}

/* Two memory nodes of four CPUs each, a card on the second, a kernel interface. */
static void machine(void)
{
	snprintf(root, sizeof(root), "/tmp/adit-doctor-XXXXXX");
	REQUIRE(mkdtemp(root) != NULL);
	put("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sse4_2 avx2 waitpkg\n");
	put("/proc/meminfo", "MemTotal: 33554432 kB\nMemAvailable:   16777216 kB\n");
	put("/proc/self/status", "Name:\tadit\nCapEff:\t0000000000003000\n");
	put("/proc/self/limits",
		"Limit  Soft Limit\nMax locked memory         unlimited  unlimited  bytes\n");
	put("/proc/irq/9/smp_affinity_list", "0-1\n");
	put("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
	put("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "1024\n");
	put("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "1000\n");
	put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	put("/sys/devices/system/cpu/online", "0-7\n");
	put("/sys/devices/system/cpu/isolated", "5-7\n");
	for (int cpu = 0; cpu < 8; cpu++) {
		char name[96];

		snprintf(name, sizeof(name),
			"/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", cpu);
		put(name, "performance\n");
	}
	put("/sys/devices/system/node/online", "0-1\n");
	put("/sys/devices/system/node/node0/cpulist", "0-3\n");
	put("/sys/devices/system/node/node1/cpulist", "4-7\n");
	put("/sys/bus/pci/devices/" CARD "/numa_node", "1\n");
	put_link("/sys/bus/pci/devices/" CARD "/driver", "../../../bus/pci/drivers/vfio-pci");
	put_link("/sys/bus/pci/devices/" CARD "/iommu_group", "../../../kernel/iommu_groups/17");
	put("/dev/vfio/vfio", "");
	put("/dev/vfio/17", "");
	put("/sys/class/net/tap0/flags", "0x1003\n");
	put("/sys/class/net/tap0/mtu", "9000\n");
	put("/sys/class/net/tap0/device/numa_node", "1\n");
	CHECK_EQ_INT(adit_config_init(&config), 0);
	option("port.devices=" CARD ",net_af_packet0\\,iface=tap0");
	option("eal.arguments=--lcores=0@0\\,1@5\\,2@6\\,3@7");
	offloads = (struct app_link_offloads){false, false};
	offloads_error = 0;
}

static void look(void)
{
	doctor = (struct app_doctor){.root = root, .config = &config, .offloads = answer};
	app_doctor_look(&doctor);
}

static void clear(void)
{
	adit_config_clear(&config);
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The machine has one finding with that verdict of that check, with these words; and, if it is to
 * be mended, says how. */
static void expect(
	enum app_finding_verdict verdict, const char *check, const char *found, const char *mend)
{
	look();
	for (size_t i = 0; i < doctor.count; i++) {
		const struct app_finding *finding = &doctor.findings[i];

		if (strcmp(finding->check, check) != 0 || finding->verdict != verdict ||
			strstr(finding->found, found) == NULL)
			continue;
		CHECK_CONTAINS(finding->mend, mend);
		CHECK_EQ_INT(finding->mend[0] != '\0', mend[0] != '\0');
		return;
	}
	FAIL("no finding '%s' of %s with '%s'", app_finding_words[verdict], check, found);
	app_doctor_print(&doctor, stdout);
}

TEST(doctor, finds_nothing_wrong_with_a_good_machine)
{
	machine();
	look();
	for (size_t i = 0; i < doctor.count; i++)
		if (doctor.findings[i].verdict != APP_FINDING_OK ||
			doctor.findings[i].mend[0] != '\0')
			FAIL("%s: %s: %s", doctor.findings[i].check, doctor.findings[i].found,
				doctor.findings[i].mend);
	CHECK_EQ_INT(doctor.count, 21);
	clear();
}

/* What is written over a file, what is then found, and how it is mended. */
struct fault {
	const char *file, *text; /* NULL: the file is gone */
	enum app_finding_verdict verdict;
	const char *check, *found, *mend;
};

static const struct fault faults[] = {
	{"/proc/cpuinfo", "flags\t: fpu sse2\n", APP_FINDING_BAD, "cpu", "no SSE4.2", "x86-64-v2"},
	{"/proc/cpuinfo", NULL, APP_FINDING_UNKNOWN, "cpu", "No such file", ""},
	{"/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n",
		APP_FINDING_WARN, "clock", "hpet", "clocksource=tsc"},
	{"/proc/meminfo", "MemAvailable: 65536 kB\n", APP_FINDING_BAD, "memory", "only 64 MB",
		"history.entries"},
	{"/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "0\n", APP_FINDING_WARN,
		"hugepages", "0 of 1024 of 2 MiB free", "adit-setup-host --hugepages 11"},
	{"/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "3\n", APP_FINDING_BAD,
		"hugepages", "packet buffers will not fit", "adit-setup-host --hugepages 11"},
	{"/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n",
		APP_FINDING_WARN, "transparent-hugepages", "4 KiB", "echo madvise"},
	{"/sys/devices/system/cpu/online", "0-3\n", APP_FINDING_BAD, "lcores", "online: 0-3",
		"--lcores"},
	{"/sys/devices/system/cpu/cpu6/cpufreq/scaling_governor", "powersave\n", APP_FINDING_WARN,
		"governor", "powersave on CPU 6", "adit-setup-host --governor"},
	{"/sys/devices/system/cpu/isolated", "5\n", APP_FINDING_WARN, "isolation",
		"2 of 3 CPUs of polling lcores", "adit-setup-host --isolate"},
	{"/proc/irq/9/smp_affinity_list", "0-7\n", APP_FINDING_WARN, "interrupts", "1 of 1",
		"adit-setup-host --irqs"},
	{"/proc/irq/9/smp_affinity_list", NULL, APP_FINDING_UNKNOWN, "interrupts", "no interrupt",
		""},
	{"/sys/bus/pci/devices/" CARD "/iommu_group", NULL, APP_FINDING_BAD, "port",
		"no IOMMU group", "intel_iommu=on"},
	{"/sys/bus/pci/devices/" CARD "/driver", NULL, APP_FINDING_BAD, "port",
		"its driver is none", "adit-setup-host --bind " CARD},
	{"/dev/vfio/17", NULL, APP_FINDING_BAD, "rights", "/dev/vfio/17: No such file",
		"group adit"},
	{"/proc/self/limits", "Max locked memory  65536  65536 bytes\n", APP_FINDING_BAD, "rights",
		"0 MB may be locked, ports lock 83 MB", "LimitMEMLOCK"},
	{"/proc/self/status", "Name:\tadit\nCapEff:\t0000000000000000\n", APP_FINDING_BAD, "rights",
		"CAP_NET_RAW is missing", "systemctl start adit"},
	{"/proc/self/status", "Name:\tadit\nCapEff:\t0000000000002000\n", APP_FINDING_BAD, "rights",
		"CAP_NET_ADMIN is missing", "systemctl start adit"},
	{"/proc/self/status", "Name:\tadit\nCapEff:\t0000000000002000\n", APP_FINDING_BAD,
		"promiscuous", "without CAP_NET_ADMIN", "promisc on"},
	{"/sys/bus/pci/devices/" CARD "/numa_node", "0\n", APP_FINDING_WARN, "numa",
		"on memory node 0, CPU 5 of a polling lcore on node 1", "CPUs of node 0"},
	{"/sys/bus/pci/devices/" CARD "/numa_node", "-1\n", APP_FINDING_UNKNOWN, "numa",
		"on which of 2", ""},
	{"/sys/class/net/tap0/flags", "0x1002\n", APP_FINDING_BAD, "port", "it is down",
		"ip link set tap0 up"},
	{"/sys/class/net/tap0/mtu", "1500\n", APP_FINDING_WARN, "mtu", "its MTU is 1500",
		"mtu 9000"},
};

TEST(doctor, finds_each_fault_and_says_how_to_mend_it)
{
	for (size_t i = 0; i < ADIT_COUNT(faults); i++) {
		machine();
		if (faults[i].text != NULL)
			put(faults[i].file, faults[i].text);
		else
			drop(faults[i].file);
		expect(faults[i].verdict, faults[i].check, faults[i].found, faults[i].mend);
		clear();
	}
}

TEST(doctor, looks_at_what_the_configuration_asks_for)
{
	machine();
	option("port.promiscuous=false");
	expect(APP_FINDING_WARN, "promiscuous", "port.promiscuous is off",
		"port.promiscuous = true");
	option("port.mtu=1500");
	expect(APP_FINDING_WARN, "mtu", "port.mtu is 1500", "port.mtu = 9000");
	option("worker.idle=wait");
	expect(APP_FINDING_OK, "cpu", "SSE4.2", "");
	put("/proc/cpuinfo", "flags\t: sse4_2\n");
	expect(APP_FINDING_BAD, "cpu", "no waitpkg", "pause");
	option("eal.arguments=--no-huge");
	expect(APP_FINDING_OK, "hugepages", "not used", "");
	expect(APP_FINDING_WARN, "isolation", "tied to no CPU", "isolcpus");
	expect(APP_FINDING_WARN, "numa", "lcores may run on any of 2", "CPUs of node 1");
	option("worker.count=8");
	expect(APP_FINDING_WARN, "lcores", "11 lcores", "fewer workers");
	option("port.devices=3b:00.1,net_null0,net_af_packet0\\,iface=none0");
	expect(APP_FINDING_BAD, "port", "no such PCI device", "lspci");
	CHECK_EQ_STR(doctor.findings[8].subject, "0000:3b:00.1");
	expect(APP_FINDING_BAD, "port", "no such interface", "ip link");
	expect(APP_FINDING_OK, "port", "without a card", "");
	option("port.devices=");
	expect(APP_FINDING_WARN, "port", "no port is configured", "port.devices");
	clear();
}

TEST(doctor, asks_the_kernel_what_it_does_with_frames)
{
	machine();
	offloads.strips_vlan = true;
	expect(APP_FINDING_WARN, "vlan", "0x88a8", "rx-vlan-offload off");
	offloads.merges = true;
	expect(APP_FINDING_WARN, "vlan", "GRO or LRO", "gro off lro off");
	offloads_error = -EPERM;
	expect(APP_FINDING_UNKNOWN, "vlan", "Operation not permitted", "");
	clear();
}

TEST(doctor, takes_lists_of_cpus)
{
	cpu_set_t set;

	CHECK_EQ_INT(app_doctor_cpus("0-2,5", &set), 0);
	CHECK_EQ_INT(CPU_COUNT(&set), 4);
	CHECK(CPU_ISSET(5, &set) && !CPU_ISSET(4, &set));
	CHECK_EQ_INT(app_doctor_cpus("", &set), 0);
	CHECK_EQ_INT(CPU_COUNT(&set), 0);
	CHECK_EQ_INT(app_doctor_cpus("1-", &set), -EINVAL);
	CHECK_EQ_INT(app_doctor_cpus("a", &set), -EINVAL);
	CHECK_EQ_INT(app_doctor_cpus("3-1", &set), -ERANGE);
	CHECK_EQ_INT(app_doctor_cpus("99999", &set), -ERANGE);
}

TEST(doctor, knows_the_cpus_that_lcores_are_tied_to)
{
	static const struct {
		const char *arguments, *cpus;
	} cases[] = {
		{"eal.arguments=--lcores=0@0\\,1@2\\,2@(4\\,6)", "2,4,6"},
		{"eal.arguments=--lcores,(0-3)@(0-1)", "0-1"},
		{"eal.arguments=-l,0\\,2-3", "2-3"},
		{"eal.arguments=-l0\\,2\\,4", "2,4"},
		{"eal.arguments=-v", ""},
	};

	CHECK_EQ_INT(adit_config_init(&config), 0);
	for (size_t i = 0; i < ADIT_COUNT(cases); i++) {
		cpu_set_t got, want;

		option(cases[i].arguments);
		CHECK_EQ_INT(app_doctor_tied(&config, &got), cases[i].cpus[0] != '\0');
		CHECK_EQ_INT(app_doctor_cpus(cases[i].cpus, &want), 0);
		if (!CPU_EQUAL(&got, &want))
			FAIL("%s is not %s", cases[i].arguments, cases[i].cpus);
	}
	adit_config_clear(&config);
}

TEST(doctor, keeps_the_last_finding_where_there_are_too_many)
{
	machine();
	look();
	for (int i = 0; i < 2 * APP_FINDINGS_MAX; i++)
		app_doctor_add(&doctor, "", APP_FINDING_BAD, "%d", i);
	CHECK_EQ_INT(doctor.count, APP_FINDINGS_MAX);
	CHECK_EQ_STR(doctor.findings[APP_FINDINGS_MAX - 1].found, "511");
	clear();
}
