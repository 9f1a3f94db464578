/* Name constraints (RFC 5280 section 4.2.1.10) of the CAs of a path, for the names below them. */
#include <gnutls/x509-ext.h>
#include "check-rules.h"

/* Of these GnuTLS knows the first three; of the others it refuses every name where one is
 * constrained. */
static const gnutls_x509_subject_alt_name_t types[] = {
	GNUTLS_SAN_DNSNAME, GNUTLS_SAN_RFC822NAME, GNUTLS_SAN_IPADDRESS,
	GNUTLS_SAN_URI,	    GNUTLS_SAN_DN,
};

static gboolean allows(gnutls_x509_name_constraints_t constraints, gnutls_x509_crt_t certificate)
{
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (!gnutls_x509_name_constraints_check_crt(constraints, types[i], certificate))
			return FALSE;
	return TRUE;
}

static gboolean allows_all_below(const struct check_path *path, size_t ca)
{
	gnutls_x509_name_constraints_t constraints = NULL;
	gboolean allowed = TRUE;
	int result;

	if (gnutls_x509_name_constraints_init(&constraints) < 0)
		return FALSE;
	result = gnutls_x509_crt_get_name_constraints(path->certificates[ca], constraints, 0, NULL);
	if (result != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
		allowed = result >= 0;
		for (size_t i = 0; i < ca && allowed; i++)
			allowed = allows(constraints, path->certificates[i]);
	}
	gnutls_x509_name_constraints_deinit(constraints);
	return allowed;
}

gboolean check_names(const struct check_path *path)
{
	for (size_t ca = 1; ca < path->count; ca++)
		if (!allows_all_below(path, ca))
			return FALSE;
	return TRUE;
}
