/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gate asks the account's policy: settings, rules, the office, the state of the machine;
 * without holding up anybody else, and no more often than it must.
 */
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "agent/gate/gate.h"
#include "agent/gate/peer.h"
#include "agent/gate/report.h"
#include "agent/identity/subject.h"
#include "base/error.h"
#include "tests/helper/agent/clock.h"
#include "tests/helper/agent/stub-store.h"
#include "tests/helper/agent/support.h"

#define ENFORCE "[Account]\nOnUse=enforce\n"
#define SECOND	G_USEC_PER_SEC
#define MINUTE	(61 * SECOND)

static struct bench bench;
static struct made good, stranger;
static char *me;

static int begin(void **state)
{
	if (place_make(state) != 0)
		return -1;
	clock_shift = 0;
	clock_run_shift = 0;
	stub_reset();
	me = g_strdup(getpwuid(geteuid())->pw_name);
	identity_make("good", "p256", "file", &good);
	identity_make("stranger", "stranger-p256", "file", &stranger);
	assert_int_equal(mkdir(place_path("root"), 0755), 0);
	assert_int_equal(mkdir(place_path("root/etc"), 0755), 0);
	assert_int_equal(mkdir(place_path("root/proc"), 0755), 0);
	assert_int_equal(mkdir(place_path("root/proc/net"), 0755), 0);
	g_setenv("DEVID_TEST_ROOT", place_path("root"), TRUE);
	bench_open(&bench, SCOPE_USER);
	return 0;
}

static int end(void **state)
{
	bench_close(&bench);
	g_unsetenv("DEVID_TEST_ROOT");
	g_free(me);
	return place_remove(state);
}

static void sign(const struct made *made, enum devid_result expected)
{
	enum devid_result result = bench_sign(&bench, made, SCHEME_ECDSA);

	if (result != expected)
		fail_msg("%d: %s", result, bench_message(&bench));
}

static void refused(const struct made *made, enum devid_result expected, const char *word)
{
	g_autofree char *reason = NULL;

	sign(made, expected);
	reason = bench_reason(&bench);
	assert_string_equal(reason, word);
}

/* What was refused is refused for 30 s, whatever changes meanwhile. */
static void forget_refusals(void)
{
	clock_run_shift += 31 * SECOND;
}

static void rules_make(const char *lines)
{
	(void)mkdir(place_path("config/rules.d"), 0755);
	place_write("config/rules.d/10.conf", lines, 0644);
}

static void machine_make(const char *id, const char *mac)
{
	g_autofree char *release = g_strdup_printf("ID=%s\nVERSION_ID=12\n", id);
	g_autofree char *arp = g_strdup_printf("heading\n10.9.0.1 0x1 0x2 %s * eth0\n", mac);
	guint8 gateway[] = { 10, 9, 0, 1 };
	guint32 number;
	g_autofree char *route = NULL;

	memcpy(&number, gateway, sizeof(number));
	route = g_strdup_printf("heading\neth0 00000000 %08X 0003 0 0 0 00000000 0 0 0\n", number);
	place_write("root/etc/os-release", release, 0644);
	place_write("root/proc/net/route", route, 0644);
	place_write("root/proc/net/arp", arp, 0644);
}

#define HERE   "02:00:00:00:09:01"
#define THERE  "02:00:00:00:09:02"
#define OFFICE "[Office Tokyo]\nGatewayAddress=10.9.0.1\nGatewayMAC=" HERE "\n"
#define DEBIAN "[Profile Debian]\nOperatingSystem=debian>=12\n"

/* --- settings --- */

static void test_system_blocked(void **state)
{
	account_make(ENFORCE "[DeviceAuthentication]\nLinux=block\n", "issuing", NULL);
	refused(&good, DEVID_BLOCKED, "os-blocked");
	assert_int_equal(stub.reads, 0);
	assert_int_equal(events_with("Key Use", "Refused", "os-blocked", "good", NULL), 1);
}

static void test_system_of_others_blocked(void **state)
{
	account_make(ENFORCE "[DeviceAuthentication]\nWindows=block\nmacOS=allow\n", "issuing",
		     NULL);
	sign(&good, DEVID_OK);
	refused(&stranger, DEVID_CHECK_FAILED, "issuer-unknown");
}

static void test_lets_in_without(void **state)
{
	account_make(ENFORCE "[DeviceAuthentication]\nLinux=allow\n", "issuing", NULL);
	sign(&stranger, DEVID_OK);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("Key Use", "Allowed", "stranger", "\"Not Validated\"", NULL),
			 1);
}

static void test_override(void **state)
{
	g_autofree char *mine =
		g_strdup_printf(ENFORCE "[User %s]\nOverride=yes\nLinux=allow\n", me);

	account_make(mine, "issuing", NULL);
	sign(&stranger, DEVID_OK);
	account_make(ENFORCE "[User nobody-here]\nOverride=yes\nLinux=allow\n", "issuing", NULL);
	refused(&stranger, DEVID_CHECK_FAILED, "issuer-unknown");
}

/* --- rules --- */

static void test_rule_blocks(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	rules_make("[Rule Nobody]\nUsers=*\nAction=block\n");
	for (int i = 0; i < 10; i++)
		refused(&good, DEVID_BLOCKED, "rule-blocked");
	assert_int_equal(stub.reads, 0);
	assert_int_equal(
		events_with("Key Use", "Refused", "rule-blocked", "\"rule_name\":\"Nobody\"", NULL),
		1);
	assert_int_equal(events_with("Key Use", NULL), 1);
	/* The administrator corrects it: at once. */
	rules_make("[Rule Everybody]\nUsers=*\nAction=allow\n");
	sign(&good, DEVID_OK);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("Key Use", "Allowed", "\"rule_name\":\"Everybody\"", NULL), 1);
}

static void test_last_rule_blocks(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	rules_make("[Rule Others]\nUsers=nobody-here\nAction=allow\n");
	refused(&good, DEVID_BLOCKED, "no-rule");
	assert_int_equal(events_with("Key Use", "Refused", "no-rule", NULL), 1);
	assert_int_equal(events_with("rule_name", NULL), 0);
}

/* The certificate is told first, as the command does. */
static void test_both_refuse(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	rules_make("[Rule Nobody]\nUsers=*\nAction=block\n");
	refused(&stranger, DEVID_CHECK_FAILED, "issuer-unknown");
}

static void test_log(void **state)
{
	account_make("", "issuing", NULL);
	rules_make("[Rule Nobody]\nUsers=*\nAction=block\n");
	sign(&good, DEVID_OK);
	report_flush(bench.agent.report);
	assert_int_equal(
		events_with("Key Use", "Allowed", "rule-blocked", "\"rule_name\":\"Nobody\"", NULL),
		1);
}

static void test_off(void **state)
{
	account_make("[Account]\nOnUse=off\n", "issuing", NULL);
	rules_make("[Rule Nobody]\nUsers=*\nAction=block\n");
	sign(&good, DEVID_OK);
	report_flush(bench.agent.report);
	assert_int_equal(events_with("rule_name", NULL), 0);
}

static void test_broken_rules(void **state)
{
	account_make(ENFORCE, "issuing", NULL);
	rules_make("[Rule Everybody]\nAction=perhaps\n");
	refused(&good, DEVID_ACCOUNT_BROKEN, "account-broken");
}

/* --- network and machine --- */

static void test_office(void **state)
{
	account_make(ENFORCE OFFICE, "issuing", NULL);
	machine_make("debian", HERE);
	sign(&stranger, DEVID_OK);
	machine_make("debian", THERE);
	clock_run_shift += MINUTE;
	refused(&stranger, DEVID_CHECK_FAILED, "issuer-unknown");
	sign(&good, DEVID_OK);
	machine_make("debian", HERE);
	forget_refusals();
	clock_run_shift += MINUTE;
	sign(&stranger, DEVID_OK);
}

/* By name or probe it can't be told without a packet: not the office. */
static void test_office_by_more(void **state)
{
	account_make(ENFORCE OFFICE "DNSName=office.example.com\nDNSAnswer=10.9.0.53\n", "issuing",
		     NULL);
	machine_make("debian", HERE);
	refused(&stranger, DEVID_CHECK_FAILED, "issuer-unknown");
}

static void test_protection_is_excused_in_the_office(void **state)
{
	account_make(ENFORCE OFFICE "[Certificate]\nRequireProtection=hardware\n", "issuing", NULL);
	machine_make("debian", THERE);
	refused(&good, DEVID_BLOCKED, "protection");
	forget_refusals();
	clock_run_shift += MINUTE;
	machine_make("debian", HERE);
	sign(&good, DEVID_OK);
}

static void test_profile_is_kept_a_minute(void **state)
{
	account_make(ENFORCE DEBIAN, "issuing", NULL);
	rules_make("[Rule Debian]\nProfiles=Debian\nAction=allow\n");
	machine_make("debian", HERE);
	sign(&good, DEVID_OK);
	machine_make("fedora", HERE);
	sign(&good, DEVID_OK);
	clock_run_shift += MINUTE;
	refused(&good, DEVID_BLOCKED, "no-rule");
	machine_make("debian", HERE);
	refused(&good, DEVID_BLOCKED, "no-rule");
	/* A changed account is asked at once. */
	account_make(ENFORCE DEBIAN "\n", "issuing", NULL);
	sign(&good, DEVID_OK);
}

/* --- posture that takes its time --- */

/* A system bus that takes connections and never says a word. */
static int mute_bus(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	g_autofree char *name = NULL;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, place_path("mute"), sizeof(address.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	name = g_strdup_printf("unix:path=%s", address.sun_path);
	g_setenv("DBUS_SYSTEM_BUS_ADDRESS", name, TRUE);
	return fd;
}

struct client {
	GThread *thread;
	const struct made *made;
	gint done;
	GError *error;
};

static void *ask_gate(void *data)
{
	struct client *client = data;
	struct peer peer = bench.session.peer;
	struct subject *subject;

	peer.program = g_strdup("/usr/bin/test-client");
	subject = gate_pass(bench.agent.gate, &peer, client->made->hash, &client->error);
	g_atomic_int_set(&client->done, TRUE);
	subject_unref(subject);
	g_free(peer.program);
	return NULL;
}

static void test_slow_posture(void **state)
{
	struct client clients[4] = { 0 };
	struct gate_facts facts;
	int bus = mute_bus(), taken;

	account_make(ENFORCE "[Profile Slow]\nUnit=any.service\n", "issuing", NULL);
	rules_make("[Rule Slow]\nProfiles=Slow\nAction=allow\n");
	for (gsize i = 0; i < G_N_ELEMENTS(clients); i++) {
		clients[i].made = &good;
		clients[i].thread = g_thread_new("client", ask_gate, &clients[i]);
	}
	taken = accept(bus, NULL, NULL);
	assert_true(taken >= 0);
	/* Somebody is being asked, and the gate answers others. */
	gate_facts(bench.agent.gate, &facts);
	assert_int_equal(facts.identities, 2);
	for (gsize i = 0; i < G_N_ELEMENTS(clients); i++)
		assert_false(g_atomic_int_get(&clients[i].done));
	for (gsize i = 0; i < G_N_ELEMENTS(clients); i++) {
		g_thread_join(clients[i].thread);
		assert_true(g_error_matches(clients[i].error, DEVID_ERROR, DEVID_BLOCKED));
		assert_string_equal(devid_error_reason(clients[i].error), "no-rule");
		g_clear_error(&clients[i].error);
	}
	/* They shared one answer: nobody else came to the bus. */
	assert_int_equal(fcntl(bus, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(accept(bus, NULL, NULL), -1);
	assert_int_equal(events_with("Key Use", "Refused", "no-rule", NULL), 1);
	g_free(facts.folder);
	g_free(facts.account_folder);
	g_free(facts.problem);
	close(taken);
	close(bus);
	g_unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
}

int main(void)
{
#define POLICY(test) cmocka_unit_test_setup_teardown(test, begin, end)
	static const struct CMUnitTest tests[] = {
		POLICY(test_system_blocked),
		POLICY(test_system_of_others_blocked),
		POLICY(test_lets_in_without),
		POLICY(test_override),
		POLICY(test_rule_blocks),
		POLICY(test_last_rule_blocks),
		POLICY(test_both_refuse),
		POLICY(test_log),
		POLICY(test_off),
		POLICY(test_broken_rules),
		POLICY(test_office),
		POLICY(test_office_by_more),
		POLICY(test_protection_is_excused_in_the_office),
		POLICY(test_profile_is_kept_a_minute),
		POLICY(test_slow_posture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
