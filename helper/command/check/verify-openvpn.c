/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid verify --openvpn: OpenVPN's tls-verify script. OpenVPN calls it for each certificate from
 * the CA's down, with its depth and subject; the certificate itself is in the file that the
 * environment's peer_cert names, where tls-export-cert is set. What is above the leaf OpenVPN has
 * checked itself.
 *
 * Whatever is wrong here is a refusal, with one line for OpenVPN's log and one event.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <devid/check.h>
#include <devid/event.h>
#include <devid/reason.h>

#include "base/certificate.h"
#include "base/error.h"
#include "base/trusted.h"
#include "command/cli/report.h"
#include "identity/verdict.h"
#include "verify-chain.h"
#include "verify-openvpn.h"

#define EXPORTED_MAX (64 * 1024)
#define DEPTH_MAX    100

#define refuse(error, result, ...) \
	devid_error_set(error, result, NULL, NULL, "verify --openvpn: " __VA_ARGS__)

static bool read_depth(char **operands, guint64 *depth, GError **error)
{
	if (g_strv_length(operands) == 2 &&
	    g_ascii_string_to_unsigned(operands[0], 10, 0, DEPTH_MAX, depth, NULL))
		return true;
	return refuse(
		error, DEVID_USAGE,
		"depth and subject are what OpenVPN adds, no more and no less: the line in its "
		"configuration is: tls-verify \"/usr/bin/devid verify --openvpn --\"");
}

/* OpenVPN made the file for this call: it is nobody else's, and no link. The folder on the way is
 * the administrator's own choice, /tmp too: that the file holds what OpenVPN has verified is what
 * the digest says.
 */
static GBytes *read_exported(const char *path, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *why = NULL;
	AUTO_CLOSE int folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	GBytes *bytes;

	if (folder < 0) {
		refuse(error, DEVID_IO, "peer_cert %s: folder: %s", path, g_strerror(errno));
		return NULL;
	}
	bytes = trusted_read(folder, name, geteuid(), EXPORTED_MAX, &why);
	if (!bytes)
		refuse(error, DEVID_IO, "peer_cert %s: %s", path, why);
	return bytes;
}

/* tls_digest_sha256_0 is of the certificate that OpenVPN has in hand: "aa:bb:…". Older ones and
 * tries by hand have none.
 */
static bool is_the_verified_one(gnutls_x509_crt_t certificate, GError **error)
{
	const char *wanted = g_getenv("tls_digest_sha256_0");
	g_autofree char *found = certificate_fingerprint(certificate);
	g_auto(GStrv) bytes = NULL;
	g_autofree char *plain = NULL;

	if (!wanted)
		return true;
	bytes = g_strsplit(wanted, ":", -1);
	plain = g_strjoinv("", bytes);
	if (g_ascii_strcasecmp(plain, found) == 0)
		return true;
	return refuse(error, DEVID_MISMATCH,
		      "the certificate in peer_cert is not the one that OpenVPN has verified");
}

static bool read_leaf(struct verify_chain *chain, GError **error)
{
	const char *path = g_getenv("peer_cert");
	g_autoptr(GBytes) bytes = NULL;

	if (!path || *path == '\0')
		return refuse(
			error, DEVID_USAGE,
			"OpenVPN handed over no certificate: its configuration needs the line: "
			"tls-export-cert /run/openvpn-verify (a folder of OpenVPN's user, mode 700)");
	if (*path != '/')
		return refuse(error, DEVID_USAGE,
			      "peer_cert %s: not an absolute path: write tls-export-cert with one",
			      path);
	bytes = read_exported(path, error);
	if (!bytes || !verify_read(path, bytes, chain, error))
		return false;
	if (chain->count != 1)
		return refuse(error, DEVID_BAD_DATA,
			      "peer_cert %s: %u certificates where there must be one", path,
			      chain->count);
	return is_the_verified_one(chain->certificates[0], error);
}

/* The client's address as OpenVPN gives it; what isn't one is left out. */
static const char *client_address(void)
{
	static const struct {
		const char *variable;
		int family;
	} places[] = { { "untrusted_ip", AF_INET }, { "untrusted_ip6", AF_INET6 } };
	unsigned char binary[sizeof(struct in6_addr)];

	for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
		const char *address = g_getenv(places[i].variable);

		if (address && inet_pton(places[i].family, address, binary) == 1)
			return address;
	}
	return NULL;
}

/* The decision is made already, and stands: a full disk must let nobody in, and lock nobody out. */
static void write_event(const struct verify_chain *chain, const struct devid_verdict *verdict,
			const GError *error)
{
	struct devid_event event = {
		.type = DEVID_EVENT_CONNECTIVITY,
		.sub_type = "Gateway",
		.certificate = chain->count > 0 ? chain->certificates[0] : NULL,
		.client_address = client_address(),
	};
	enum devid_result result;

	if (verdict) {
		devid_event_from_verdict(&event, verdict);
	} else {
		event.reason = devid_error_reason(error);
		event.failure_reason = error->message;
	}
	event.action = verdict && verdict->result == DEVID_OK ? "Allowed" : "Refused";
	result = devid_event_write(geteuid() == 0, &event);
	if (result != DEVID_OK)
		report_warning("the event could not be written, the decision stands: %s",
			       devid_reason_for(result)->cause);
}

enum exit_status verify_openvpn(const struct verify_request *request, char **operands)
{
	AUTO_CHAIN struct verify_chain chain = { NULL };
	g_autoptr(devid_verdict) verdict = NULL;
	GError *error = NULL;
	guint64 depth = 0;

	if (read_depth(operands, &depth, &error)) {
		if (depth > 0)
			return EXIT_DONE;
		if (read_leaf(&chain, &error))
			verdict = verify_check(request, &chain, &error);
	}
	write_event(&chain, verdict, error);
	return verdict ? verify_print(&chain, verdict, request->json)
		       : verify_fail(error, request->json);
}
